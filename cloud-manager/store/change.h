/* change.h - which objects have changed, in the order in which they last did. Table change.
 *
 * One row an object, moved to the end by triggers with each change that an owner can see; so the
 * table is as long as there are objects, and whoever has heard all up to a number hears what is
 * after it, however long he was away: each object once, as it is now. Rows of what is gone stay
 * until CLOUD_CHANGES_KEPT others came. */
#pragma once

#include "base/arena.h"
#include "base/store.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLOUD_CHANGES_KEPT = 100 * 1000 };

struct cloud_change {
    int64_t number;
    const char *kind; /* "instances", as a path of REST has it */
    const char *id;
    const char *image_state; /* of an image, else "" */
    int64_t instance_state;  /* of an instance or a volume's, else -1; and more of its row: */
    int64_t has_run, generation, seen_generation, step_percent;
    const char *step;
    bool is_gone;
};

struct cloud_change_list {
    struct cloud_change *list;
    size_t len;
};

/* The number of the last one, whoever's; 0 = none yet. */
int64_t cloud_change_newest(struct store *st);
/* An account's behind `after`, at most `max`. */
struct cloud_change_list cloud_change_list(struct store *st, struct arena *arena,
                                           const char *account, int64_t after, int64_t max);
/* Rows that nobody can need any more. */
void cloud_change_purge(struct store *st);
/* After a restore: numbers given out since the backup are passed over, so that whoever heard them
 * hears everything that changes from now on. */
void cloud_change_leap(struct store *st);
