/* Configuration: one table; what is wrong is refused with its place and what was meant. */
#include "tests/unit/unit.h"

#include "base/check.h"
#include "base/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
    char name[CONFIG_TEXT_SIZE], data[CONFIG_TEXT_SIZE];
    int64_t tcp_port, on;
};

static const struct config_option table[] = {
    {"public", "name", CONFIG_TEXT, "none", 0, 0, offsetof(struct options, name), "its name"},
    {"public", "tcp-port", CONFIG_INT, "8773", 0, 65535, offsetof(struct options, tcp_port),
     "port"},
    {"store", "data", CONFIG_PATH, NULL, 0, 0, offsetof(struct options, data), "where it lives"},
    {"store", "on", CONFIG_BOOL, "yes", 0, 0, offsetof(struct options, on), "is it on?"},
};
enum { TABLE_LEN = sizeof table / sizeof *table };

static char path[64];

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/tct-unit-config-XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

static int drop_path(void **state)
{
    (void)state;
    return unlink(path);
}

static enum err_code load(const char *text, const char *override, struct options *o,
                          struct err *err)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    *err = (struct err){0};
    return config_load(o, table, TABLE_LEN, path, &override, override != NULL, err);
}

static void refused(const char *text, const char *says)
{
    struct options o;
    struct err err;
    assert_int_equal(load(text, NULL, &o, &err), ERR_CONFIG);
    assert_int_equal(err.code, ERR_CONFIG);
    if (strstr(err.text, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, says);
}

static void defaults_file_and_overrides_in_this_order(void **state)
{
    (void)state;
    struct options o;
    struct err err;
    assert_int_equal(load("[store]\ndata = /a\n", NULL, &o, &err), ERR_OK);
    assert_string_equal(o.name, "none");
    assert_int_equal(o.tcp_port, 8773);
    assert_int_equal(o.on, 1);
    assert_string_equal(o.data, "/a");
    assert_int_equal(
        load("[public]\ntcp-port=1\n[store]\ndata=/a\non=no\n", "public.tcp-port=65535", &o, &err),
        ERR_OK);
    assert_int_equal(o.tcp_port, 65535);
    assert_int_equal(o.on, 0);
}

static void an_unknown_key_is_refused_with_the_nearest(void **state)
{
    (void)state;
    refused("[store]\ndata=/a\n[public]\ntcp_port=1\n",
            "line 4: unknown option public.tcp_port: did you mean public.tcp-port?");
    refused("[public]\ndata=/a\n", "line 2: unknown option public.data: did you mean store.data?");
    refused("[store]\ndata=/a\nzzzzzzzzzzzz=1\n", "line 3: unknown option store.zzzzzzzzzzzz");
}

static void values_are_checked_with_their_line(void **state)
{
    (void)state;
    refused("[public]\n\ntcp-port=65536\n",
            "line 3: public.tcp-port must be a number from 0 to 65535, not '65536'");
    refused("[public]\ntcp-port=-1\n", "line 2");
    refused("[public]\ntcp-port=80 80\n", "line 2");
    refused("[store]\non=true\n", "line 2: store.on must be yes or no, not 'true'");
}

static void text_that_is_too_long_is_refused_not_cut(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf text = {0};
    buf_text(&text, "public.name=");
    for (int i = 0; i < CONFIG_TEXT_SIZE; i++)
        buf_char(&text, 'n');
    struct options o;
    struct err err;
    assert_int_equal(load("[store]\ndata=/a\n", buf_str(&text), &o, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "public.name is longer than 255"));
}

static void what_is_no_line_is_refused(void **state)
{
    (void)state;
    refused("[store]\ndata=/a\njust words\n", "line 3");
    refused("[store\ndata=/a\n", "line 1");
}

static void a_must_that_is_missing_is_named_with_its_help(void **state)
{
    (void)state;
    refused("[public]\nname=x\n", "store.data must be set: where it lives");
}

static void a_file_that_is_not_there_is_said(void **state)
{
    (void)state;
    struct options o;
    struct err err = {0};
    assert_int_equal(config_load(&o, table, TABLE_LEN, "/tmp/tct-unit-no-such", NULL, 0, &err),
                     ERR_CONFIG);
    assert_non_null(strstr(err.text, "cannot read /tmp/tct-unit-no-such"));
}

static void malformed_overrides_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",   "store", "store.data", "storedata=/a",
                                        "=x", ".=x",   "store.=x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct options o;
        struct err err;
        assert_int_equal(load("[store]\ndata=/a\n", wrong[i], &o, &err), ERR_CONFIG);
    }
}

static void the_sample_is_itself_sound(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf sample = {0};
    struct options o;
    struct err err;
    config_sample(&sample, table, TABLE_LEN);
    assert_non_null(strstr(buf_str(&sample), "# port\n#tcp-port = 8773\n"));
    assert_non_null(strstr(buf_str(&sample), "\n[store]\n# where it lives\ndata = \n"));
    assert_int_equal(load(buf_str(&sample), "store.data=/a", &o, &err), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_file_and_overrides_in_this_order),
        cmocka_unit_test(an_unknown_key_is_refused_with_the_nearest),
        cmocka_unit_test(values_are_checked_with_their_line),
        cmocka_unit_test(text_that_is_too_long_is_refused_not_cut),
        cmocka_unit_test(what_is_no_line_is_refused),
        cmocka_unit_test(a_must_that_is_missing_is_named_with_its_help),
        cmocka_unit_test(a_file_that_is_not_there_is_said),
        cmocka_unit_test(malformed_overrides_are_refused),
        cmocka_unit_test(the_sample_is_itself_sound),
    };
    return cmocka_run_group_tests(tests, make_path, drop_path);
}
