/* herald.c - orders to raise and lower banners. See herald.h. */
#include "tests/sim/self/herald.h"

#include "base/str.h"
#include "tests/sim/damage.h"
#include "tests/sim/machine.h"
#include "tests/sim/net.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 5000, SOON_MS = 900, REST_MS = 12000, AGAIN_MS = 1000, ORDERS_OF_A_BURST = 4 };

/* The answer is the number of the newest order that the lord has taken. */
static void answered(void *self, int status, const char *body, size_t body_len)
{
    struct sim_banner *b = self;
    int64_t number = 0;
    (void)body_len;
    if (status == 200 && str_parse_i64(body, 0, INT64_MAX, &number) && number == b->number)
        b->is_told = true;
}

static void send(struct sim_banner *b)
{
    snprintf(b->order, sizeof b->order, "%s %" PRId64 " %s", b->is_up ? "raise" : "lower",
             b->number, b->vassal->name);
    sim_net_call_client(b->lord, &(struct sim_client_call){.self = b,
                                                           .done = answered,
                                                           .face = FACE_PUBLIC,
                                                           .method = "POST",
                                                           .target = "/",
                                                           .body = b->order,
                                                           .body_len = strlen(b->order),
                                                           .timeout_ms = ANSWER_MS});
}

static void flip(struct sim_banner *b)
{
    b->number++;
    b->is_up = !b->is_up;
    b->is_told = false;
    SIM_TRACE(b->vassal->world, "herald", b->is_up ? "raise" : "lower", b->vassal->name,
              "order %" PRId64, b->number);
    send(b);
}

/* number: orders that are left of this burst. */
static void order_fire(struct sim_world *w, const struct sim_due *due)
{
    struct sim_banner *b = due->what;
    uint64_t left = due->number;
    if (!w->faults.on)
        return;
    flip(b);
    if (left > 0)
        sim_world_after(w, 1 + (int64_t)sim_world_draw(w, SOON_MS), order_fire, b, left - 1);
    else
        sim_world_after(w, 1 + (int64_t)sim_world_draw(w, REST_MS), order_fire, b,
                        sim_world_draw(w, ORDERS_OF_A_BURST));
}

void sim_herald_begin(struct sim_herald *h, struct sim_node *lord, struct sim_node *const *vassals,
                      size_t len)
{
    h->world = lord->world;
    h->len = len;
    for (size_t i = 0; i < len; i++) {
        h->banners[i] = (struct sim_banner){.lord = lord, .vassal = vassals[i]};
        sim_world_after(h->world, 0, order_fire, &h->banners[i], 0);
    }
}

static void again_fire(struct sim_world *w, const struct sim_due *due)
{
    struct sim_banner *b = due->what;
    if (b->is_told)
        return;
    send(b);
    sim_world_after(w, AGAIN_MS, again_fire, b, 0);
}

/* What was told before may be undone by a restore since: it is ordered once more. */
void sim_herald_heal(struct sim_herald *h)
{
    for (size_t i = 0; i < h->len; i++) {
        flip(&h->banners[i]);
        sim_world_after(h->world, AGAIN_MS, again_fire, &h->banners[i], 0);
    }
}

static void finish_banner(struct sim_herald *h, const struct sim_banner *b)
{
    bool is_up = sim_ports_has(b->vassal->machine, b->vassal->name);
    if (!b->is_told)
        sim_world_fail(h->world, "I6", b->vassal->name, "order %" PRId64 " was never answered",
                       b->number);
    else if (is_up != b->is_up)
        sim_world_fail(h->world, "I6", b->vassal->name, "its banner is %s, and was ordered %s",
                       is_up ? "up" : "down", b->is_up ? "up" : "down");
}

void sim_herald_finish_core(struct sim_herald *h)
{
    for (size_t i = 0; i < h->len; i++)
        if (sim_damage_spares(h->banners[i].vassal))
            finish_banner(h, &h->banners[i]);
}

void sim_herald_finish(struct sim_herald *h)
{
    for (size_t i = 0; i < h->len; i++)
        finish_banner(h, &h->banners[i]);
}
