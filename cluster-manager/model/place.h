/* place.h - which host: a pure choice among candidates, and why this one and not the others. */
#pragma once

#include "cluster-manager/model/room.h"

#include <stddef.h>

/* spread: the smallest share of memory in use, so that a host that fails takes few along;
 * pack: the greatest, so that whole hosts stay free for what is large;
 * balanced: the smallest share of whatever is scarcest there: memory, vCPUs or disk. */
enum place_strategy {
#define STRATEGY(name, word) PLACE_##name,
#include "cluster-manager/model/place.def"
#undef STRATEGY
    PLACE_STRATEGIES
};

enum place_why {
#define WHY(name, counted) PLACE_##name,
#include "cluster-manager/model/place.def"
#undef WHY
    PLACE_WHYS
};

struct place_host {
    const char *node;
    bool is_up;       /* heard lately, and well */
    bool is_drained;  /* an admin wants no new instances there */
    bool is_excluded; /* it refused this instance before */
    struct room total, used;
};

/* How many hosts there are for each reason, the first that holds. */
struct place_counts {
    int64_t hosts[PLACE_WHYS];
};

/* False when there is no such strategy. */
bool place_strategy_parse(const char *word, enum place_strategy *out);
const char *place_strategy_word(enum place_strategy strategy);

enum place_why place_why(const struct place_host *host, struct room need);
/* The host that the strategy prefers of those that fit, counted with the instance on it; of equal
 * ones the first, so that a list in the order of names gives the same choice each time. -1 when
 * none fits. Adds to `counts`. */
long place_choose(enum place_strategy strategy, const struct place_host *hosts, size_t len,
                  struct room need, struct place_counts *counts);
/* May what takes `from` of a host's room take `to` of it? What does not grow always may. */
bool place_may_grow(struct room total, struct room used, struct room from, struct room to);

/* For whoever asked for the instance: "of 6 hosts: 2 not up, 4 without 2048 MiB of memory". */
void place_explain(char *out, size_t out_size, const struct place_counts *counts, size_t hosts,
                   struct room need);
/* For admins, of one host: "with it 41 % of memory, 10 % of vCPUs, 2 % of disk in use" or
 * "1024 MiB of memory wanted, 500 free". */
void place_describe(char *out, size_t out_size, const struct place_host *host, struct room need);
