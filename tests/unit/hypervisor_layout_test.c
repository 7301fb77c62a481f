/* Overlays name their base by a relative path, so that a host's directories can be moved. */
#include "tests/unit/hypervisor_cmocka.h"

#include "computer-manager/effect/layout.h"

static void relative(const char *from, const char *to, const char *want)
{
    char out[HOST_PATH_SIZE];
    host_layout_relative(out, from, to);
    assert_string_equal(out, want);
}

static void paths_become_relative(void **state)
{
    (void)state;
    relative("/a/state/i-1", "/a/images/x.raw", "../../images/x.raw");
    relative("/a/state/i-1", "/b/x.raw", "../../../b/x.raw");
    relative("/a/state/i-1", "/a/state/x.raw", "../x.raw");
    relative("/a/state", "/a/state/images/x.raw", "images/x.raw");
    relative("/a/stat", "/a/state/x.raw", "../state/x.raw");
    relative("/a/state/i-1", "/a/state/i-1x/x.raw", "../i-1x/x.raw");
    relative("/s", "/x.raw", "../x.raw");
}

static void names_of_root_disks(void **state)
{
    (void)state;
    char out[HOST_PATH_SIZE];
    host_layout_root(out, "/s", "i-1", 12);
    assert_string_equal(out, "/s/i-1/root-12.qcow2");
    assert_int_equal(host_layout_root_pepoch("root-12.qcow2"), 12);
    assert_int_equal(host_layout_root_pepoch("root-0.qcow2"), 0);
    static const char *const others[] = {
        "root-.qcow2", "root--1.qcow2", "root-1.qcow", "root-1",
        "console.log", "root-1x.qcow2", ".new-1",      "root-99999999999999999999999999.qcow2"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(host_layout_root_pepoch(others[i]), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_become_relative),
        cmocka_unit_test(names_of_root_disks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
