/* joiner.h - brings a child into the cloud by its token (PROTOCOL 10) and starts it then. */
#pragma once

#include "tests/sim/node.h"

struct sim_joiner {
    struct sim_node *child;
    bool is_done;
};

/* The child is held until it has joined; asked again until it has. */
void sim_joiner_begin(struct sim_joiner *j, struct sim_node *child);
/* The token that sim_joiner presents; for admit_token_add. */
void sim_joiner_token(const struct sim_node *child, char out[64]);
