/* replay.c - tables replay and token. */
#include "cloud-manager/store/replay.h"

const char *cloud_replay_get(struct store *st, struct arena *arena, const char *signature)
{
    struct query q;
    query_open(&q, st, "SELECT answer FROM replay WHERE signature=?", "s", signature);
    if (!query_next(&q))
        return NULL;
    const char *answer = arena_strdup(arena, query_text(&q, 0));
    query_close(&q);
    return answer;
}

void cloud_replay_save(struct store *st, const char *signature, const char *answer,
                       int64_t expires_wall_ms)
{
    store_run(st, "INSERT INTO replay VALUES(?,?,?)", "ssi", signature, answer, expires_wall_ms);
}

void cloud_replay_purge(struct store *st, int64_t wall_ms)
{
    store_run(st, "DELETE FROM replay WHERE expires_wall_ms<?", "i", wall_ms);
}

bool cloud_token_get(struct store *st, struct arena *arena, const char *account, const char *action,
                     const char *token, struct cloud_token *out)
{
    struct query q;
    query_open(&q, st,
               "SELECT hash,reservation FROM token WHERE account=? AND action=? AND token=?", "sss",
               account, action, token);
    if (!query_next(&q))
        return false;
    out->hash = arena_strdup(arena, query_text(&q, 0));
    out->reservation = arena_strdup(arena, query_text(&q, 1));
    query_close(&q);
    return true;
}

void cloud_token_insert(struct store *st, const char *account, const char *action,
                        const char *token, const struct cloud_token *row)
{
    store_run(st, "INSERT INTO token VALUES(?,?,?,?,?)", "sssss", account, action, token, row->hash,
              row->reservation);
}

void cloud_token_forget(struct store *st, const char *account, const char *action,
                        const char *token, const char *reservation)
{
    store_run(st, "DELETE FROM token WHERE account=? AND action=? AND token=? AND reservation=?",
              "ssss", account, action, token, reservation);
}
