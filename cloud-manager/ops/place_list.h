/* place_list.h - reading zones: which there are, and whether they can be used now. */
#pragma once

#include "cloud-manager/ops/op.h"
#include "cloud-manager/store/node.h"

struct cloud_zone {
    const char *name;  /* "laba" */
    const char *id;    /* "lab-az1" */
    bool is_available; /* its cluster was heard of late */
};

/* `action` is whichever describes them. */
enum err_code cloud_zones_describe(struct cloud_op *op, enum cloud_action_id action,
                                   struct cloud_zone **out, size_t *len, struct err *err);
