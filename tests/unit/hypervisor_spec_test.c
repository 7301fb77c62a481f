/* The process that holds the hypervisor's rights checks each field of each job by itself. */
#include "tests/unit/hypervisor_cmocka.h"

#include "computer-manager/hypervisor/spec.h"

#include <string.h>

static struct host_hv_start good(void)
{
    struct host_hv_start s = {.instance = "i-0123456789abcdef0",
                              .pepoch = 1,
                              .generation = 1,
                              .profile = {1},
                              .vcpus = 1,
                              .memory_mib = 128,
                              .volume = "vol-0123456789abcdef0",
                              .tap = "t-1",
                              .mac = {2, 0, 0, 0, 0, 1},
                              .mtu = 1450};
    memset(s.manifest, 'a', HOST_HASH_SIZE - 1);
    return s;
}

static void a_good_start_passes(void **state)
{
    (void)state;
    struct err err = {0};
    struct host_hv_start s = good();
    assert_int_equal(host_spec_check_start(&s, sizeof s, &err), ERR_OK);
    assert_int_equal(host_spec_check_start(&s, sizeof s - 1, &err), ERR_INVALID_PARAMETER);
}

#define REFUSED(change)                                          \
    do {                                                         \
        struct err err = {0};                                    \
        struct host_hv_start s = good();                         \
        change;                                                  \
        if (host_spec_check_start(&s, sizeof s, &err) == ERR_OK) \
            fail_msg("passed: %s", #change);                     \
    } while (0)

static void each_bad_field_is_refused(void **state)
{
    (void)state;
    REFUSED(memset(s.instance, 'a', sizeof s.instance));
    REFUSED(s.instance[0] = '/');
    REFUSED(s.instance[3] = 'G');
    REFUSED(memset(s.volume, 'a', sizeof s.volume));
    REFUSED(memcpy(s.volume, "i-0123456789abcdef0", 20));
    REFUSED(s.manifest[0] = 'A');
    REFUSED(s.manifest[3] = '/');
    REFUSED(s.manifest[63] = '\0');
    REFUSED(s.manifest[64] = 'a');
    REFUSED(s.tap[0] = '\0');
    REFUSED(s.tap[0] = '.');
    REFUSED(s.tap[1] = '/');
    REFUSED(s.tap[1] = '\'');
    REFUSED(memset(s.tap, 'a', sizeof s.tap));
    REFUSED(s.pepoch = -1);
    REFUSED(s.generation = -1);
    REFUSED(s.vcpus = 0);
    REFUSED(s.vcpus = 241);
    REFUSED(s.memory_mib = 0);
    REFUSED(s.memory_mib = INT64_MAX);
    REFUSED(s.mac[0] = 1); /* multicast */
    REFUSED(s.mtu = 0);
    REFUSED(s.mtu = 70000);
    REFUSED(s.profile.number = 0);
    REFUSED(s.profile.firmware = -1);
    REFUSED(s.profile.firmware = HOST_FIRMWARE_COUNT);
    REFUSED(s.profile.number = HOST_PROFILE_NEWEST + 1);
}

static void targets_are_checked(void **state)
{
    (void)state;
    struct err err = {0};
    struct host_hv_target t = {.instance = "i-0123456789abcdef0", .pepoch = 0};
    assert_int_equal(host_spec_check_target(&t, sizeof t, &err), ERR_OK);
    assert_int_not_equal(host_spec_check_target(&t, 0, &err), ERR_OK);
    t.pepoch = -1;
    assert_int_not_equal(host_spec_check_target(&t, sizeof t, &err), ERR_OK);
    t.pepoch = 1;
    memset(t.instance, '.', sizeof t.instance);
    assert_int_not_equal(host_spec_check_target(&t, sizeof t, &err), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_start_passes),
        cmocka_unit_test(each_bad_field_is_refused),
        cmocka_unit_test(targets_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
