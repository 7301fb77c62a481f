/* instance_write.c - tables instance and console: writing (instance.h). */
#include "cloud-manager/store/instance.h"

void cloud_instance_insert(struct store *st, const struct cloud_instance *row)
{
    store_run(st, ROW_INSERT("instance", CLOUD_INSTANCE_ROW),
              ROW_FORMAT(CLOUD_INSTANCE_ROW) ROW_ARGS(CLOUD_INSTANCE_ROW));
}

void cloud_instance_save_want(struct store *st, const struct cloud_instance *row)
{
    store_run(st,
              "UPDATE instance SET want=?,reboot_n=?,on_shutdown=?,launch_wall_ms=?,state=?,"
              "reason_code=?,reason=?,reason_wall_ms=?,generation=generation+1,is_dirty=1"
              " WHERE id=?",
              "iisiissis", row->want, row->reboot_n, row->on_shutdown, row->launch_wall_ms,
              row->state, row->reason_code, row->reason, row->reason_wall_ms, row->id);
}

void cloud_instance_save_attributes(struct store *st, const struct cloud_instance *row)
{
    store_run(st,
              "UPDATE instance SET type=?,vcpus=?,memory_mib=?,user_data=?,on_shutdown=?,"
              "no_terminate=?,no_stop=?,is_monitored=?,imds_off=?,imds_required=?,imds_tags=?,"
              "imds_hops=? WHERE id=?",
              "siissiiiiiiis", row->type, row->vcpus, row->memory_mib, row->user_data,
              row->on_shutdown, row->no_terminate, row->no_stop, row->is_monitored, row->imds_off,
              row->imds_required, row->imds_tags, row->imds_hops, row->id);
}

void cloud_instance_tell_again(struct store *st, const char *id)
{
    store_run(st,
              "UPDATE instance SET sent_generation=generation-1,is_dirty=1"
              " WHERE id=? AND is_live=1",
              "s", id);
}

void cloud_instance_tell_tags(struct store *st, const char *account, const char *resource)
{
    struct query q;
    STORE_EACH (st, q,
                "SELECT ?1 UNION SELECT instance FROM volume WHERE account=?2 AND id=?1"
                " UNION SELECT instance FROM port WHERE id=?1 ORDER BY 1",
                "ss", resource, account)
        cloud_instance_tell_again(st, query_text(&q, 0));
}

void cloud_instance_save_seen(struct store *st, const struct cloud_instance *row)
{
    store_run(st,
              "UPDATE instance SET seen=?,seen_generation=?,has_run=?,state=?,is_dirty=1"
              " WHERE id=?",
              "iiiis", row->seen, row->seen_generation, row->has_run, row->state, row->id);
}

void cloud_instance_save_status(struct store *st, const struct cloud_instance *row)
{
    store_run(st,
              "UPDATE instance SET status=?,status_why=?,status_wall_ms=?,step=?,step_percent=?"
              " WHERE id=?",
              "ssisis", row->status, row->status_why, row->status_wall_ms, row->step,
              row->step_percent, row->id);
}

void cloud_instance_touch(struct store *st, const char *id)
{
    store_run(st, "UPDATE instance SET generation=generation+1,is_dirty=1 WHERE id=? AND is_live=1",
              "s", id);
}

void cloud_instance_raise(struct store *st, const char *id, int64_t generation)
{
    store_run(st, "UPDATE instance SET generation=max(generation,?),is_dirty=1 WHERE id=?", "is",
              generation, id);
}

void cloud_instance_regroup(struct store *st, const char *id)
{
    store_run(st, "UPDATE instance SET groups_n=groups_n+1 WHERE id=?", "s", id);
    cloud_instance_tell_again(st, id);
}

void cloud_instance_raise_groups(struct store *st, const char *id, int64_t groups_n)
{
    store_run(st, "UPDATE instance SET groups_n=max(groups_n,?) WHERE id=?", "is", groups_n, id);
    cloud_instance_tell_again(st, id);
}

void cloud_instance_settled(struct store *st, const char *id, int64_t sent_generation,
                            int64_t sent_rev)
{
    store_run(st, "UPDATE instance SET is_dirty=0,sent_generation=?,sent_rev=? WHERE id=?", "iis",
              sent_generation, sent_rev, id);
}

void cloud_instance_end(struct store *st, const char *id, int64_t now_ms)
{
    store_run(st, "UPDATE instance SET is_live=0,terminated_ms=?,is_dirty=0 WHERE id=?", "is",
              now_ms, id);
}

void cloud_instance_delete(struct store *st, const char *id)
{
    store_run(st, "DELETE FROM instance WHERE id=?", "s", id);
}

const char *cloud_placement_get(struct store *st, struct arena *arena, const char *instance)
{
    struct query q;
    query_open(&q, st, "SELECT body FROM placement WHERE instance=?", "s", instance);
    if (!query_next(&q))
        return NULL;
    const char *body = arena_strdup(arena, query_text(&q, 0));
    query_close(&q);
    return body;
}

void cloud_placement_save(struct store *st, const char *instance, const char *body)
{
    store_run(st, "INSERT INTO placement VALUES(?1,?2) ON CONFLICT DO UPDATE SET body=?2", "ss",
              instance, body);
}

void cloud_placement_delete(struct store *st, const char *instance)
{
    store_run(st, "DELETE FROM placement WHERE instance=?", "s", instance);
}

const char *cloud_console_get(struct store *st, struct arena *arena, const char *instance,
                              int64_t *at_wall_ms)
{
    struct query q;
    query_open(&q, st, "SELECT text,at_wall_ms FROM console WHERE instance=?", "s", instance);
    if (!query_next(&q))
        return NULL;
    const char *text = arena_strdup(arena, query_text(&q, 0));
    *at_wall_ms = query_i64(&q, 1);
    query_close(&q);
    return text;
}

void cloud_console_save(struct store *st, const char *instance, const char *text,
                        int64_t at_wall_ms)
{
    store_run(st,
              "INSERT INTO console VALUES(?1,?2,?3) ON CONFLICT DO UPDATE SET text=?2,at_wall_ms=?3"
              " WHERE text<>?2",
              "ssi", instance, text, at_wall_ms);
}

void cloud_console_delete(struct store *st, const char *instance)
{
    store_run(st, "DELETE FROM console WHERE instance=?", "s", instance);
}
