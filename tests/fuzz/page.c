/* page.c - target: MaxResults and NextToken (cloud-manager/api/page.h).
 *
 * Lines: a token as a stranger would send it, MaxResults, the last object, a filter; then how many
 * objects there are. Holds: a token of ours goes on behind its object, for the request that it was
 * made for and for no other; a stranger's is refused, or is what we would have written; a walk by
 * pages sees each object once, in order. */
#include "cloud-manager/api/page.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OBJECTS_MAX = 40 };

/* A request with these parameters, as any handler would read it; false: refused. */
static bool decode(struct cloud_page *page, struct arena *arena, const char *filter,
                   const char *token, const char *max)
{
    struct cloud_query q;
    struct err err = {0};
    cloud_query_begin(&q, arena, 4);
    cloud_query_add(&q, "Action", "DescribeThings");
    cloud_query_add(&q, "Filter.1.Value.1", filter);
    cloud_query_add(&q, "NextToken", token);
    cloud_query_add(&q, "MaxResults", max);
    INV(cloud_query_end(&q, &err) == ERR_OK);
    return cloud_page_decode(page, &q, 5, 1000, false, &err) == ERR_OK;
}

static void hold_own(struct arena *arena, const char *filter, const char *last)
{
    CLEANUP(buf_fini) struct buf token = {0};
    struct cloud_page page, next, other;
    INV(decode(&page, arena, filter, "", "") && *page.after == '\0' && page.max == INT64_MAX);
    if (*last == '\0' || strlen(last) > 300)
        return;
    cloud_page_token(&token, &page, last);
    INV(decode(&next, arena, filter, token.data, "7"));
    INV(str_eq(next.after, last) && next.max == 7);
    INV(!decode(&other, arena, arena_printf(arena, "%s.", filter), token.data, "7"));
}

static void hold_stranger(struct arena *arena, const char *filter, const char *token,
                          const char *max)
{
    CLEANUP(buf_fini) struct buf again = {0};
    struct cloud_page page;
    if (!decode(&page, arena, filter, token, max))
        return;
    INV(page.max >= 5 && (page.max <= 1000 || page.max == INT64_MAX));
    if (*token == '\0')
        return;
    cloud_page_token(&again, &page, page.after);
    INV(str_eq(again.data, token));
}

/* Of `len` objects, in pages of `max`. */
static void hold_walk(struct arena *arena, size_t len, int64_t max)
{
    char keys[OBJECTS_MAX][8];
    size_t seen = 0;
    struct cloud_page page = {.max = max, .after = ""};
    struct cloud_walk walk = {.more = true};
    for (size_t i = 0; i < len; i++)
        snprintf(keys[i], sizeof keys[i], "k%05zu", i * 3);
    while (walk.more) {
        walk = (struct cloud_walk){.page = &page};
        for (size_t i = 0; i < len; i++)
            if (cloud_walk_takes(&walk, keys[i]))
                INV(i == seen++);
        INV(walk.given <= max && (!walk.more || walk.given == max));
        page.after = walk.more ? arena_strdup(arena, walk.last) : page.after;
    }
    INV(seen == len);
}

static void hold_whole_list(struct arena *arena, const char *max)
{
    struct cloud_query q;
    struct cloud_page page;
    struct err err = {0};
    for (int is_rest = 0; is_rest < 2; is_rest++) {
        cloud_query_begin(&q, arena, 1);
        q.has_any_page = is_rest == 1;
        cloud_query_add(&q, "MaxResults", max);
        if (cloud_page_decode_whole(&page, &q, &err) == ERR_OK)
            INV(page.max >= 1);
        if (cloud_page_decode(&page, &q, 5, 1000, true, &err) == ERR_OK)
            INV(*max == '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    struct fuzz input = {data, len};
    char *lines[4];
    for (size_t i = 0; i < 4; i++)
        lines[i] = fuzz_line(&input);
    hold_own(&arena, lines[3], lines[2]);
    hold_stranger(&arena, lines[3], lines[0], lines[1]);
    hold_whole_list(&arena, lines[1]);
    uint8_t objects = fuzz_byte(&input), max = fuzz_byte(&input);
    hold_walk(&arena, objects % OBJECTS_MAX, 1 + max % 16);
    for (size_t i = 0; i < 4; i++)
        free(lines[i]);
    return 0;
}
