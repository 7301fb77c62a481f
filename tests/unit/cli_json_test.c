/* cli_json_test.c - `-o json` says what botocore's parser reads in the same answer: every list,
 * number and boolean of EC2's model (tests/golden/cli/make.py made both sides). */
#include "tests/unit/cli_rig.h"

#include "base/buf.h"
#include "base/check.h"
#include "cli/json.h"

#include <jansson.h>
#include <string.h>

#ifndef GOLDEN_DIR
#define GOLDEN_DIR "tests/golden/cli"
#endif

static struct arena arena;

static struct cli_node *parse(const char *text)
{
    struct cli_node *root;
    struct cli_fault fault;
    assert_int_equal(cli_node_parse(&root, &arena, text, strlen(text), &fault), CLI_OK);
    return root;
}

/* Without what EC2 writes for what has no value, which a text cannot be told from. */
static void same_as_botocore(const char *action)
{
    CLEANUP(buf_fini) struct buf out = {0};
    json_error_t error;
    const char *xml = rig_read(&arena, arena_printf(&arena, GOLDEN_DIR "/%s.xml", action));
    const char *want = rig_read(&arena, arena_printf(&arena, GOLDEN_DIR "/%s.json", action));
    cli_json_answer(&out, parse(xml), false);
    json_t *have_json = json_loads(buf_str(&out), JSON_REJECT_DUPLICATES, &error);
    json_t *want_json = json_loads(want, 0, &error);
    assert_non_null(have_json);
    assert_non_null(want_json);
    if (!json_equal(have_json, want_json))
        fail_msg("%s: %s", action, buf_str(&out));
    json_decref(have_json);
    json_decref(want_json);
}

static void as_botocore_reads_it(void **state)
{
    (void)state;
    static const char *const actions[] = {
        "RunInstances",
        "DescribeInstances",
        "StopInstances",
        "DescribeImages",
        "DescribeKeyPairs",
        "DescribeTags",
        "DescribeVolumes",
        "DescribeAvailabilityZones",
        "DescribeRegions",
        "DescribeInstanceTypes",
        "DescribeVpcs",
        "DescribeSubnets",
        "DescribeSecurityGroups",
        "AuthorizeSecurityGroupIngress",
        "DescribeNetworkInterfaces",
        "GetConsoleOutput",
        "CreateKeyPair",
        "RegisterImage",
    };
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
        same_as_botocore(actions[i]);
}

static void text(const char *xml, const char *json)
{
    CLEANUP(buf_fini) struct buf out = {0};
    cli_json_answer(&out, parse(xml), false);
    assert_string_equal(buf_str(&out), json);
}

static void names_and_types(void **state)
{
    (void)state;
    text("<R><requestId>x</requestId><return>true</return></R>", "{\"return\":true}\n");
    text("<R><ETag>\"a\"</ETag><Size>12</Size><Key>k</Key></R>",
         "{\"eTag\":\"\\\"a\\\"\",\"size\":12,\"key\":\"k\"}\n");
    /* A name that means a number elsewhere may be a text here. */
    text("<R><stateReason><code>Client.X</code></stateReason><instanceState><code>16</code>"
         "</instanceState></R>",
         "{\"stateReason\":{\"code\":\"Client.X\"},\"instanceState\":{\"code\":16}}\n");
    text("<R><size/><isDefault/><tagSet/></R>",
         "{\"size\":\"\",\"isDefault\":\"\",\"tagSet\":[]}\n");
    text("<R><size>99999999999999999999</size></R>", "{\"size\":1e20}\n");
    text("<R><size>nan</size><total>-5</total></R>", "{\"size\":\"nan\",\"total\":-5}\n");
}

/* Our own native action, which no model describes. */
static void hosts(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    const struct cli_node *root = parse(
        "<R><hostSet><item><hostId>h1</hostId><instances>2</instances><roomSet><item>"
        "<class>vcpu</class><total>8</total><free>-1</free></item></roomSet></item></hostSet></R>");
    struct cli_nodes rows = cli_node_all(root, "hostSet/item", &arena);
    cli_json_rows(&out, &rows, false);
    assert_string_equal(buf_str(&out),
                        "[{\"hostId\":\"h1\",\"instances\":2,\"roomSet\":[{\"class\":"
                        "\"vcpu\",\"total\":8,\"free\":-1}]}]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_botocore_reads_it),
        cmocka_unit_test(names_and_types),
        cmocka_unit_test(hosts),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    return failed;
}
