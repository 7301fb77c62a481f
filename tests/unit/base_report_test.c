/* A daemon's word about itself: the text that Prometheus reads, and what is not well. */
#include "base/report.h"
#include "tests/unit/unit.h"

#include <string.h>

static const struct report_family doors = {"doors", REPORT_GAUGE, "doors that are open"};
static const struct report_family knocks = {"knocks_total", REPORT_COUNTER, "knocks so far"};
static const struct report_family wait = {"wait_seconds", REPORT_HISTOGRAM, "waiting"};

static void expect(struct report *r, const char *text)
{
    struct buf out = {0};
    report_text(r, &out);
    assert_string_equal(buf_str(&out), text);
    buf_fini(&out);
    report_fini(r);
}

/* Samples of a family stand together, whatever the order in which they come. */
static void families_stand_together(void **state)
{
    struct report r = {0};
    (void)state;
    report_number(&r, &knocks, 3, "door", "a", NULL);
    report_number(&r, &doors, -1, NULL);
    report_number(&r, &knocks, 4, "door", "b", "hour", "7", NULL);
    expect(&r, "# HELP knocks_total knocks so far\n# TYPE knocks_total counter\n"
               "knocks_total{door=\"a\"} 3\nknocks_total{door=\"b\",hour=\"7\"} 4\n"
               "# HELP doors doors that are open\n# TYPE doors gauge\ndoors -1\n");
}

static void labels_are_quoted(void **state)
{
    struct report r = {0};
    (void)state;
    report_number(&r, &doors, 1, "name", "a\"b\\c\nd", NULL);
    expect(&r, "# HELP doors doors that are open\n# TYPE doors gauge\n"
               "doors{name=\"a\\\"b\\\\c\\nd\"} 1\n");
}

static void seconds_have_a_point(void **state)
{
    struct report r = {0};
    (void)state;
    report_seconds(&r, &doors, 12000034, NULL);
    report_seconds(&r, &doors, -1500000, NULL);
    expect(&r, "# HELP doors doors that are open\n# TYPE doors gauge\n"
               "doors 12.000034\ndoors -1.500000\n");
}

/* Each bucket counts all that is no longer than its bound; the bound belongs to it. */
static void buckets_add_up(void **state)
{
    struct report r = {0};
    struct histogram h = {0};
    struct buf out = {0};
    (void)state;
    const int64_t times_us[] = {0, 100, 101, 9000, 2500000, 2500001, -5};
    for (size_t i = 0; i < sizeof times_us / sizeof *times_us; i++)
        histogram_note(&h, times_us[i]);
    report_histogram(&r, &wait, &h, "door", "a", NULL);
    report_text(&r, &out);
    const char *const lines[] = {
        "wait_seconds_bucket{door=\"a\",le=\"0.000100\"} 3\n",
        "wait_seconds_bucket{door=\"a\",le=\"0.000250\"} 4\n",
        "wait_seconds_bucket{door=\"a\",le=\"0.005000\"} 4\n",
        "wait_seconds_bucket{door=\"a\",le=\"0.010000\"} 5\n",
        "wait_seconds_bucket{door=\"a\",le=\"2.500000\"} 6\n",
        "wait_seconds_bucket{door=\"a\",le=\"+Inf\"} 7\n",
        "wait_seconds_count{door=\"a\"} 7\n",
        "wait_seconds_sum{door=\"a\"} 5.009202\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_non_null(strstr(buf_str(&out), lines[i]));
    buf_fini(&out);
    report_fini(&r);
}

/* One check that fails is enough; what it says cannot break its line. */
static void one_check_is_enough(void **state)
{
    struct report r = {0};
    (void)state;
    report_check(&r, "store", "");
    assert_false(r.is_unfit);
    report_check(&r, "parent", "gone\nok store");
    report_check(&r, "room", "");
    assert_true(r.is_unfit);
    assert_string_equal(buf_str(&r.checks), "ok store\nno parent: gone ok store\nok room\n");
    report_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_stand_together), cmocka_unit_test(labels_are_quoted),
        cmocka_unit_test(seconds_have_a_point),    cmocka_unit_test(buckets_add_up),
        cmocka_unit_test(one_check_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
