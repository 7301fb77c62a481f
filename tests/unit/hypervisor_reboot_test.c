/* A reboot that was asked is done once: by the guest, or by one reset when it did not hear. */
#include "tests/unit/hypervisor_cmocka.h"

#include "computer-manager/hypervisor/reboot.h"

#include <stdio.h>

static const struct host_guest_run asked = {
    .instance = "i-0123456789abcdef0", .pepoch = 1, .run = 7, .at_ms = 1000};

static void an_unheard_one_is_due_once(void **state)
{
    (void)state;
    struct host_guest_run out;
    struct host_reboots *w = host_reboots_new();
    assert_true(host_reboots_expect(w, &asked));
    assert_false(host_reboots_take_due(w, 999, &out));
    assert_true(host_reboots_take_due(w, 1000, &out));
    assert_string_equal(out.instance, asked.instance);
    assert_int_equal(out.run, 7);
    assert_false(host_reboots_take_due(w, 5000, &out));
    host_reboots_free(w);
}

static void a_heard_one_is_not_due(void **state)
{
    (void)state;
    struct host_guest_run out;
    struct host_reboots *w = host_reboots_new();
    host_reboots_expect(w, &asked);
    host_reboots_heard(w, "i-00000000000000000");
    host_reboots_heard(w, asked.instance);
    assert_false(host_reboots_take_due(w, 5000, &out));
    host_reboots_free(w);
}

static void asking_again_does_not_put_it_off(void **state)
{
    (void)state;
    struct host_guest_run out, later = asked;
    struct host_reboots *w = host_reboots_new();
    later.at_ms = 3000;
    host_reboots_expect(w, &asked);
    host_reboots_expect(w, &later);
    assert_true(host_reboots_take_due(w, 1000, &out));
    later.run = 8; /* but another run of the domain is another matter */
    host_reboots_expect(w, &asked);
    host_reboots_expect(w, &later);
    assert_false(host_reboots_take_due(w, 1000, &out));
    assert_true(host_reboots_take_due(w, 3000, &out));
    host_reboots_free(w);
}

static void the_table_is_bounded(void **state)
{
    (void)state;
    struct host_reboots *w = host_reboots_new();
    struct host_guest_run r = asked;
    for (int i = 0; i < HOST_DOMAINS_MAX; i++) {
        snprintf(r.instance, sizeof r.instance, "i-%017x", (unsigned)i);
        assert_true(host_reboots_expect(w, &r));
    }
    snprintf(r.instance, sizeof r.instance, "i-%017x", (unsigned)HOST_DOMAINS_MAX);
    assert_false(host_reboots_expect(w, &r));
    host_reboots_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unheard_one_is_due_once),
        cmocka_unit_test(a_heard_one_is_not_due),
        cmocka_unit_test(asking_again_does_not_put_it_off),
        cmocka_unit_test(the_table_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
