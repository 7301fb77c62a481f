/* cloud_children_test.c - joining, and what children are told of groups, keys, images, consoles. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/seal.h"
#include "proto/auth/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define V "&Version=2016-11-15"

static uint64_t join(const char *node, const char *token, const char *csr)
{
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(&body, &wire_join_type,
                &(struct wire_join){.node = node, .token = token, .csr = csr});
    return rig_raw(&rig, &(struct request){.face = FACE_TIER,
                                           .method = "POST",
                                           .target = "/v1/join",
                                           .body = body.data,
                                           .body_len = body.len,
                                           .peer_node = "",
                                           .peer_serial = "",
                                           .remote = "",
                                           .trace = "t"});
}

static void add_token(const char *text, const char *node)
{
    char hash[DIGEST_SHA256_HEX_SIZE];
    struct err err = {0};
    token_hash(hash, text);
    store_begin(rig.store);
    admit_token_add(rig.store, hash, node, "cluster", rig.at.wall_ms + 60000);
    assert_int_equal(store_commit(rig.store, &err), ERR_OK);
}

/* PROTOCOL 10: one use, bound to a name, fifteen minutes; the answer may be asked for again. */
static void test_tokens(void **state)
{
    (void)state;
    add_token("tj1.one", "labx");
    assert_int_equal(rig_status(&rig, join("labx", "tj1.two", "csr")), 403);
    assert_int_equal(rig_status(&rig, join("laby", "tj1.one", "csr")), 403);
    uint64_t first = join("labx", "tj1.one", "csr");
    assert_int_equal(rig_status(&rig, first), 0);
    rig_job_done(&rig, ERR_OK, "PEM", 3);
    assert_int_equal(rig_status(&rig, first), 200);
    uint64_t again = join("labx", "tj1.one", "csr");
    assert_string_equal(rig_body(&rig, first), rig_body(&rig, again));
    assert_int_equal(rig_status(&rig, join("labx", "tj1.one", "another csr")), 403);
    add_token("tj1.late", "labz");
    rig_advance(&rig, 61000);
    assert_int_equal(rig_status(&rig, join("labz", "tj1.late", "csr")), 403);
}

/* A signature that fails answers its request and uses nothing up. */
static void test_failed_signature(void **state)
{
    (void)state;
    add_token("tj1.one", "labx");
    uint64_t id = join("labx", "tj1.one", "garbage");
    rig_job_done(&rig, ERR_BAD_REQUEST, NULL, 0);
    assert_int_equal(rig_status(&rig, id), 400);
    assert_int_equal(store_i64(rig.store, -1, "SELECT count(*) FROM node", ""), 0);
    id = join("labx", "tj1.one", "csr");
    rig_job_done(&rig, ERR_OK, "PEM", 3);
    assert_int_equal(rig_status(&rig, id), 200);
}

/* Zones get letters in the order of joining, and keep them. */
static void test_zones(void **state)
{
    struct rig_child a, b, again;
    (void)state;
    rig_join(&rig, &a, "cluster", "north");
    rig_join(&rig, &b, "cluster", "south");
    rig_advance(&rig, 1000);
    assert_string_equal(a.zone, "laba");
    assert_string_equal(b.zone, "labb");
    const char *body = rig_ok(&rig, "Action=DescribeSubnets" V);
    assert_non_null(strstr(body, "<cidrBlock>172.31.0.0/20</cidrBlock>"));
    assert_non_null(strstr(body, "<cidrBlock>172.31.16.0/20</cidrBlock>"));
    store_begin(rig.store);
    store_run(rig.store, "DELETE FROM admit_token", "");
    assert_int_equal(store_commit(rig.store, NULL), ERR_OK);
    rig_join(&rig, &again, "cluster", "north");
    assert_string_equal(again.zone, "laba");
    assert_string_not_equal(again.link_key, a.link_key);
}

static void unseal(const struct rig_child *c, const char *context, const char *sealed,
                   struct buf *out)
{
    struct seal_key key;
    assert_true(str_unhex(key.bytes, sizeof key.bytes, c->link_key));
    assert_int_equal(seal_unwrap(&key, context, sealed, out, NULL), ERR_OK);
}

/* dos checks signatures itself: it gets the secrets, sealed for its link; a cluster gets none. */
static void test_keys(void **state)
{
    struct rig_child dos, cluster;
    struct wire_key key;
    CLEANUP(seal_wipe) struct buf secret = {0};
    (void)state;
    rig_join(&rig, &dos, "dos", "dos");
    rig_join(&rig, &cluster, "cluster", "laba");
    rig_pull(&rig, &dos);
    const struct wire_item *wish = rig_wish(&dos, "key", rig.root.key_id);
    assert_non_null(wish);
    assert_null(strstr(wish->body, rig.root.secret)); /* I16 */
    assert_int_equal(
        wire_decode(&wire_key_type, wish->body, strlen(wish->body), &rig.arena, &key, NULL),
        ERR_OK);
    unseal(&dos, arena_printf(&rig.arena, "key|%s", rig.root.key_id), key.sealed, &secret);
    assert_string_equal(buf_str(&secret), rig.root.secret);
    assert_string_equal(key.account, rig.root.account);
    rig_pull(&rig, &cluster);
    assert_null(rig_wish(&cluster, "key", rig.root.key_id));
}

/* An account made beside the running daemon: a network of its own, and dos learns its key. */
static void test_second_account(void **state)
{
    struct cloud_root other = {0}, no = {0};
    struct rig_child dos;
    (void)state;
    rig_join(&rig, &dos, "dos", "dos");
    rig_pull(&rig, &dos);
    assert_int_equal(rig_account(&rig, "other", &other), ERR_OK);
    assert_string_not_equal(other.account, rig.root.account);
    assert_int_equal(rig_account(&rig, "other", &no), ERR_CONFIG);
    assert_int_equal(rig_account(&rig, "", &no), ERR_CONFIG);
    assert_int_equal(rig_account(&rig, "a b", &no), ERR_CONFIG);
    rig_advance(&rig, 1100);
    rig_pull(&rig, &dos);
    assert_non_null(rig_wish(&dos, "key", other.key_id));
    assert_int_equal(store_i64(rig.store, 0, "SELECT count(DISTINCT vni) FROM vpc", ""), 2);
    assert_int_equal(store_i64(rig.store, 0, "SELECT count(DISTINCT cidr) FROM vpc", ""), 1);
}

/* All that check grants have one secret, and a restart does not change it. */
static void test_grant(void **state)
{
    struct rig_child dos, cluster;
    struct wire_secret a, b;
    CLEANUP(seal_wipe) struct buf at_dos = {0};
    CLEANUP(seal_wipe) struct buf at_cluster = {0};
    (void)state;
    rig_join(&rig, &dos, "dos", "dos");
    rig_restart(&rig);
    rig_join(&rig, &cluster, "cluster", "laba");
    rig_pull(&rig, &dos);
    rig_pull(&rig, &cluster);
    const struct wire_item *x = rig_wish(&dos, "secret", "grant");
    const struct wire_item *y = rig_wish(&cluster, "secret", "grant");
    assert_non_null(x);
    assert_non_null(y);
    assert_int_equal(wire_decode(&wire_secret_type, x->body, strlen(x->body), &rig.arena, &a, NULL),
                     ERR_OK);
    assert_int_equal(wire_decode(&wire_secret_type, y->body, strlen(y->body), &rig.arena, &b, NULL),
                     ERR_OK);
    unseal(&dos, "secret|grant", a.sealed, &at_dos);
    unseal(&cluster, "secret|grant", b.sealed, &at_cluster);
    assert_int_equal(at_dos.len, 64);
    assert_string_equal(buf_str(&at_dos), buf_str(&at_cluster));
}

/* A cluster knows a group while it holds a port of it, with all its rules and members. */
static void test_groups(void **state)
{
    struct rig_world w;
    (void)state;
    rig_world(&rig, &w);
    const char *body = rig_ok(&rig, "Action=DescribeSecurityGroups" V);
    const char *group = rig_text(&rig, body, "groupId");
    rig_pull(&rig, &w.cluster);
    assert_null(rig_wish(&w.cluster, "group", group));
    const char *id = rig_run(&rig, &w, "");
    rig_pull(&rig, &w.cluster);
    const struct wire_item *wish = rig_wish(&w.cluster, "group", group);
    assert_non_null(wish);
    assert_string_equal(rig_members(&rig, &w.cluster, group), "172.31.0.4");
    assert_non_null(strstr(wish->body, arena_printf(&rig.arena, "\"group\":\"%s\"", group)));
    int64_t generation = wish->generation;

    rig_ok(&rig, arena_printf(&rig.arena,
                              "Action=AuthorizeSecurityGroupIngress&GroupId=%s"
                              "&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22"
                              "&IpPermissions.1.ToPort=22"
                              "&IpPermissions.1.IpRanges.1.CidrIp=10.1.2.3%%2F8" V,
                              group));
    rig_pull(&rig, &w.cluster);
    wish = rig_wish(&w.cluster, "group", group);
    assert_non_null(wish);
    assert_true(wish->generation > generation);
    assert_non_null(
        strstr(wish->body, "\"protocol\":6,\"from\":22,\"to\":22,\"cidr\":\"10.0.0.0/8\""));

    const char *other = rig_run(&rig, &w, "");
    rig_advance(&rig, 250); /* pages are told anew every now and then */
    rig_pull(&rig, &w.cluster);
    assert_null(rig_wish(&w.cluster, "group", group)); /* its rules are as they were */
    assert_string_equal(rig_members(&rig, &w.cluster, group), "172.31.0.4 172.31.0.5");
    rig_ok(&rig, arena_printf(&rig.arena,
                              "Action=TerminateInstances&InstanceId.1=%s"
                              "&InstanceId.2=%s" V,
                              id, other));
    rig_pull(&rig, &w.cluster);
    rig_say(&rig, &w.cluster, "instance", id, 2, NULL);
    rig_advance(&rig, 250);
    rig_pull(&rig, &w.cluster);
    assert_string_equal(rig_members(&rig, &w.cluster, group), "172.31.0.5");
    rig_say(&rig, &w.cluster, "instance", other, 2, NULL);
    rig_advance(&rig, 250);
    rig_pull(&rig, &w.cluster);
    wish = rig_known(&w.cluster, "group", group);
    assert_string_equal(wish->gone, "deleted");
    assert_string_equal(rig_members(&rig, &w.cluster, group), "");
}

/* A cluster learns what each type asks for when it joins, and hears of none again at a restart. */
static void test_types(void **state)
{
    struct rig_child cluster, dos;
    (void)state;
    rig_join(&rig, &cluster, "cluster", "laba");
    rig_join(&rig, &dos, "dos", "dos");
    rig_pull(&rig, &cluster);
    rig_pull(&rig, &dos);
    const struct wire_item *wish = rig_wish(&cluster, "type", "t1.nano");
    assert_non_null(wish);
    assert_string_equal(wish->body, "{\"vcpus\":1,\"memory_mib\":128}");
    assert_non_null(rig_wish(&cluster, "type", "m1.xlarge"));
    assert_null(rig_wish(&dos, "type", "t1.nano"));
    rig_restart(&rig);
    rig_pull(&rig, &cluster);
    assert_int_equal(cluster.last.want_len, 0);
}

/* The table of types changed with the release: one asks for more, one is no more, one is new. */
static void test_types_change(void **state)
{
    struct rig_child cluster;
    struct err err = {0};
    (void)state;
    rig_join(&rig, &cluster, "cluster", "laba");
    rig_pull(&rig, &cluster);
    store_begin(rig.store);
    store_run(rig.store, "UPDATE wish SET body='{\"vcpus\":1}' WHERE kind='type' AND id='t1.nano'",
              "");
    store_run(rig.store, "UPDATE wish SET id='t0.old' WHERE kind='type' AND id='t1.micro'", "");
    assert_int_equal(store_commit(rig.store, &err), ERR_OK);
    int64_t before = rig_known(&cluster, "type", "t1.nano")->generation;
    rig_restart(&rig);
    rig_pull(&rig, &cluster);
    assert_int_equal(cluster.last.want_len, 3);
    assert_true(rig_wish(&cluster, "type", "t1.nano")->generation > before);
    assert_string_equal(rig_wish(&cluster, "type", "t0.old")->gone, "deleted");
    assert_string_equal(rig_wish(&cluster, "type", "t1.micro")->gone, "");
}

static void test_rules(void **state)
{
    const char *body = rig_ok(&rig, "Action=DescribeSecurityGroups" V);
    const char *group = rig_text(&rig, body, "groupId");
    const char *rule = arena_printf(&rig.arena,
                                    "&GroupId=%s&IpPermissions.1.IpProtocol=icmp"
                                    "&IpPermissions.1.FromPort=-1&IpPermissions.1.ToPort=-1"
                                    "&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0%%2F0" V,
                                    group);
    const char *add = arena_printf(&rig.arena, "Action=AuthorizeSecurityGroupIngress%s", rule);
    const char *remove = arena_printf(&rig.arena, "Action=RevokeSecurityGroupIngress%s", rule);
    (void)state;
    rig_ok(&rig, add);
    rig_fails(&rig, add, 400, "InvalidPermission.Duplicate");
    rig_ok(&rig, remove);
    rig_fails(&rig, remove, 400, "InvalidPermission.NotFound");
    body = rig_ok(&rig, "Action=AuthorizeSecurityGroupIngress&GroupName=default&IpProtocol=tcp"
                        "&FromPort=22&ToPort=22&CidrIp=0.0.0.0%2F0" V);
    const char *id = rig_text(&rig, body, "securityGroupRuleId");
    rig_ok(&rig, arena_printf(&rig.arena,
                              "Action=RevokeSecurityGroupIngress&GroupId=%s"
                              "&SecurityGroupRuleId.1=%s" V,
                              group, id));
    rig_fails(&rig,
              "Action=AuthorizeSecurityGroupIngress&GroupName=default&IpProtocol=tcp"
              "&FromPort=22&ToPort=22&CidrIp=nonsense" V,
              400, "InvalidParameterValue");
    rig_fails(&rig,
              "Action=AuthorizeSecurityGroupIngress&GroupName=default"
              "&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=1"
              "&IpPermissions.1.ToPort=2&IpPermissions.1.Ipv6Ranges.1.CidrIpv6=%3a%3a%2f0" V,
              400, "UnsupportedOperation");
}

/* An image is gone as a name at once, as chunks when nobody needs it. */
static void test_image_end(void **state)
{
    struct rig_world w;
    (void)state;
    rig_world(&rig, &w);
    const char *id = rig_run(&rig, &w, "");
    rig_pull(&rig, &w.dos);
    rig_ok(&rig, arena_printf(&rig.arena, "Action=DeregisterImage&ImageId=%s" V, w.image));
    assert_int_equal(rig_count(rig_ok(&rig, "Action=DescribeImages" V), "<imageId>"), 0);
    rig_pull(&rig, &w.dos);
    assert_null(rig_wish(&w.dos, "image", w.image));
    rig_ok(&rig, arena_printf(&rig.arena, "Action=TerminateInstances&InstanceId.1=%s" V, id));
    rig_pull(&rig, &w.cluster);
    rig_say(&rig, &w.cluster, "instance", id, 2, NULL);
    rig_pull(&rig, &w.dos);
    const struct wire_item *wish = rig_wish(&w.dos, "image", w.image);
    assert_non_null(wish);
    assert_string_equal(wish->gone, "deleted");
    struct wire_item end = *wish;
    rig_say(&rig, &w.dos, "image", end.id, end.generation, NULL);
    assert_int_equal(store_i64(rig.store, -1, "SELECT count(*) FROM image", ""), 0);
}

/* A console is asked for down the tree and held; without an answer the last known is given. */
static void test_console(void **state)
{
    struct rig_world w;
    (void)state;
    rig_world(&rig, &w);
    const char *id = rig_run(&rig, &w, "");
    rig_say(&rig, &w.cluster, "instance", id, 1, "{\"state\":\"running\",\"ever_ran\":true}");
    const char *form = arena_printf(&rig.arena, "Action=GetConsoleOutput&InstanceId=%s" V, id);
    uint64_t request = rig_send(&rig, "ec2", form);
    assert_int_equal(rig_status(&rig, request), 0);
    rig_pull(&rig, &w.cluster);
    assert_int_equal(w.cluster.last.ask_len, 1);
    assert_string_equal(w.cluster.last.ask[0].id, id);
    rig_tell(&rig, &w.cluster, "console", id, "aGVsbG8=");
    assert_int_equal(rig_status(&rig, request), 200);
    assert_string_equal(rig_text(&rig, rig_body(&rig, request), "output"), "aGVsbG8=");
    request = rig_send(&rig, "ec2", form);
    assert_int_equal(rig_status(&rig, request), 0);
    rig_advance(&rig, 5000);
    assert_string_equal(rig_text(&rig, rig_body(&rig, request), "output"), "aGVsbG8=");
}

/* What a guest has encrypted for the owner of its key is in its console. */
static void test_password(void **state)
{
    struct rig_world w;
    (void)state;
    rig_world(&rig, &w);
    const char *id = rig_run(&rig, &w, "");
    rig_say(&rig, &w.cluster, "instance", id, 1, "{\"state\":\"running\",\"ever_ran\":true}");
    const char *form = arena_printf(&rig.arena, "Action=GetPasswordData&InstanceId=%s" V, id);
    uint64_t request = rig_send(&rig, "ec2", form);
    rig_pull(&rig, &w.cluster);
    rig_tell(&rig, &w.cluster, "console", id, "aGVsbG8=");
    assert_int_equal(rig_status(&rig, request), 200);
    assert_string_equal(rig_text(&rig, rig_body(&rig, request), "passwordData"), "");
    request = rig_send(&rig, "ec2", form);
    rig_pull(&rig, &w.cluster);
    rig_tell(&rig, &w.cluster, "console", id, /* boot<Password>\r\nQQ==\r\n</Password> */
             "Ym9vdDxQYXNzd29yZD4NClFRPT0NCjwvUGFzc3dvcmQ+");
    assert_int_equal(rig_status(&rig, request), 200);
    assert_string_equal(rig_text(&rig, rig_body(&rig, request), "instanceId"), id);
    assert_string_equal(rig_text(&rig, rig_body(&rig, request), "passwordData"), "QQ==");
    rig_fails(&rig, "Action=GetPasswordData&InstanceId=i-0123456789abcdef0" V, 400,
              "InvalidInstanceID.NotFound");
}

/* The private half of a key is in the answer and nowhere else, also for a repeat (I16). */
static void test_created_keys(void **state)
{
    struct cloud_rsa_done made = {
        .private_pem = "-----CANARY-----", .public_line = "ssh-rsa AAAA", .fingerprint = "aa:bb"};
    const char *form = "Action=CreateKeyPair&KeyName=one" V;
    (void)state;
    uint64_t first = rig_send(&rig, "ec2", form);
    uint64_t second = rig_resend(&rig, "ec2", form);
    assert_int_equal(rig.jobs_len, 2);
    rig_job_done(&rig, ERR_OK, &made, sizeof made);
    rig_job_done(&rig, ERR_OK, &made, sizeof made);
    assert_int_equal(rig_status(&rig, first), 200);
    assert_string_equal(rig_text(&rig, rig_body(&rig, first), "keyMaterial"), "-----CANARY-----");
    assert_string_equal(rig_body(&rig, first), rig_body(&rig, second));
    size_t len;
    char *dump = store_dump(rig.store, &len);
    bool found = memmem(dump, len, "CANARY", 6) != NULL;
    free(dump);
    assert_false(found);
    rig_fails(&rig, form, 400, "InvalidKeyPair.Duplicate");
    uint64_t failed = rig_send(&rig, "ec2", "Action=CreateKeyPair&KeyName=two" V);
    rig_job_done(&rig, ERR_TIMEOUT, NULL, 0);
    assert_int_equal(rig_status(&rig, failed), 503);
    rig_ok(&rig, "Action=CreateKeyPair&KeyName=three&KeyType=ed25519" V);
    rig_fails(&rig, "Action=ImportKeyPair&KeyName=four&PublicKeyMaterial=AAAA" V, 400,
              "InvalidKey.Format");
}

static void test_tags(void **state)
{
    struct rig_world w;
    (void)state;
    rig_world(&rig, &w);
    const char *id = rig_run(
        &rig, &w,
        "&TagSpecification.1.ResourceType=instance"
        "&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web");
    const char *body = rig_ok(&rig, "Action=DescribeInstances&Filter.1.Name=tag:Name"
                                    "&Filter.1.Value.1=web" V);
    assert_string_equal(rig_text(&rig, body, "instanceId"), id);
    rig_ok(&rig, arena_printf(&rig.arena,
                              "Action=CreateTags&ResourceId.1=%s&Tag.1.Key=Name"
                              "&Tag.1.Value=db&Tag.2.Key=empty" V,
                              id));
    body = rig_ok(&rig, "Action=DescribeTags" V);
    assert_non_null(strstr(body, "<key>Name</key><value>db</value>"));
    assert_non_null(strstr(body, "<key>empty</key><value></value>"));
    rig_ok(&rig, arena_printf(&rig.arena,
                              "Action=DeleteTags&ResourceId.1=%s&Tag.1.Key=Name"
                              "&Tag.1.Value=other" V,
                              id));
    body = rig_ok(&rig, "Action=DescribeTags&Filter.1.Name=key&Filter.1.Value.1=Name" V);
    assert_int_equal(rig_count(body, "<item>"), 1); /* another value: it stays */
    rig_fails(&rig, "Action=CreateTags&ResourceId.1=i-0123456789abcdef0&Tag.1.Key=a" V, 400,
              "InvalidInstanceID.NotFound");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST_BARE(test_tokens),         RIG_TEST_BARE(test_failed_signature),
        RIG_TEST_BARE(test_zones),          RIG_TEST_BARE(test_keys),
        RIG_TEST_BARE(test_second_account), RIG_TEST_BARE(test_grant),
        RIG_TEST_BARE(test_groups),         RIG_TEST_BARE(test_types),
        RIG_TEST_BARE(test_types_change),   RIG_TEST_BARE(test_rules),
        RIG_TEST_BARE(test_image_end),      RIG_TEST_BARE(test_password),
        RIG_TEST_BARE(test_console),        RIG_TEST_BARE(test_created_keys),
        RIG_TEST_BARE(test_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
