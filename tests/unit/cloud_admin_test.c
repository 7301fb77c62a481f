/* cloud_admin_test.c - what admins ask of a cloud: its hosts, draining them, images before they are
 * wanted, and why an instance is where it is. Nobody else may. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define V "&Version=2016-11-15"

/* Hosts as their cluster last said, for admins. */
static void test_hosts(void **state)
{
    struct rig_child cluster;
    (void)state;
    rig_join(&rig, &cluster, "cluster", "laba");
    rig_capacity(&rig, &cluster,
                 "{\"lists\":true,\"hosts\":[{\"id\":\"h1\",\"state\":\"up\",\"instances\":3,"
                 "\"room\":[{\"class\":"
                 "\"vcpu\",\"total\":8,\"free\":5},{\"class\":\"memory_mib\",\"total\":1000,"
                 "\"free\":-10}]}]}");
    const char *body = rig_ok(&rig, "Action=DescribeHosts" V);
    assert_string_equal(rig_text(&rig, body, "hostId"), "h1");
    assert_string_equal(rig_text(&rig, body, "availabilityZone"), "laba");
    assert_string_equal(rig_text(&rig, body, "instances"), "3");
    assert_non_null(strstr(body, "<class>memory_mib</class><total>1000</total><free>-10</free>"));
}

static const char two_hosts[] = "{\"lists\":true,\"hosts\":[{\"id\":\"h1\",\"state\":\"up\"},{"
                                "\"id\":\"h2\",\"state\":\"up\"}]}";

/* What a child was told of draining that host: "drained", "no longer", "nothing". */
static const char *told(const struct rig_child *c, const char *host)
{
    const struct wire_item *wish = rig_known(c, "drain", host);
    return wish == NULL ? "nothing" : *wish->gone == '\0' ? "drained" : "no longer";
}

/* Remembered, told to the cluster of that host and to no other, and taken back. */
static void test_drain(void **state)
{
    struct rig_child a, b;
    (void)state;
    rig_join(&rig, &a, "cluster", "laba");
    rig_join(&rig, &b, "cluster", "labb");
    rig_capacity(&rig, &a, two_hosts);
    rig_capacity(&rig, &b, "{\"lists\":true,\"hosts\":[{\"id\":\"h1\",\"state\":\"up\"}]}");
    rig_fails(&rig, "Action=DrainHosts&HostId.1=h2&HostId.2=h7" V, 400, "InvalidHostID.NotFound");
    rig_fails(&rig, "Action=DrainHosts&HostId.1=h1" V, 400, "InvalidParameterValue"); /* where? */
    rig_fails(&rig, "Action=DrainHosts" V, 400, "MissingParameter");
    rig_pull(&rig, &a);
    assert_string_equal(told(&a, "h2"), "nothing"); /* all or none */
    rig_ok(&rig, "Action=DrainHosts&HostId.1=h2" V);
    rig_ok(&rig, "Action=DrainHosts&HostId.1=h1&AvailabilityZone=labb" V);
    rig_pull(&rig, &a);
    rig_pull(&rig, &b);
    assert_string_equal(told(&a, "h2"), "drained");
    assert_string_equal(told(&a, "h1"), "nothing");
    assert_string_equal(told(&b, "h1"), "drained");
    rig_restart(&rig);
    rig_capacity(&rig, &a, two_hosts);
    assert_string_equal(
        rig_text(&rig, strstr(rig_ok(&rig, "Action=DescribeHosts" V), ">h2<"), "drained"), "true");
    rig_ok(&rig, "Action=UndrainHosts&HostId.1=h2" V);
    rig_pull(&rig, &a);
    assert_string_equal(told(&a, "h2"), "no longer");
    assert_string_equal(
        rig_text(&rig, strstr(rig_ok(&rig, "Action=DescribeHosts" V), ">h2<"), "drained"), "false");
    rig_ok(&rig, "Action=DrainHosts&HostId.1=h2" V);
    rig_pull(&rig, &a);
    assert_string_equal(told(&a, "h2"), "drained");
}

/* What the cluster was told of seeding that image: "wished", "no longer", "nothing". */
static const char *seeding(const struct rig_child *c, const char *image)
{
    const struct wire_item *wish = rig_known(c, "seed", image);
    return wish == NULL ? "nothing" : *wish->gone == '\0' ? "wished" : "no longer";
}

static const char *seed_form(const char *action, const char *image, const char *zone)
{
    return arena_printf(&rig.arena, "Action=%s&ImageId=%s&AvailabilityZone=%s" V, action, image,
                        zone);
}

/* An image on all hosts of a zone: remembered, told, shown with what the cluster says, taken back
 * by an admin or with the image. */
static void test_seed(void **state)
{
    struct rig_world w;
    struct wire_seed body = {0};
    struct err err = {0};
    (void)state;
    rig_world(&rig, &w);
    rig_fails(&rig, seed_form("SeedImage", w.image, "labz"), 400, "InvalidParameterValue");
    rig_fails(&rig, seed_form("SeedImage", "ami-00000000000000000", "laba"), 400,
              "InvalidAMIID.NotFound");
    rig_fails(&rig, "Action=SeedImage&AvailabilityZone=laba" V, 400, "MissingParameter");
    rig_ok(&rig, seed_form("UnseedImage", w.image, "laba")); /* it is so already */
    rig_ok(&rig, seed_form("SeedImage", w.image, "laba"));
    rig_restart(&rig);
    rig_pull(&rig, &w.cluster);
    assert_string_equal(seeding(&w.cluster, w.image), "wished");
    const char *json = rig_known(&w.cluster, "seed", w.image)->body;
    assert_int_equal(wire_decode(&wire_seed_type, json, strlen(json), &rig.arena, &body, &err),
                     ERR_OK);
    assert_int_equal(strlen(body.manifest), 64);
    assert_true(body.image_bytes > 0);
    rig_say(&rig, &w.cluster, "seed", w.image, 1,
            "{\"hosts\":3,\"whole\":2,\"detail\":\"h2: no\"}");
    const char *shown = rig_ok(&rig, "Action=DescribeImageSeeds" V);
    assert_string_equal(rig_text(&rig, shown, "availabilityZone"), "laba");
    assert_string_equal(rig_text(&rig, shown, "hosts"), "3");
    assert_string_equal(rig_text(&rig, shown, "wholeHosts"), "2");
    assert_string_equal(rig_text(&rig, shown, "message"), "h2: no");
    rig_ok(&rig, seed_form("UnseedImage", w.image, "laba"));
    rig_pull(&rig, &w.cluster);
    assert_string_equal(seeding(&w.cluster, w.image), "no longer");
    assert_int_equal(rig_count(rig_ok(&rig, "Action=DescribeImageSeeds" V), "<item>"), 0);
    rig_ok(&rig, seed_form("SeedImage", w.image, "laba"));
    rig_pull(&rig, &w.cluster);
    assert_string_equal(seeding(&w.cluster, w.image), "wished");
    assert_string_equal(rig_text(&rig, rig_ok(&rig, "Action=DescribeImageSeeds" V), "wholeHosts"),
                        "0"); /* what was said before is no word about this */
    rig_ok(&rig, arena_printf(&rig.arena, "Action=DeregisterImage&ImageId=%s" V, w.image));
    rig_pull(&rig, &w.cluster);
    assert_string_equal(seeding(&w.cluster, w.image), "no longer");
}

/* An image that is still on its way has no name for its bytes yet. */
static void test_seed_pending(void **state)
{
    struct rig_child dos, cluster;
    (void)state;
    rig_join(&rig, &dos, "dos", "dos");
    rig_join(&rig, &cluster, "cluster", "laba");
    const char *image = rig_text(
        &rig, rig_ok(&rig, "Action=RegisterImage&Name=new&ImageLocation=b00%2Fk" V), "imageId");
    rig_fails(&rig, seed_form("SeedImage", image, "laba"), 400, "InvalidAMIID.Unavailable");
}

/* The cluster is asked; when it is silent, what it said last is shown. */
static void test_explain(void **state)
{
    struct rig_world w;
    (void)state;
    rig_world(&rig, &w);
    const char *id = rig_run(&rig, &w, "");
    const char *form = arena_printf(&rig.arena, "Action=ExplainPlacement&InstanceId=%s" V, id);
    uint64_t request = rig_send(&rig, "ec2", form);
    rig_pull(&rig, &w.cluster);
    assert_string_equal(w.cluster.last.ask[0].kind, "placement");
    assert_string_equal(w.cluster.last.ask[0].id, id);
    rig_tell(&rig, &w.cluster, "console", id,
             "aGVsbG8="); /* another answer, of the same instance */
    assert_int_equal(rig_status(&rig, request), 0);
    rig_tell(
        &rig, &w.cluster, "placement", id,
        "{\"host\":\"h2\",\"strategy\":\"spread\",\"at_wall_ms\":1,\"counts\":\"of 2 hosts\","
        "\"verdicts\":[{\"host\":\"h2\",\"text\":\"fits\"},{\"host\":\"h1\",\"text\":\"not\"}]}");
    assert_int_equal(rig_status(&rig, request), 200);
    const char *body = rig_body(&rig, request);
    assert_string_equal(rig_text(&rig, body, "strategy"), "spread");
    assert_non_null(
        strstr(body, "<hostId>h2</hostId><chosen>true</chosen><message>fits</message>"));
    assert_non_null(
        strstr(body, "<hostId>h1</hostId><chosen>false</chosen><message>not</message>"));
    request = rig_send(&rig, "ec2", form);
    rig_advance(&rig, 5000);
    assert_string_equal(rig_text(&rig, rig_body(&rig, request), "strategy"), "spread");
    rig_fails(&rig, "Action=ExplainPlacement&InstanceId=i-00000000000000000" V, 400,
              "InvalidInstanceID.NotFound");
}

/* Machines are nobody's business but the admins': another account is refused, for each of them. */
static void test_admins_only(void **state)
{
    static const char *const forms[] = {"Action=DescribeHosts" V,
                                        "Action=DrainHosts&HostId.1=h1" V,
                                        "Action=UndrainHosts&HostId.1=h1" V,
                                        "Action=ExplainPlacement&InstanceId=i-1" V,
                                        "Action=DescribeImageSeeds" V,
                                        "Action=SeedImage&AvailabilityZone=laba&ImageId=ami-1" V,
                                        "Action=UnseedImage&AvailabilityZone=laba&ImageId=ami-1" V};
    struct cloud_root other = {0}, first = rig.root;
    (void)state;
    assert_int_equal(rig_account(&rig, "other", &other), ERR_OK);
    rig.root = other;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        rig_fails(&rig, forms[i], 403, "UnauthorizedOperation");
    rig.root = first;
    rig_ok(&rig, forms[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST_BARE(test_hosts),   RIG_TEST_BARE(test_drain),
        RIG_TEST_BARE(test_seed),    RIG_TEST_BARE(test_seed_pending),
        RIG_TEST_BARE(test_explain), RIG_TEST_BARE(test_admins_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
