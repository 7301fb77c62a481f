/* What is told again under the same generation: the next start has the new size, the metadata
 * service obeys at once, and nothing of it is taken for a new want. */
#include "tests/unit/unit.h"

#include "computer-manager/model/metadata.h"
#include "tests/unit/host_rig.h"

#include <string.h>

enum { VNI = 10 };
static const uint32_t ADDRESS = (uint32_t)172 << 24 | 31 << 16 | 5;

static const struct metadata_instance *look(struct host_rig *r)
{
    const struct metadata_instance *m = host_core_metadata(r->core, VNI, ADDRESS);
    assert_non_null(m);
    return m;
}

static void a_start_has_the_size_of_today(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    host_rig_init(&r);
    host_rig_wish(&r, 1, &wish);
    host_rig_run(&r);
    wish.want = "stopped";
    host_rig_wish(&r, 2, &wish);
    host_rig_ok(&r, HOST_JOB_HV_SHUTDOWN);
    host_rig_list(&r, HOST_DOMAIN_OFF, 1);
    host_rig_ok(&r, HOST_JOB_HV_CONSOLE);
    wish.memory_mib = 512;
    wish.vcpus = 2;
    host_rig_wish(&r, 2, &wish);
    assert_null(host_rig_job(&r, HOST_JOB_HV_START));
    wish.want = "running";
    host_rig_wish(&r, 3, &wish);
    if (host_rig_job(&r, HOST_JOB_NET_PORT) != NULL)
        host_rig_ok(&r, HOST_JOB_NET_PORT);
    const struct rig_job *job = host_rig_job(&r, HOST_JOB_HV_START);
    assert_non_null(job);
    const struct host_hv_start *start = job->spec;
    assert_int_equal(start->memory_mib, 512);
    assert_int_equal(start->vcpus, 2);
    host_rig_fini(&r);
}

static void metadata_obeys_at_once(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    struct wire_tag tags[] = {{"Name", "web"}, {"stage", "test"}};
    host_rig_init(&r);
    host_rig_wish(&r, 1, &wish);
    host_rig_run(&r);
    assert_int_equal(look(&r)->tokens, METADATA_TOKENS_OPTIONAL);
    assert_int_equal(look(&r)->hop_limit, 1);
    assert_int_equal(look(&r)->tags_len, 0);
    wish.imds_required = true;
    wish.imds_hops = 64;
    wish.tags = tags;
    wish.tags_len = 2;
    host_rig_wish(&r, 1, &wish);
    assert_int_equal(look(&r)->tokens, METADATA_TOKENS_REQUIRED);
    assert_int_equal(look(&r)->hop_limit, 64);
    assert_int_equal(look(&r)->tags_len, 2);
    assert_string_equal(look(&r)->tags[1].key, "stage");
    assert_string_equal(look(&r)->tags[1].value, "test");
    wish.imds_off = true;
    host_rig_wish(&r, 1, &wish);
    assert_int_equal(look(&r)->tokens, METADATA_OFF);
    host_rig_restart(&r);
    assert_int_equal(look(&r)->tokens, METADATA_OFF);
    host_rig_fini(&r);
}

/* PROTOCOL 8: a guest that has powered itself off is not started by what was only told again. */
static void an_end_stays_an_end(void **state)
{
    (void)state;
    struct host_rig r;
    struct wire_instance wish = host_rig_instance();
    host_rig_init(&r);
    host_rig_wish(&r, 1, &wish);
    host_rig_run(&r);
    host_rig_list(&r, HOST_DOMAIN_OFF, 1);
    if (host_rig_job(&r, HOST_JOB_HV_LIST) == NULL) {
        host_rig_pass(&r, r.config.list_ms + 1000);
        host_rig_list(&r, HOST_DOMAIN_OFF, 1);
    }
    assert_string_equal(host_rig_seen(&r).state, "off");
    wish.imds_required = true;
    host_rig_wish(&r, 1, &wish);
    assert_null(host_rig_job(&r, HOST_JOB_HV_START));
    assert_null(host_rig_job(&r, HOST_JOB_NET_PORT));
    assert_string_equal(host_rig_seen(&r).state, "off");
    host_rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_has_the_size_of_today),
        cmocka_unit_test(metadata_obeys_at_once),
        cmocka_unit_test(an_end_stays_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
