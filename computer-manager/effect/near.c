/* near.c - see near.h.
 *
 *        have -> chunks that it has and are missing here -> have -> ... -> nothing is missing */
#include "computer-manager/effect/near.h"

#include "base/check.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A chain of twenty hosts is two seconds behind the first one. */
enum { ASK_MS = 100, STILL_MS = 2000 };

struct near {
    struct assembly *a;
    char folder[NEAR_FOLDER_SIZE];
    unsigned char *have; /* a bit a chunk */
    size_t have_size;
    size_t at; /* in `missing`: what was not looked at since it told what it has */
    size_t under_way;
    int64_t asked_ms, heard_ms, moved_ms;
    bool is_asked, is_still;
};

static int64_t now_ms(void)
{
    struct clock clock = clock_system();
    return clock.read(clock.self).mono_ms;
}

void host_near_folder(char out[NEAR_FOLDER_SIZE], const char *manifest)
{
    int len = snprintf(out, NEAR_FOLDER_SIZE, "/v1/bases/%s/", manifest);
    PRE(len > 0 && len < NEAR_FOLDER_SIZE);
}

static bool has(const struct near *n, size_t index)
{
    return (n->have[index / 8] >> (index % 8) & 1) != 0;
}

/* What a large part has takes its time to be told: no more than a quarter of all time goes there.
 */
static int64_t ask_again_ms(const struct near *n)
{
    int64_t pause = 3 * (n->heard_ms - n->asked_ms);
    return n->heard_ms + (pause > ASK_MS ? pause : ASK_MS);
}

/* It was asked after the last that came, had nothing else, and has had nothing for long. */
static bool stands_still(const struct near *n, int64_t now)
{
    return n->asked_ms > n->moved_ms && now - n->moved_ms >= STILL_MS;
}

static bool find_chunk(struct near *n, struct host_fetch_item *item)
{
    const struct assembly *a = n->a;
    while ((n->at = assembly_next(a, n->at)) < a->missing_len && !has(n, a->missing[n->at]))
        n->at = assembly_run_end(a, n->at);
    if (n->at == a->missing_len)
        return false;
    size_t index = a->missing[n->at], len = manifest_chunk_len(&a->manifest, index);
    *item = (struct host_fetch_item){
        .path = n->folder, .size = len, .size_max = len, .index = n->at};
    snprintf(item->leaf, sizeof item->leaf, "%zu", index);
    memcpy(item->hash, a->manifest.chunks[index].hash, sizeof item->hash);
    n->at = assembly_run_end(a, n->at);
    return true;
}

static void ask(struct near *n, struct host_fetch_item *item, int64_t now)
{
    n->asked_ms = now;
    n->is_asked = true;
    *item = (struct host_fetch_item){
        .path = n->folder, .leaf = "have", .is_hearsay = true, .size_max = n->have_size};
}

static enum host_fetch_next next(void *self, struct host_fetch_item *item)
{
    struct near *n = self;
    int64_t now = now_ms();
    if (!n->is_asked)
        ask(n, item, now);
    else if (!find_chunk(n, item)) {
        if (n->under_way > 0)
            return HOST_FETCH_LATER;
        n->is_still = n->a->left > 0 && stands_still(n, now);
        if (n->a->left == 0 || n->is_still)
            return HOST_FETCH_END;
        if (now < ask_again_ms(n))
            return HOST_FETCH_LATER;
        ask(n, item, now);
    }
    n->under_way++;
    return HOST_FETCH_ITEM;
}

static enum err_code heard(struct near *n, const struct buf *body, struct err *err)
{
    n->heard_ms = now_ms();
    if (body->len != 0 && body->len != n->have_size)
        return err_set(err, ERR_IMAGE_INVALID, "what the peer has is no part of this image");
    if (body->len != 0)
        memcpy(n->have, body->data, body->len);
    n->at = 0;
    return ERR_OK;
}

static enum err_code got(void *self, const struct host_fetch_item *item, const struct buf *body,
                         struct err *err)
{
    struct near *n = self;
    n->under_way--;
    if (item->is_hearsay)
        return heard(n, body, err);
    n->moved_ms = now_ms();
    return assembly_take(n->a, item->index, body, ASSEMBLY_NEIGHBOUR, err);
}

enum err_code host_near_follow(struct assembly *a, const struct host_fetch_peer *peer,
                               struct err *err)
{
    struct near n = {.a = a, .have_size = (a->manifest.len + 7) / 8, .moved_ms = now_ms()};
    struct host_fetch_feed feed = {&n, next, got};
    host_near_folder(n.folder, a->job->manifest);
    n.have = check_alloc(n.have_size);
    enum err_code code = host_fetch_run(peer, &feed, err);
    free(n.have);
    if (code == ERR_OK && n.is_still)
        code = err_set(err, ERR_UNAVAILABLE, "nothing has come to it");
    return code;
}
