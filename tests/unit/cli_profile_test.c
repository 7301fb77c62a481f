/* cli_profile_test.c - a flag beats a variable, a variable beats the file; a file that others can
 * read gives no secret, and an unknown key is an error with the nearest one. */
#include "tests/unit/cli_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena arena;
static char folder[] = "/tmp/cli_profile_test.XXXXXX";
static const char *path;

static void put_file(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fchmod(fileno(file), mode), 0);
    fclose(file);
}

static int clean(void **state)
{
    (void)state;
    static const char *const names[] = {
#define SETTING(key, flag, variable, stock, otherwise, help) variable, stock,
#include "cli/profile.def"
#undef SETTING
        "TERCET_PROFILE",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (*names[i] != '\0')
            unsetenv(names[i]);
    unlink(path);
    return 0;
}

static enum cli_exit load(const char *words, struct cli_profile *p, struct cli_fault *fault)
{
    struct cli_line line;
    assert_int_equal(rig_parse(&line, &arena, words, fault), CLI_OK);
    return cli_profile_load(p, &line, fault);
}

static void the_order(void **state)
{
    (void)state;
    struct cli_profile p;
    struct cli_fault fault;
    assert_int_equal(load("zone list", &p, &fault), CLI_OK);
    assert_string_equal(p.endpoint, "http://127.0.0.1:8773");
    assert_int_equal(cli_profile_need_key(&p, &fault), CLI_DENIED);
    put_file("[profile default]\nendpoint=http://file/\nregion=file\naccess_key=A\nsecret_key=S\n",
             0600);
    assert_int_equal(load("zone list", &p, &fault), CLI_OK);
    assert_string_equal(p.endpoint, "http://file");
    assert_string_equal(p.secret_key, "S");
    assert_int_equal(cli_profile_need_key(&p, &fault), CLI_OK);
    setenv("EC2_URL", "http://stock", 1);
    assert_int_equal(load("zone list", &p, &fault), CLI_OK);
    assert_string_equal(p.endpoint, "http://stock");
    assert_int_equal(load("zone list --profile default", &p, &fault), CLI_OK);
    assert_string_equal(p.endpoint, "http://file");
    setenv("TERCET_ENDPOINT", "http://own", 1);
    assert_int_equal(load("zone list", &p, &fault), CLI_OK);
    assert_string_equal(p.endpoint, "http://own");
    assert_int_equal(load("zone list --endpoint https://flag//", &p, &fault), CLI_OK);
    assert_string_equal(p.endpoint, "https://flag");
    assert_string_equal(p.region, "file");
    cli_profile_fini(&p);
    assert_string_equal(p.secret_key, "");
}

static void other_profiles(void **state)
{
    (void)state;
    struct cli_profile p;
    struct cli_fault fault;
    put_file("[profile default]\nregion=a\n[profile lab]\nregion=b\n", 0644);
    assert_int_equal(load("zone list", &p, &fault), CLI_OK);
    assert_string_equal(p.region, "a");
    assert_int_equal(load("zone list --profile lab", &p, &fault), CLI_OK);
    assert_string_equal(p.region, "b");
    setenv("TERCET_PROFILE", "lab", 1);
    assert_int_equal(load("zone list", &p, &fault), CLI_OK);
    assert_string_equal(p.region, "b");
    assert_int_equal(load("zone list --profile nope", &p, &fault), CLI_USAGE);
    assert_string_equal(fault.what, "config.ini has no section [profile nope]");
}

static void a_secret_that_others_can_read(void **state)
{
    (void)state;
    struct cli_profile p;
    struct cli_fault fault;
    put_file("[profile default]\nsecret_key=hush\n", 0640);
    assert_int_equal(load("zone list", &p, &fault), CLI_USAGE);
    assert_non_null(strstr(fault.what, "holds a secret, and others may read it"));
    assert_null(strstr(fault.what, "hush"));
    assert_true(str_has_prefix(fault.hint, "chmod 600 /"));
}

static void errors_of_the_file(void **state)
{
    (void)state;
    struct cli_profile p;
    struct cli_fault fault;
    put_file("[profile default]\nendpiont=x\n", 0600);
    assert_int_equal(load("zone list", &p, &fault), CLI_USAGE);
    assert_string_equal(fault.what, "config.ini: unknown key 'endpiont'");
    assert_string_equal(fault.hint, "endpoint");
    put_file("[other]\nregion=x\n", 0600);
    assert_int_equal(load("zone list", &p, &fault), CLI_USAGE);
    assert_string_equal(fault.what, "config.ini: unknown section [other]");
    put_file("[profile default]\nregion\n", 0600);
    assert_int_equal(load("zone list", &p, &fault), CLI_USAGE);
}

static void endpoints_that_are_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"127.0.0.1:8773", "ftp://x", "http://", "http://a?b",
                                      "http://user@host"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cli_profile p;
        struct cli_fault fault;
        setenv("TERCET_ENDPOINT", bad[i], 1);
        if (load("zone list", &p, &fault) != CLI_USAGE)
            fail_msg("%s was taken", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_order, clean),
        cmocka_unit_test_setup(other_profiles, clean),
        cmocka_unit_test_setup(a_secret_that_others_can_read, clean),
        cmocka_unit_test_setup(errors_of_the_file, clean),
        cmocka_unit_test_setup(endpoints_that_are_none, clean),
    };
    if (mkdtemp(folder) == NULL)
        return 1;
    setenv("XDG_CONFIG_HOME", folder, 1);
    const char *own = arena_printf(&arena, "%s/tercet", folder);
    path = arena_printf(&arena, "%s/config.ini", own);
    mkdir(own, 0700);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(own);
    rmdir(folder);
    arena_fini(&arena);
    return failed;
}
