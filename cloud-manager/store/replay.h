/* replay.h - what was answered before: by signature, and by ClientToken. Tables replay, token. */
#pragma once

#include "base/arena.h"
#include "base/store.h"

#include <stdbool.h>
#include <stdint.h>

/* The answer that was given to `signature` (hex), in `arena`, or NULL. */
const char *cloud_replay_get(struct store *st, struct arena *arena, const char *signature);
void cloud_replay_save(struct store *st, const char *signature, const char *answer,
                       int64_t expires_wall_ms);
void cloud_replay_purge(struct store *st, int64_t wall_ms);

struct cloud_token {
    const char *hash; /* of the canonical parameters */
    const char *reservation;
};
bool cloud_token_get(struct store *st, struct arena *arena, const char *account, const char *action,
                     const char *token, struct cloud_token *out);
void cloud_token_insert(struct store *st, const char *account, const char *action,
                        const char *token, const struct cloud_token *row);
/* The reservation has no row left: its token may be used again. */
void cloud_token_forget(struct store *st, const char *account, const char *action,
                        const char *token, const char *reservation);
