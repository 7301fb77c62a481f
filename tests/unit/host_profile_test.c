/* ARCHITECTURE 10, "Virtual hardware of record": a guest keeps the hardware of its first start,
 * whatever is given to new ones today. */
#include "tests/unit/unit.h"

#include "tests/unit/host_rig.h"

#include <string.h>

static int64_t ordered_profile(struct host_rig *r)
{
    const struct rig_job *job = host_rig_job(r, HOST_JOB_HV_START);
    assert_non_null(job);
    return ((const struct host_hv_start *)job->spec)->profile.number;
}

/* Stopped as wished, and wished running again under the generations `stop` and `stop` + 1. */
static void stop_and_start(struct host_rig *r, int64_t stop, int64_t profile)
{
    struct wire_instance wish = host_rig_instance();
    wish.want = "stopped";
    host_rig_wish(r, stop, &wish);
    host_rig_ok(r, HOST_JOB_HV_SHUTDOWN);
    host_rig_list(r, HOST_DOMAIN_OFF, profile);
    host_rig_ok(r, HOST_JOB_HV_CONSOLE);
    assert_string_equal(host_rig_seen(r).state, "off");
    wish.want = "running";
    host_rig_wish(r, stop + 1, &wish);
    if (host_rig_job(r, HOST_JOB_NET_PORT) != NULL)
        host_rig_ok(r, HOST_JOB_NET_PORT);
}

static void the_first_start_decides(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    host_rig_init(&r);
    host_rig_wish(&r, 1, &wish);
    host_rig_run(&r);
    assert_string_equal(host_rig_seen(&r).state, "running");
    r.config.profile = 2;
    stop_and_start(&r, 2, 1);
    assert_int_equal(ordered_profile(&r), 1);
    host_rig_fini(&r);
}

/* The default changes between two lives of the daemon, while the guest is off. */
static void the_record_outlives_the_process(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    host_rig_init(&r);
    r.config.profile = 2;
    host_rig_wish(&r, 1, &wish);
    host_rig_run(&r);
    wish.want = "stopped";
    host_rig_wish(&r, 2, &wish);
    host_rig_ok(&r, HOST_JOB_HV_SHUTDOWN);
    host_rig_list(&r, HOST_DOMAIN_OFF, 0); /* a listing that does not say */
    host_rig_ok(&r, HOST_JOB_HV_CONSOLE);
    r.config.profile = 1;
    host_rig_restart(&r);
    host_rig_list(&r, HOST_DOMAIN_OFF, 0);
    wish.want = "running";
    host_rig_wish(&r, 3, &wish);
    host_rig_ok(&r, HOST_JOB_NET_PORT);
    assert_int_equal(ordered_profile(&r), 2);
    host_rig_fini(&r);
}

static void adoption_takes_it_from_the_domain(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    host_rig_init(&r);
    r.config.profile = 2;
    host_rig_wish(&r, 1, &wish);
    host_rig_run(&r);
    r.config.profile = 1;
    host_rig_forget(&r);
    host_rig_wish(&r, 1, &wish);
    host_rig_list(&r, HOST_DOMAIN_RUNNING, 2);
    assert_string_equal(host_rig_seen(&r).state, "running");
    host_rig_ok(&r, HOST_JOB_NET_PORT);
    /* Its process dies: it comes back on what it was born with. */
    host_rig_pass(&r, 2 * r.config.list_ms);
    host_rig_list(&r, HOST_DOMAIN_OFF, 2);
    assert_int_equal(store_i64(r.store, 0, "SELECT profile FROM record", ""), 2);
    host_rig_fini(&r);
}

static int64_t firmware_of(const char *boot_mode)
{
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    wish.boot_mode = boot_mode;
    host_rig_init(&r);
    host_rig_wish(&r, 1, &wish);
    host_rig_list(&r, -1, 0);
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    host_rig_ok(&r, HOST_JOB_DISK_ROOT);
    host_rig_ok(&r, HOST_JOB_NET_PORT);
    const struct rig_job *job = host_rig_job(&r, HOST_JOB_HV_START);
    assert_non_null(job);
    int64_t firmware = ((const struct host_hv_start *)job->spec)->profile.firmware;
    host_rig_fini(&r);
    return firmware;
}

static void the_image_says_which_firmware(void **state)
{
    (void)state;
    assert_int_equal(firmware_of("uefi"), HOST_FIRMWARE_UEFI);
    assert_int_equal(firmware_of("uefi-preferred"), HOST_FIRMWARE_UEFI);
    assert_int_equal(firmware_of("legacy-bios"), HOST_FIRMWARE_BIOS);
    assert_int_equal(firmware_of(""), HOST_FIRMWARE_BIOS);
}

static void an_unknown_number_is_refused_by_name(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    host_rig_init(&r);
    host_rig_wish(&r, 1, &wish);
    host_rig_list(&r, -1, 0);
    host_rig_ok(&r, HOST_JOB_DISK_BASE);
    host_rig_ok(&r, HOST_JOB_DISK_ROOT);
    host_rig_ok(&r, HOST_JOB_NET_PORT);
    host_rig_done(&r, HOST_JOB_HV_START, ERR_UNSUPPORTED,
                  "hardware profile 7 is unknown to this build", NULL, 0);
    assert_string_equal(host_rig_seen(&r).state, "refused");
    assert_non_null(strstr(host_rig_seen(&r).detail, "profile 7"));
    host_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_start_decides),
        cmocka_unit_test(the_record_outlives_the_process),
        cmocka_unit_test(adoption_takes_it_from_the_domain),
        cmocka_unit_test(the_image_says_which_firmware),
        cmocka_unit_test(an_unknown_number_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
