/* cloud_rest_test.c - REST: its routes, what a request may carry, cursors, entity tags, keys, and
 * that every action that EC2 has is there. */
#include "tests/unit/cloud_rig.h"

#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/api/rest.h"
#include "proto/wire/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t ask(const char *method, const char *target, const char *body)
{
    return rig_rest(&rig, method, target, body, NULL);
}

/* The body, which is JSON, of an answer with that status. */
static const char *wants(int status, const char *method, const char *target, const char *body)
{
    uint64_t id = ask(method, target, body);
    struct wire_json json;
    struct err err = {0};
    const char *said = rig_body(&rig, id);
    if (rig_status(&rig, id) != status)
        fprintf(stderr, "%s %s: %d %s\n", method, target, rig_status(&rig, id), said);
    assert_int_equal(rig_status(&rig, id), status);
    if (status != 204)
        assert_int_equal(wire_json_parse(&json, &rig.arena, said, strlen(said), &err), ERR_OK);
    return said;
}

/* An answer that is a problem of that code. */
static void refuses(int status, const char *code, const char *method, const char *target,
                    const char *body)
{
    const char *said = wants(status, method, target, body);
    struct wire_json json;
    wire_json_parse(&json, &rig.arena, said, strlen(said), NULL);
    const struct wire_json *got = wire_json_get(&json, "code");
    INV(got != NULL);
    if (!str_eq(got->text, code))
        fprintf(stderr, "%s %s: %s\n", method, target, said);
    assert_string_equal(got->text, code);
    assert_int_equal(wire_json_get(&json, "status")->number, status);
}

static const char *text_in(const char *body, const char *name)
{
    const char *open = arena_printf(&rig.arena, "\"%s\":\"", name);
    const char *at = strstr(body, open);
    assert_non_null(at);
    at += strlen(open);
    return arena_strndup(&rig.arena, at, strcspn(at, "\""));
}

static const char *launch(const char *more)
{
    const char *body = arena_printf(&rig.arena, "{\"image\":\"%s\",\"type\":\"t1.nano\"%s}",
                                    world.image, more);
    rig_pull(&rig, &world.cluster);
    return text_in(wants(202, "POST", "/v1/instances", body), "id");
}

static const char *at(const char *format, const char *id)
{
    const char *mark = strstr(format, "{}");
    return arena_printf(&rig.arena, "%.*s%s%s", (int)(mark - format), format, id, mark + 2);
}

/* ---- routes --------------------------------------------------------------------------------- */

static void test_nowhere(void **state)
{
    (void)state;
    refuses(404, "not-found", "GET", "/v1", "");
    refuses(404, "not-found", "GET", "/v1/", "");
    refuses(404, "not-found", "GET", "/v1/nothing", "");
    refuses(404, "not-found", "GET", "/v1/instances/", "");
    refuses(404, "not-found", "GET", "/v1/instances/i-1/console/more", "");
    refuses(405, "method-not-allowed", "PUT", "/v1/instances", "");
    refuses(405, "method-not-allowed", "DELETE", "/v1/zones", "");
}

/* What the signature reads as another path is none of ours. */
static void test_dots(void **state)
{
    (void)state;
    refuses(404, "not-found", "GET", "/v1/../v1/instances", "");
    refuses(404, "not-found", "GET", "/v1//instances", "");
    refuses(404, "not-found", "GET", "/v1/instances/.", "");
    refuses(404, "not-found", "GET", "/v1/instances/%2e%2e", "");
    refuses(404, "not-found", "GET", "/v1/instances/%00", "");
}

static void test_strangers(void **state)
{
    struct cloud_root root = rig.root;
    struct request r = {.face = FACE_PUBLIC,
                        .method = "GET",
                        .target = "/v1/instances",
                        .headers = (struct header[]){{"Host", "x"}},
                        .headers_len = 1,
                        .body = "",
                        .peer_node = "",
                        .peer_serial = "",
                        .remote = "",
                        .trace = "t"};
    (void)state;
    assert_int_equal(rig_status(&rig, rig_raw(&rig, &r)), 401);
    r.target = CLOUD_REST_OPENAPI;
    assert_int_equal(rig_status(&rig, rig_raw(&rig, &r)), 200);
    rig.root.secret[0] = rig.root.secret[0] == 'A' ? 'B' : 'A';
    refuses(401, "unknown-key", "GET", "/v1/instances", "");
    rig.root = root;
    str_copy(rig.root.key_id, sizeof rig.root.key_id, "AKIAABCDEFGHIJKLMNOP");
    refuses(401, "unknown-key", "GET", "/v1/instances", "");
    rig.root = root;
    wants(200, "GET", "/v1/instances", "");
}

/* One operation layer: whatever EC2 can do is here, or the reason why not. */
static void test_every_action(void **state)
{
    static const char *const elsewhere[] = {
        "DescribeVpcAttribute",                       /* constants */
        "UpdateSecurityGroupRuleDescriptionsIngress", /* what a PATCH of a rule can do as well */
        "UpdateSecurityGroupRuleDescriptionsEgress",
        "DescribeInstanceCreditSpecifications", /* empty for every type that there is */
        "DescribeAddressesAttribute",           /* no address has the one that there is */
    };
    static const char *const names[] = {
#define EC2(id, name, handler, effect, secrecy) name,
#define STS(id, name, handler, effect, secrecy) name,
#define REST(id, name, effect, secrecy)         name,
#include "cloud-manager/ops/actions.def"
#undef EC2
#undef STS
#undef REST
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bool is_there = false;
        for (size_t k = 0; k < cloud_routes_len; k++)
            is_there = is_there || cloud_routes[k].action == (enum cloud_action_id)i;
        for (size_t k = 0; k < sizeof elsewhere / sizeof *elsewhere; k++)
            is_there = is_there || str_eq(elsewhere[k], names[i]);
        if (!is_there)
            fprintf(stderr, "no route for %s\n", names[i]);
        assert_true(is_there);
    }
}

static void test_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < cloud_routes_len; i++) {
        const struct cloud_route *one = &cloud_routes[i];
        assert_int_equal(strstr(one->path, "{id}") != NULL, strstr(one->params, "{id}") != NULL);
        assert_int_equal(one->answer == CLOUD_ANSWER_EMPTY, one->status == 204);
        assert_int_equal(one->answer == CLOUD_ANSWER_EMPTY, one->shape == CLOUD_SHAPE_NONE);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(one->id, cloud_routes[k].id);
            assert_false(str_eq(one->path, cloud_routes[k].path) &&
                         str_eq(one->method, cloud_routes[k].method));
        }
    }
}

/* JSON with a name twice would mean two things. */
static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < CLOUD_SHAPES; i++)
        for (size_t k = 0; k < cloud_shapes[i].len; k++)
            for (size_t n = 0; n < k; n++)
                assert_string_not_equal(cloud_shapes[i].members[n].name,
                                        cloud_shapes[i].members[k].name);
    for (size_t i = 0; i < CLOUD_INPUTS; i++)
        for (size_t k = 0; k < cloud_inputs[i].len; k++)
            for (size_t n = 0; n < k; n++)
                assert_string_not_equal(cloud_inputs[i].fields[n].name,
                                        cloud_inputs[i].fields[k].name);
}

/* Every reference in the document is to something in it. */
static void test_openapi(void **state)
{
    CLEANUP(buf_fini) struct buf out = {0};
    struct wire_json json;
    struct err err = {0};
    static const char ref[] = "#/components/schemas/";
    (void)state;
    cloud_openapi(&out);
    assert_int_equal(wire_json_parse(&json, &rig.arena, out.data, out.len, &err), ERR_OK);
    const struct wire_json *schemas = wire_json_get(wire_json_get(&json, "components"), "schemas");
    for (const char *p = buf_str(&out); (p = strstr(p, ref)) != NULL;) {
        p += strlen(ref);
        const char *name = arena_strndup(&rig.arena, p, strcspn(p, "\""));
        assert_non_null(wire_json_get(schemas, name));
    }
}

/* ---- requests ------------------------------------------------------------------------------- */

static void test_bad_bodies(void **state)
{
    static const struct {
        const char *body, *code;
    } bad[] = {
        {"", "missing-parameter"},
        {"[]", "malformed-json"},
        {"{", "malformed-json"},
        {"{\"image\":\"ami-1\",\"image\":\"ami-2\"}", "malformed-json"},
        {"{\"image\":\"a\\u0000b\"}", "malformed-json"},
        {"{\"image\":7}", "invalid-parameter"},
        {"{\"image\":\"\"}", "invalid-parameter"},
        {"{\"image\":\"ami-1\",\"count\":\"2\"}", "invalid-parameter"},
        {"{\"image\":\"ami-1\",\"count\":1.5}", "invalid-parameter"},
        {"{\"image\":\"ami-1\",\"count\":null}", "invalid-parameter"},
        {"{\"image\":\"ami-1\",\"is_monitored\":\"true\"}", "invalid-parameter"},
        {"{\"image\":\"ami-1\",\"groups\":[]}", "invalid-parameter"},
        {"{\"image\":\"ami-1\",\"groups\":[1]}", "invalid-parameter"},
        {"{\"image\":\"ami-1\",\"tags\":{\"a\":1}}", "invalid-parameter"},
        {"{\"image\":\"ami-1\",\"tags\":[\"a\"]}", "invalid-parameter"},
        {"{\"image\":\"ami-1\",\"imaeg\":\"x\"}", "unknown-parameter"},
        {"{\"image\":\"ami-1\",\"user_data\":\"x\",\"user_data_base64\":\"eA==\"}",
         "parameter-combination"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses(400, bad[i].code, "POST", "/v1/instances", bad[i].body);
    refuses(400, "bad-request", "GET", "/v1/instances", "{}");
    refuses(400, "unknown-parameter", "GET", "/v1/instances?limt=5", "");
    refuses(400, "invalid-parameter", "GET", "/v1/instances?limit=0", "");
    refuses(400, "invalid-parameter", "GET", "/v1/instances?limit=1001", "");
    refuses(400, "invalid-parameter", "GET", "/v1/instances?filter[colour]=red", "");
    refuses(400, "invalid-paging-token", "GET", "/v1/instances?cursor=bm90aGluZw", "");
    refuses(400, "unknown-parameter", "GET", "/v1/hosts?filter[a]=b", "");
    refuses(404, "instance-malformed", "GET", "/v1/instances/x", "");
    refuses(404, "instance-type", "GET", "/v1/instance-types/x", "");
    refuses(404, "invalid-parameter", "GET", "/v1/zones/x", "");
}

static void test_launch(void **state)
{
    (void)state;
    const char *id = launch(",\"count\":1,\"tags\":{\"Name\":\"a \\\"b\\\"\",\"empty\":\"\"},"
                            "\"user_data\":\"#!/bin/sh\"");
    const char *body = wants(200, "GET", at("/v1/instances/{}", id), "");
    assert_string_equal(text_in(body, "state"), "pending");
    assert_string_equal(text_in(body, "state_reason_code"), "pending");
    assert_non_null(strstr(body, "\"progress\":{\"step\":\"host\",\"message\":\"waiting for its "
                                 "host\"}"));
    assert_non_null(strstr(body, "\"tags\":{\"Name\":\"a \\\"b\\\"\",\"empty\":\"\"}"));
    assert_non_null(strstr(body, "\"launch_index\":0"));
    const char *answer = rig_ok(&rig, at("Action=DescribeInstanceAttribute&Attribute=userData"
                                         "&InstanceId={}",
                                         id));
    assert_string_equal(rig_text(&rig, answer, "value"), "IyEvYmluL3No");
    assert_string_equal(text_in(wants(202, "DELETE", at("/v1/instances/{}", id), ""), "state"),
                        "shutting-down");
    refuses(412, "dry-run", "DELETE", at("/v1/instances/{}?dry_run=true", id), "");
}

/* Any page size; a cursor belongs to its request and its path. */
static void test_cursors(void **state)
{
    const char *body = "", *target = "/v1/instances?limit=2", *seen = "";
    size_t pages = 0, items = 0;
    (void)state;
    for (int i = 0; i < 5; i++)
        launch("");
    for (;; pages++) {
        body = arena_strdup(&rig.arena, wants(200, "GET", target, ""));
        items += rig_count(body, "\"launched_at\"");
        for (const char *p = body; (p = strstr(p, "{\"id\":\"i-")) != NULL; p++) {
            const char *id = text_in(p, "id");
            assert_null(strstr(seen, id));
            seen = arena_printf(&rig.arena, "%s %s", seen, id);
        }
        if (strstr(body, "\"next_cursor\"") == NULL)
            break;
        target = at("/v1/instances?limit=2&cursor={}", text_in(body, "next_cursor"));
    }
    assert_int_equal(items, 5);
    assert_int_equal(pages, 2);
    target = strstr(target, "cursor=");
    refuses(400, "invalid-paging-token", "GET", at("/v1/volumes?{}", target), "");
    refuses(400, "invalid-paging-token", "GET",
            at("/v1/instances?filter[instance-type]=t1.*&{}", target), "");
    body = wants(200, "GET", "/v1/instances?filter[instance-type]=m1.*,t1.na%3Fo&limit=1", "");
    assert_int_equal(rig_count(body, "\"launched_at\""), 1);
    body = wants(200, "GET", "/v1/instances?filter[instance-type]=m1.*", "");
    assert_string_equal(body, "{\"items\":[]}");
}

/* Of what EC2 gives whole there are pages too; in EC2's own spelling there are none. */
static void test_cursors_of_whole_lists(void **state)
{
    static const char *const names[] = {"a", "b", "b x", "c", "e"};
    const char *body = "", *target = "/v1/key-pairs?limit=2";
    size_t pages = 1, items = 0;
    (void)state;
    for (size_t i = 0; i < 5; i++)
        wants(201, "POST", "/v1/key-pairs",
              arena_printf(&rig.arena, "{\"name\":\"%s\",\"type\":\"ed25519\"}", names[4 - i]));
    for (;; pages++) {
        body = arena_strdup(&rig.arena, wants(200, "GET", target, ""));
        for (const char *p = body; (p = strstr(p, "\"name\":\"")) != NULL; p++)
            assert_int_equal(strncmp(p + 8, names[items], strlen(names[items])), 0), items++;
        if (strstr(body, "\"next_cursor\"") == NULL)
            break;
        target = at("/v1/key-pairs?limit=2&cursor={}", text_in(body, "next_cursor"));
    }
    assert_true(items == 5 && pages == 3);
    refuses(400, "invalid-paging-token", "GET", at("/v1/addresses?{}", strstr(target, "cursor=")),
            "");
    wants(200, "GET", "/v1/zones?limit=1", "");
    static const char *const actions[] = {"DescribeKeyPairs", "DescribeAddresses",
                                          "DescribeAvailabilityZones"};
    for (size_t i = 0; i < 3; i++)
        rig_fails(&rig, arena_printf(&rig.arena, "Action=%s&MaxResults=5", actions[i]), 400,
                  "UnsupportedOperation");
}

/* ---- entity tags ---------------------------------------------------------------------------- */

static const char *etag_of(uint64_t id)
{
    return arena_strdup(&rig.arena, rig.replies[id % RIG_REPLIES].etag);
}

static void test_etags(void **state)
{
    (void)state;
    const char *target = at("/v1/instances/{}", launch(""));
    uint64_t id = ask("GET", target, "");
    const char *etag = etag_of(id);
    struct header known = {"If-None-Match", etag};
    assert_int_equal(strlen(etag), CLOUD_ETAG_SIZE - 1);
    id = rig_rest(&rig, "GET", target, "", &known);
    assert_int_equal(rig_status(&rig, id), 304);
    assert_string_equal(rig_body(&rig, id), "");
    assert_string_equal(etag_of(id), etag);
    wants(202, "DELETE", target, "");
    id = rig_rest(&rig, "GET", target, "", &known);
    assert_int_equal(rig_status(&rig, id), 200);
    assert_string_not_equal(etag_of(id), etag);
    assert_string_equal(etag_of(ask("GET", "/v1/instances", "")), "");
}

static int match(const char *method, const char *target, const char *etag)
{
    struct header known = {"If-Match", etag};
    uint64_t id = rig_rest(&rig, method, target, "", &known);
    return rig_status(&rig, id);
}

/* A change is done only to what the caller knows, and If-Match is never passed over. */
static void test_if_match(void **state)
{
    (void)state;
    const char *target = at("/v1/instances/{}", launch(""));
    const char *stop = arena_printf(&rig.arena, "%s/actions/stop?dry_run=true", target);
    const char *etag = etag_of(ask("GET", target, ""));
    assert_int_equal(match("DELETE", target, "\"another\""), 412);
    refuses(412, "dry-run", "POST", stop, "");
    assert_int_equal(match("GET", target, etag), 400);
    assert_int_equal(match("POST", "/v1/key-pairs", etag), 400);
    assert_int_equal(match("DELETE", "/v1/instances/i-0123456789abcdef0", "*"), 404);
    assert_string_equal(text_in(wants(200, "GET", target, ""), "state"), "pending");
    assert_int_equal(match("DELETE", target, etag), 202);
    assert_int_equal(match("DELETE", target, etag), 412);
    assert_int_equal(match("DELETE", target, "*"), 202);
}

static void test_etag_lists(void **state)
{
    (void)state;
    assert_true(cloud_rest_etag_is_in("\"a\"", "\"a\""));
    assert_true(cloud_rest_etag_is_in("\"b\" , W/\"a\"", "\"a\""));
    assert_true(cloud_rest_etag_is_in("*", "\"a\""));
    assert_false(cloud_rest_etag_is_in("", "\"a\""));
    assert_false(cloud_rest_etag_is_in("\"ab\",a", "\"a\""));
    assert_false(cloud_rest_etag_is_in(",,", "\"a\""));
}

/* ---- keys ----------------------------------------------------------------------------------- */

static const char *with_key(const char *target, const char *body, const char *key, int status)
{
    struct header header = {"Idempotency-Key", key};
    uint64_t id = rig_rest(&rig, "POST", target, body, &header);
    if (rig_status(&rig, id) != status)
        fprintf(stderr, "%s: %s\n", target, rig_body(&rig, id));
    assert_int_equal(rig_status(&rig, id), status);
    return arena_strdup(&rig.arena, rig_body(&rig, id));
}

/* Another signature, the same key: the launch of the first; other parameters: none. */
static void test_key_of_launch(void **state)
{
    const char *body = at("{\"image\":\"{}\",\"type\":\"t1.nano\"}", world.image);
    (void)state;
    rig_pull(&rig, &world.cluster);
    const char *first = text_in(with_key("/v1/instances", body, "k1", 202), "id");
    assert_string_equal(text_in(with_key("/v1/instances", body, "k1", 202), "id"), first);
    body = at("{\"image\":\"{}\",\"type\":\"t1.nano\",\"count\":2}", world.image);
    with_key("/v1/instances", body, "k1", 422);
    with_key("/v1/instances", body, "k\xff", 400);
    assert_int_equal(rig_count(wants(200, "GET", "/v1/instances", ""), "\"launched_at\""), 1);
}

/* A secret is answered again, and not kept readable; a key is an account's own and lasts a day. */
static void test_key_of_others(void **state)
{
    static const char target[] = "/v1/key-pairs", body[] = "{\"name\":\"a\",\"type\":\"ed25519\"}";
    (void)state;
    const char *first = with_key(target, body, "k", 201);
    assert_non_null(strstr(first, "PRIVATE KEY"));
    assert_string_equal(with_key(target, body, "k", 201), first);
    with_key(target, "{\"name\":\"b\",\"type\":\"ed25519\"}", "k", 422);
    with_key("/v1/addresses", "{}", "k", 422);
    refuses(409, "key-pair-duplicate", "POST", target, body);
    with_key(target, "{\"name\":\"b\",\"type\":\"ed25519\"}", "", 400);
    with_key(target, "{\"name\":\"b\",\"type\":\"ed25519\"}", "a b", 400);
    struct query q;
    query_open(&q, rig.store, "SELECT COUNT(*) FROM replay WHERE answer LIKE '%PRIVATE%'", "");
    assert_true(query_next(&q));
    assert_int_equal(query_i64(&q, 0), 0);
    query_close(&q);
    rig_advance(&rig, 25 * 3600 * 1000);
    refuses(409, "key-pair-duplicate", "POST", target, body);
    assert_int_equal(with_key(target, body, "k", 409)[0], '{');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_nowhere),
        RIG_TEST(test_dots),
        RIG_TEST(test_strangers),
        cmocka_unit_test(test_every_action),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_names),
        RIG_TEST(test_openapi),
        RIG_TEST(test_bad_bodies),
        RIG_TEST(test_launch),
        RIG_TEST(test_cursors),
        RIG_TEST(test_cursors_of_whole_lists),
        RIG_TEST(test_etags),
        cmocka_unit_test(test_etag_lists),
        RIG_TEST(test_if_match),
        RIG_TEST(test_key_of_launch),
        RIG_TEST(test_key_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
