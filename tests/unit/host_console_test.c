/* A guest's last 64 KiB of console are told when it ends, and its log is not erased before. */
#include "tests/unit/unit.h"

#include "tests/unit/host_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

static void begin(struct host_rig *r)
{
    struct wire_instance wish = host_rig_instance();
    host_rig_init(r);
    host_rig_wish(r, 1, &wish);
    host_rig_run(r);
    assert_null(host_rig_job(r, HOST_JOB_HV_CONSOLE));
}

static void says(struct host_rig *r, const char *text)
{
    struct host_hv_console *console = check_alloc(sizeof *console);
    console->len = (int64_t)strlen(text);
    memcpy(console->bytes, text, strlen(text));
    host_rig_done(r, HOST_JOB_HV_CONSOLE, ERR_OK, "", console, sizeof *console);
    free(console);
}

/* What waits to be carried up. */
static const char *told(struct host_rig *r)
{
    return buf_str(&r->core->up.tells);
}

static void a_stop_leaves_the_last_words(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    begin(&r);
    wish.want = "stopped";
    host_rig_wish(&r, 2, &wish);
    host_rig_ok(&r, HOST_JOB_HV_SHUTDOWN);
    host_rig_list(&r, HOST_DOMAIN_OFF, 1);
    assert_string_equal(host_rig_seen(&r).state, "off"); /* nobody waits for it */
    says(&r, "System halted.");
    assert_non_null(strstr(told(&r), "U3lzdGVtIGhhbHRlZC4="));
    assert_non_null(strstr(told(&r), RIG_ID));
    assert_null(host_rig_job(&r, HOST_JOB_HV_CONSOLE));
    host_rig_restart(&r); /* once a run, whatever restarts */
    host_rig_list(&r, HOST_DOMAIN_OFF, 1);
    assert_null(host_rig_job(&r, HOST_JOB_HV_CONSOLE));
    host_rig_fini(&r);
}

static void an_end_reads_before_it_erases(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    host_rig_end(&r, 2);
    host_rig_ok(&r, HOST_JOB_HV_ERASE);
    host_rig_list(&r, -1, 0);
    host_rig_ok(&r, HOST_JOB_NET_UNPORT);
    assert_null(host_rig_job(&r, HOST_JOB_DISK_ERASE));
    says(&r, "bye");
    assert_non_null(strstr(told(&r), "Ynll"));
    assert_non_null(host_rig_job(&r, HOST_JOB_DISK_ERASE));
    host_rig_fini(&r);
}

/* A log that cannot be read keeps nobody alive. */
static void it_is_given_up_in_the_end(void **state)
{
    (void)state;
    struct host_rig r;
    begin(&r);
    host_rig_end(&r, 2);
    host_rig_ok(&r, HOST_JOB_HV_ERASE);
    host_rig_list(&r, -1, 0);
    host_rig_ok(&r, HOST_JOB_NET_UNPORT);
    for (int i = 0; i < 10; i++) {
        assert_non_null(host_rig_job(&r, HOST_JOB_HV_CONSOLE));
        host_rig_done(&r, HOST_JOB_HV_CONSOLE, ERR_IO, "console log: Input/output error", NULL, 0);
        host_rig_pass(&r, 1001);
    }
    assert_non_null(host_rig_job(&r, HOST_JOB_DISK_ERASE));
    host_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_leaves_the_last_words),
        cmocka_unit_test(an_end_reads_before_it_erases),
        cmocka_unit_test(it_is_given_up_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
