/* cloud_front_test.c - who may ask, and how refusals are spelled. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define V "&Version=2016-11-15"

/* I15: an unauthorized request reads nothing. The keys are wrong in one thing each. */
static void test_strangers(void **state)
{
    struct cloud_root root = rig.root;
    (void)state;
    rig.root.secret[0] = rig.root.secret[0] == 'A' ? 'B' : 'A';
    rig_fails(&rig, "Action=DescribeRegions" V, 401, "AuthFailure");
    rig.root = root;
    str_copy(rig.root.key_id, sizeof rig.root.key_id, "AKIAABCDEFGHIJKLMNOP");
    rig_fails(&rig, "Action=DescribeRegions" V, 401, "AuthFailure");
    rig.root = root;
    rig_ok(&rig, "Action=DescribeRegions" V);
}

static void test_no_signature(void **state)
{
    struct request r = {.face = FACE_PUBLIC,
                        .method = "POST",
                        .target = "/",
                        .headers = (struct header[]){{"Host", "x"}},
                        .headers_len = 1,
                        .body = "Action=DescribeRegions",
                        .body_len = 22,
                        .peer_node = "",
                        .peer_serial = "",
                        .remote = "",
                        .trace = "t"};
    (void)state;
    uint64_t id = rig_raw(&rig, &r);
    assert_int_equal(rig_status(&rig, id), 403);
    assert_string_equal(rig_text(&rig, rig_body(&rig, id), "Code"), "MissingAuthenticationToken");
    r.target = "/elsewhere";
    assert_int_equal(rig_status(&rig, rig_raw(&rig, &r)), 404);
    r.target = "/";
    r.method = "PUT";
    assert_int_equal(rig_status(&rig, rig_raw(&rig, &r)), 405);
}

/* Must 3: freshness. The request is signed now and arrives late. */
static void test_expired(void **state)
{
    (void)state;
    char date[SIGV4_DATE_SIZE], hash[DIGEST_SHA256_HEX_SIZE];
    const char *form = "Action=DescribeRegions" V;
    CLEANUP(buf_fini) struct buf authorization = {0};
    digest_sha256_hex(hash, form, strlen(form));
    sigv4_sign(&(struct sigv4_sign){.method = "POST",
                                    .target = "/",
                                    .host = "h",
                                    .payload = hash,
                                    .key_id = rig.root.key_id,
                                    .secret = rig.root.secret,
                                    .region = "lab",
                                    .service = "ec2",
                                    .wall_ms = rig.at.wall_ms},
               date, &authorization, NULL);
    rig_advance(&rig, SIGV4_SKEW_MS + 1000);
    struct header headers[] = {
        {"host", "h"}, {"x-amz-date", date}, {"authorization", buf_str(&authorization)}};
    uint64_t id = rig_raw(&rig, &(struct request){.face = FACE_PUBLIC,
                                                  .method = "POST",
                                                  .target = "/",
                                                  .headers = headers,
                                                  .headers_len = 3,
                                                  .body = form,
                                                  .body_len = strlen(form),
                                                  .peer_node = "",
                                                  .peer_serial = "",
                                                  .remote = "",
                                                  .trace = "t"});
    assert_string_equal(rig_text(&rig, rig_body(&rig, id), "Code"), "RequestExpired");
}

static void test_actions(void **state)
{
    (void)state;
    rig_fails(&rig, "Version=2016-11-15", 400, "MissingAction");
    rig_fails(&rig, "Action=CreateVolume" V, 400, "UnsupportedOperation");
    rig_fails(&rig, "Action=FlyToTheMoon" V, 400, "InvalidAction");
    rig_fails(&rig, "Action=GetCallerIdentity" V, 400, "InvalidAction"); /* sts, not ec2 */
    rig_fails(&rig, "Action=DescribeRegions&Colour=red" V, 400, "UnsupportedOperation");
    rig_fails(&rig, "Action=DescribeRegions&Colour=%zz" V, 400, "MalformedQueryString");
    rig_ok(&rig, "Action=DescribeRegions&Colour=" V);
    rig_fails(&rig, "Action=DescribeRegions&RegionName.1=mars" V, 400, "InvalidParameterValue");
}

/* STS has its own spelling of errors, and is told by the credential scope. */
static void test_sts(void **state)
{
    (void)state;
    uint64_t id = rig_send(&rig, "sts", "Action=GetCallerIdentity&Version=2011-06-15");
    assert_int_equal(rig_status(&rig, id), 200);
    assert_string_equal(rig_text(&rig, rig_body(&rig, id), "Account"), rig.root.account);
    id = rig_send(&rig, "sts", "Action=AssumeRole&Version=2011-06-15");
    assert_int_equal(rig_status(&rig, id), 400);
    assert_non_null(strstr(rig_body(&rig, id), "<ErrorResponse"));
    assert_string_equal(rig_text(&rig, rig_body(&rig, id), "Code"), "InvalidAction");
    id = rig_send(&rig, "iam", "Action=ListUsers&Version=2010-05-08");
    assert_int_equal(rig_status(&rig, id), 400);
}

/* A dry run never does anything, and always says so by an error. */
static void test_dry_run(void **state)
{
    struct rig_world w;
    (void)state;
    rig_world(&rig, &w);
    rig_fails(&rig,
              arena_printf(&rig.arena,
                           "Action=RunInstances&ImageId=%s&MinCount=1&MaxCount=1"
                           "&InstanceType=t1.nano&DryRun=true" V,
                           w.image),
              412, "DryRunOperation");
    rig_fails(&rig, "Action=CreateKeyPair&KeyName=k&DryRun=true" V, 412, "DryRunOperation");
    assert_int_equal(rig.jobs_len, 0);
    assert_int_equal(store_i64(rig.store, -1, "SELECT count(*) FROM instance", ""), 0);
    assert_int_equal(store_i64(rig.store, -1, "SELECT count(*) FROM replay", ""),
                     1); /* the image */
}

/* Bad ids and bad user data: a clear error, and nothing is left of the attempt. */
static void test_bad_input(void **state)
{
    struct rig_world w;
    (void)state;
    rig_world(&rig, &w);
    const char *run = arena_printf(&rig.arena,
                                   "Action=RunInstances&ImageId=%s&MinCount=1&MaxCount=1"
                                   "&InstanceType=t1.nano" V,
                                   w.image);
    static const struct {
        const char *more, *code;
    } bad[] = {
        {"&UserData=%25%25", "InvalidUserData.Malformed"},
        {"&KeyName=nobody", "InvalidKeyPair.NotFound"},
        {"&SubnetId=subnet-0123456789abcdef0", "InvalidSubnetID.NotFound"},
        {"&SecurityGroupId.1=sg-0123456789abcdef0", "InvalidGroup.NotFound"},
        {"&SecurityGroupId.1=default", "InvalidGroupId.Malformed"},
        {"&SecurityGroup.1=nobody", "InvalidGroup.NotFound"},
        {"&Placement.AvailabilityZone=marsa", "InvalidParameterValue"},
        {"&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsdb&BlockDeviceMapping.1.Ebs.VolumeSize=8",
         "UnsupportedOperation"},
        {"&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsda1&BlockDeviceMapping.1.Ebs.VolumeSize=0",
         "InvalidParameterValue"},
        {"&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsda1&BlockDeviceMapping.1.Ebs.Encrypted=true",
         "UnsupportedOperation"},
        {"&EbsOptimized=true", "UnsupportedOperation"},
        {"&InstanceInitiatedShutdownBehavior=explode", "InvalidParameterValue"},
        {"&TagSpecification.1.ResourceType=moon&TagSpecification.1.Tag.1.Key=a",
         "InvalidParameterValue"},
        {"&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=aws:a",
         "InvalidParameterValue"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rig_pull(&rig, &w.cluster);
        rig_fails(&rig, arena_printf(&rig.arena, "%s%s", run, bad[i].more), 400, bad[i].code);
    }
    rig_fails(&rig, "Action=RunInstances&MinCount=1&MaxCount=1" V, 400, "MissingParameter");
    rig_fails(&rig, "Action=RunInstances&ImageId=ami-0123456789abcdef0&MinCount=1&MaxCount=1" V,
              400, "InvalidAMIID.NotFound");
    rig_fails(&rig, "Action=RunInstances&ImageId=nonsense&MinCount=1&MaxCount=1" V, 400,
              "InvalidAMIID.Malformed");
    rig_fails(&rig, "Action=TerminateInstances&InstanceId.1=i-0123456789abcdef0" V, 400,
              "InvalidInstanceID.NotFound");
    rig_fails(&rig, "Action=StopInstances&InstanceId.1=x" V, 400, "InvalidInstanceID.Malformed");
    assert_int_equal(store_i64(rig.store, -1,
                               "SELECT (SELECT count(*) FROM instance)+(SELECT count(*) FROM port)"
                               "+(SELECT count(*) FROM volume)+(SELECT count(*) FROM tag)",
                               ""),
                     0);
}

/* User data: 16 KiB of bytes are taken, one more is not. */
static void test_user_data_size(void **state)
{
    struct rig_world w;
    CLEANUP(buf_fini) struct buf text = {0};
    (void)state;
    rig_world(&rig, &w);
    for (int i = 0; i < 16384 / 3; i++)
        buf_text(&text, "QUFB");
    rig_run(&rig, &w, arena_printf(&rig.arena, "&UserData=%sQQ%%3D%%3D", buf_str(&text)));
    rig_fails(&rig,
              arena_printf(&rig.arena,
                           "Action=RunInstances&ImageId=%s&MinCount=1&MaxCount=1"
                           "&InstanceType=t1.nano&UserData=%sQUFB" V,
                           w.image, buf_str(&text)),
              400, "InvalidParameterValue");
}

static void test_paging(void **state)
{
    struct rig_world w;
    (void)state;
    rig_world(&rig, &w);
    for (int i = 0; i < 3; i++)
        rig_run(&rig, &w, "");
    rig_pull(&rig, &w.cluster);
    const char *body = rig_ok(&rig, arena_printf(&rig.arena,
                                                 "Action=RunInstances&ImageId=%s"
                                                 "&InstanceType=t1.nano&MinCount=4"
                                                 "&MaxCount=4" V,
                                                 w.image));
    assert_int_equal(rig_count(body, "<instanceId>"), 4);
    size_t seen = 0, pages = 0;
    const char *next = "";
    do {
        body = rig_ok(&rig, arena_printf(&rig.arena, "Action=DescribeInstances&MaxResults=5%s%s" V,
                                         *next != '\0' ? "&NextToken=" : "", next));
        seen += rig_count(body, "<amiLaunchIndex>");
        assert_true(rig_count(body, "<amiLaunchIndex>") <= 8); /* whole reservations */
        next = rig_text(&rig, body, "nextToken");
        pages++;
    } while (next != NULL);
    assert_int_equal(seen, 7);
    assert_true(pages <= 2);
}

/* Rows are read in pieces (api/ec2_instance_view.c): a page ends where it should wherever one ends,
 * and what matches a filter is found in the last of them. */
static void test_paging_over_pieces(void **state)
{
    struct rig_world w;
    size_t seen = 0;
    const char *body = "", *next = "", *last = NULL;
    (void)state;
    store_run(rig.store, "UPDATE account SET quota_instances=1000,quota_vcpus=1000", "");
    rig_world(&rig, &w);
    for (int i = 0; i < 3; i++) {
        rig_capacity(&rig, &w.cluster,
                     "{\"placed_rev\":1000000,\"fits\":[{\"type\":\"t1.nano\",\"count\":1000}]}");
        body = rig_ok(&rig, arena_printf(&rig.arena,
                                         "Action=RunInstances&ImageId=%s&InstanceType=t1.nano"
                                         "&MinCount=100&MaxCount=100&ClientToken=%d" V,
                                         w.image, i));
    }
    last = rig_text(&rig, body, "reservationId");
    assert_int_equal(rig_count(rig_ok(&rig, "Action=DescribeInstances" V), "<amiLaunchIndex>"),
                     300);
    body = rig_ok(&rig,
                  arena_printf(&rig.arena,
                               "Action=DescribeInstances&MaxResults=5&Filter.1.Name=reservation-id"
                               "&Filter.1.Value.1=%s" V,
                               last));
    assert_int_equal(rig_count(body, "<amiLaunchIndex>"), 100);
    for (size_t pages = 0; next != NULL; pages++) {
        assert_true(pages < 9);
        body = rig_ok(&rig, arena_printf(&rig.arena,
                                         "Action=DescribeInstanceStatus&IncludeAllInstances=true"
                                         "&MaxResults=50%s%s" V,
                                         *next != '\0' ? "&NextToken=" : "", next));
        seen += rig_count(body, "<systemStatus>");
        next = rig_text(&rig, body, "nextToken");
    }
    assert_int_equal(seen, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST_BARE(test_strangers), RIG_TEST_BARE(test_no_signature),
        RIG_TEST_BARE(test_expired),   RIG_TEST_BARE(test_actions),
        RIG_TEST_BARE(test_sts),       RIG_TEST_BARE(test_dry_run),
        RIG_TEST_BARE(test_bad_input), RIG_TEST_BARE(test_user_data_size),
        RIG_TEST_BARE(test_paging),    RIG_TEST_BARE(test_paging_over_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
