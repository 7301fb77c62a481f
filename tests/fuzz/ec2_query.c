/* ec2_query.c - target: the parameters of an EC2 Query request (cloud-manager/api/query.h).
 *
 * First line: the target; then the body. Holds: what is decoded is UTF-8, sorted, each once, none
 * empty; written anew in another order it decodes to the same and has the same hash; whoever asked
 * for all of them is done. */
#include "cloud-manager/api/query.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static const char *const without[] = {"NextToken", NULL};

static void hold_params(const struct cloud_query *q)
{
    for (size_t i = 0; i < q->len; i++) {
        const struct cloud_param *p = &q->params[i];
        INV(*p->value != '\0' && !p->is_used);
        INV(fuzz_is_utf8(p->name, strlen(p->name)) && fuzz_is_utf8(p->value, strlen(p->value)));
        INV(i == 0 || strcmp(q->params[i - 1].name, p->name) < 0);
    }
}

static void put_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        buf_printf(out, "%%%02x", (unsigned)(unsigned char)*text);
}

/* The last first, every byte escaped; half in the target, half in the body. */
static void hold_again(const struct cloud_query *q)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    struct buf halves[2] = {{0}, {0}};
    struct cloud_query again;
    struct err err = {0};
    char hash[DIGEST_SHA256_HEX_SIZE], hash_again[DIGEST_SHA256_HEX_SIZE];
    buf_text(&halves[0], "/?");
    for (size_t i = q->len; i-- > 0;) {
        put_escaped(&halves[i % 2], q->params[i].name);
        buf_char(&halves[i % 2], '=');
        put_escaped(&halves[i % 2], q->params[i].value);
        buf_char(&halves[i % 2], '&');
    }
    INV(cloud_query_decode(&again, &arena, halves[0].data, buf_str(&halves[1]), halves[1].len,
                           &err) == ERR_OK);
    buf_fini(&halves[0]);
    buf_fini(&halves[1]);
    INV(again.len == q->len);
    for (size_t i = 0; i < q->len; i++)
        INV(str_eq(again.params[i].name, q->params[i].name) &&
            str_eq(again.params[i].value, q->params[i].value));
    cloud_query_hash(q, without, hash);
    cloud_query_hash(&again, without, hash_again);
    INV(str_eq(hash, hash_again));
}

static void hold_lists(struct cloud_query *q)
{
    static const char *const prefixes[] = {"InstanceId", "Filter", "Filter.1.Value"};
    for (size_t k = 0; k < sizeof prefixes / sizeof *prefixes; k++) {
        struct cloud_indices indices = cloud_query_indices(q, prefixes[k]);
        struct cloud_texts texts = cloud_query_list(q, prefixes[k]);
        INV(indices.len <= q->len && texts.len <= q->len);
        for (size_t i = 0; i < indices.len; i++) {
            INV(indices.list[i] > 0 && (i == 0 || indices.list[i - 1] < indices.list[i]));
            cloud_query_getf(q, "%s.%u.Name", prefixes[k], indices.list[i]);
        }
        for (size_t i = 0; i < texts.len; i++)
            INV(*texts.list[i] != '\0');
    }
}

static void hold_asked(struct cloud_query *q)
{
    struct err err = {0};
    const char *text;
    int64_t number;
    bool flag;
    if (cloud_query_i64(q, "MaxResults", 5, 1000, 7, &number, &err) == ERR_OK)
        INV(number >= 5 && number <= 1000);
    bool is_there = cloud_query_need(q, "DryRun", &text, &err) == ERR_OK;
    if (cloud_query_bool(q, "DryRun", false, &flag, &err) == ERR_OK && is_there)
        INV(str_eq(text, flag ? "true" : "false"));
    INV(!cloud_query_accept(q, "Version", "")); /* what is empty is absent */
    cloud_query_accept(q, "Version", "2016-11-15");
}

static void hold_done(struct cloud_query *q)
{
    struct err err = {0};
    size_t left = 0;
    for (size_t i = 0; i < q->len; i++)
        left += !q->params[i].is_used;
    INV((cloud_query_done(q, &err) == ERR_OK) == (left == 0));
    for (size_t i = 0; i < q->len; i++)
        INV(cloud_query_get(q, q->params[i].name) == q->params[i].value);
    INV(cloud_query_done(q, &err) == ERR_OK);
}

/* Filled by another spelling: as many names, or a refusal. */
static void hold_built(const struct cloud_query *from)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    struct cloud_query q;
    struct err err = {0};
    cloud_query_begin(&q, &arena, from->len + 2);
    for (size_t i = from->len; i-- > 0;)
        cloud_query_add(&q, from->params[i].name, from->params[i].value);
    cloud_query_add(&q, "Empty", "");
    INV(cloud_query_end(&q, &err) == ERR_OK && q.len == from->len);
    if (from->len == 0)
        return;
    cloud_query_add(&q, from->params[0].name, "twice");
    INV(cloud_query_end(&q, &err) == ERR_PARAMETER_COMBINATION);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    struct fuzz input = {data, len};
    struct cloud_query q;
    struct err err = {0};
    char *target = fuzz_line(&input), *body = fuzz_rest(&input, &len);
    enum err_code code = cloud_query_decode(&q, &arena, target, body, len, &err);
    INV(code == err.code);
    if (code == ERR_OK) {
        hold_params(&q);
        hold_again(&q);
        hold_built(&q);
        hold_lists(&q);
        hold_asked(&q);
        hold_done(&q);
    }
    free(target);
    free(body);
    return 0;
}
