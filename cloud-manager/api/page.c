/* page.c - paging without state. */
#include "cloud-manager/api/page.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/base64.h"

#include <string.h>

static const char *const unbound[] = {"NextToken", "MaxResults", "DryRun", NULL};

static enum err_code decode_token(struct cloud_page *page, struct cloud_query *q, const char *token,
                                  struct err *err)
{
    CLEANUP(buf_fini) struct buf plain = {0};
    bool is_fine = strlen(token) < 512 && base64_url_decode(&plain, token, strlen(token)) &&
                   plain.len > sizeof page->bound && strlen(plain.data) == plain.len &&
                   strncmp(plain.data, page->bound, sizeof page->bound - 1) == 0 &&
                   plain.data[sizeof page->bound - 1] == '|';
    if (!is_fine)
        return err_set(err, ERR_INVALID_PAGING_TOKEN,
                       "The token '%.64s' does not belong to this request", token);
    page->after = arena_strdup(q->arena, plain.data + sizeof page->bound);
    return ERR_OK;
}

enum err_code cloud_page_decode(struct cloud_page *out, struct cloud_query *q, int64_t least,
                                int64_t most, bool has_ids, struct err *err)
{
    char hash[DIGEST_SHA256_HEX_SIZE];
    const char *token = cloud_query_get(q, "NextToken");
    const char *max = cloud_query_get(q, "MaxResults");
    *out = (struct cloud_page){.max = INT64_MAX, .after = ""};
    cloud_query_hash(q, unbound, hash);
    str_copy(out->bound, sizeof out->bound, hash);
    if (max != NULL && has_ids)
        return err_set(err, ERR_PARAMETER_COMBINATION,
                       "The parameter MaxResults cannot be used together with ids");
    if (cloud_query_i64(q, "MaxResults", 1, INT64_MAX, INT64_MAX, &out->max, err) != ERR_OK)
        return err->code;
    if (max != NULL && out->max < least && !q->has_any_page)
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Value (%lld) for parameter MaxResults is invalid. Expecting a value "
                       "greater than %lld.",
                       (long long)out->max, (long long)least - 1);
    if (max != NULL && out->max > most)
        out->max = most;
    return token != NULL ? decode_token(out, q, token, err) : ERR_OK;
}

enum err_code cloud_page_decode_whole(struct cloud_page *out, struct cloud_query *q,
                                      struct err *err)
{
    if (q->has_any_page)
        return cloud_page_decode(out, q, 1, 1000, false, err);
    *out = (struct cloud_page){.max = INT64_MAX, .after = ""};
    return ERR_OK;
}

void cloud_page_token(struct buf *out, const struct cloud_page *page, const char *last)
{
    CLEANUP(buf_fini) struct buf plain = {0};
    buf_printf(&plain, "%s|%s", page->bound, last);
    base64_url_encode(out, plain.data, plain.len);
}

bool cloud_walk_takes(struct cloud_walk *walk, const char *key)
{
    if (strcmp(key, walk->page->after) <= 0 || walk->more)
        return false;
    walk->more = walk->given == walk->page->max;
    if (walk->more)
        return false;
    walk->given++;
    walk->last = key;
    return true;
}
