/* joiner.c - one POST /v1/join, until it is answered. */
#include "tests/sim/joiner.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/str.h"
#include "proto/wire/messages.h"
#include "tests/sim/net.h"

#include <stdio.h>

enum { AGAIN_MS = 500, ANSWER_MS = 3000 };

void sim_joiner_token(const struct sim_node *child, char out[64])
{
    snprintf(out, 64, "token of %s", child->name);
}

static void send(struct sim_joiner *j);

static void again_fire(struct sim_world *w, const struct sim_due *due)
{
    (void)w;
    send(due->what);
}

static void done(void *self, int status, const char *body, size_t body_len)
{
    struct sim_joiner *j = self;
    struct sim_world *w = j->child->world;
    struct arena arena = {0};
    struct wire_joined joined;
    struct err err;
    SIM_TRACE(w, j->child->name, "join", "", "%d", status);
    if (status == 200 &&
        wire_decode(&wire_joined_type, body, body_len, &arena, &joined, &err) == ERR_OK &&
        str_unhex(j->child->link_key, sizeof j->child->link_key, joined.link_key)) {
        str_copy(j->child->serial, sizeof j->child->serial, joined.certificate);
        j->is_done = true;
        j->child->is_held = false;
        sim_node_start(j->child);
    } else {
        sim_world_after(w, AGAIN_MS, again_fire, j, 0);
    }
    arena_fini(&arena);
}

static void send(struct sim_joiner *j)
{
    CLEANUP(buf_fini) struct buf body = {0};
    char token[64];
    sim_joiner_token(j->child, token);
    wire_encode(&body, &wire_join_type,
                &(struct wire_join){
                    .node = j->child->name, .token = token, .csr = "a certificate request"});
    sim_net_call_client(j->child->parent, &(struct sim_client_call){.self = j,
                                                                    .done = done,
                                                                    .face = FACE_TIER,
                                                                    .method = "POST",
                                                                    .target = "/v1/join",
                                                                    .body = body.data,
                                                                    .body_len = body.len,
                                                                    .timeout_ms = ANSWER_MS});
}

void sim_joiner_begin(struct sim_joiner *j, struct sim_node *child)
{
    *j = (struct sim_joiner){.child = child};
    child->is_held = true;
    sim_world_after(child->world, 1, again_fire, j, 0);
}
