/* asking.c - see asking.h. */
#include "tests/unit/asking.h"

static void give(const char **text)
{
    if (*text == NULL)
        *text = "";
}

void asking_fill(struct wire_sync_request *m, const char *node, const char *boot, int64_t boot_n,
                 int64_t seq)
{
    m->proto = 1;
    m->node = node;
    m->boot = boot;
    m->boot_n = boot_n;
    m->seq = seq;
    m->listed = true;
    give(&m->store_id_seen);
    give(&m->start_id_seen);
    give(&m->held_for);
    give(&m->capacity);
    give(&m->health);
}

struct event asking_event(uint64_t id, const char *node, const struct buf *body)
{
    return (struct event){.kind = EVENT_REQUEST,
                          .request = {.id = id,
                                      .face = FACE_TIER,
                                      .method = "POST",
                                      .target = "/v1/sync",
                                      .body = buf_str(body),
                                      .body_len = body->len,
                                      .peer_node = node,
                                      .peer_serial = "",
                                      .peer_not_after_ms = INT64_MAX,
                                      .remote = "",
                                      .trace = ""}};
}
