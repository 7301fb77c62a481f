/* records.c - the records in RAM: which there are, and which are to be planned.
 *
 * A turn plans what is marked and nothing else. Whatever a plan reads (plan/plan_record.h: record
 * and view) marks when it changes:
 *
 *   what changed                                              marks                     where
 *   its wish or its end came                                  it                        api/cluster
 *   rules of a group came or went                             all in that group         groups
 *   its job ended                                             it                        done
 *   listed: its domain is another, its disk has an error      it                        done
 *   listed: its port lacks something                          it                        done_net
 *   its base is here, is not, is further on its way, failed   all that wait for it      cache,
 * done, steps there is room on the disk, or is none any more            all done the machine has
 * booted, wishes are fresh                  all                       done, act the time that its
 * plan named came (host_plan_due_ms)      it                        act an order was given, it is
 * gone                            other placements of its   orders instance
 *
 * It marks its twins, the other placements of its instance, whenever it is marked itself: they wait
 * for its domain to go (R8). The turn to start is no mark but a queue (starts.c). The simulator
 * plans every record after turns and looks whether anything was forgotten (host_core_is_planned).
 */
#include "base/check.h"
#include "base/str.h"
#include "computer-manager/host.h"
#include "computer-manager/store/record.h"

#include <stdlib.h>

static struct host_record *first_of(const struct host_core *c, const char *instance)
{
    return map_get(&c->instances, instance);
}

void host_records_add(struct host_core *c, struct host_record *r)
{
    char key[HOST_KEY_SIZE];
    host_record_key(key, r->id, r->pepoch);
    r->due = (struct due){0};
    list_init(&r->mark);
    map_put(&c->records, key, r);
    r->twin = map_put(&c->instances, r->id, r);
}

static void free_record(struct host_record *r)
{
    host_wish_free(r->wish);
    free(r);
}

/* Out of the chain of its twins. */
static void unchain(struct host_core *c, struct host_record *r)
{
    struct host_record *first = first_of(c, r->id);
    if (first == r && r->twin == NULL) {
        map_remove(&c->instances, r->id);
        return;
    }
    if (first == r)
        map_put(&c->instances, r->id, r->twin);
    for (; first != r && first != NULL; first = first->twin)
        if (first->twin == r)
            first->twin = r->twin;
}

void host_records_remove(struct host_core *c, struct host_record *r)
{
    char key[HOST_KEY_SIZE];
    host_record_key(key, r->id, r->pepoch);
    unchain(c, r);
    list_remove(&r->mark);
    due_set(&c->dues, &r->due, INT64_MAX);
    map_remove(&c->records, key);
    free_record(r);
}

void host_records_free(struct map *records)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(records, &at)) != NULL;)
        free_record(e->value);
    map_fini(records);
}

void host_records_forget(struct host_core *c)
{
    map_fini(&c->instances);
    due_fini(&c->dues);
    list_init(&c->marked);
}

/* ---- marks --------------------------------------------------------------------------------- */

static void mark(struct host_core *c, struct host_record *r)
{
    c->is_dirty = true;
    if (list_is_empty(&r->mark))
        list_append(&c->marked, &r->mark);
}

void host_mark(struct host_core *c, struct host_record *r)
{
    mark(c, r);
    host_mark_twins(c, r);
}

void host_mark_twins(struct host_core *c, const struct host_record *r)
{
    for (struct host_record *other = first_of(c, r->id); other != NULL; other = other->twin)
        if (other != r)
            mark(c, other);
}

void host_mark_all(struct host_core *c)
{
    size_t at = 0;
    c->is_dirty = true;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;)
        mark(c, e->value);
}

void host_mark_base(struct host_core *c, const char *manifest)
{
    size_t at = 0;
    c->is_dirty = true;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        struct host_record *r = e->value;
        if (!r->is_root_made && str_eq(r->manifest, manifest))
            mark(c, r);
    }
}

void host_mark_group(struct host_core *c, const char *group)
{
    size_t at = 0;
    c->is_dirty = true;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        struct host_record *r = e->value;
        if (r->wish == NULL || !host_wish_is_in(r->wish, group))
            continue; /* what has not been read yet is marked */
        r->wish->port_sum = 0;
        mark(c, r);
    }
}

void host_mark_due(struct host_core *c)
{
    for (struct due *d; (d = due_first(&c->dues)) != NULL && d->at_ms <= c->at.now_ms;) {
        due_set(&c->dues, d, INT64_MAX);
        mark(c, LIST_ENTRY(d, struct host_record, due));
    }
}

struct host_record *host_marked_next(struct host_core *c)
{
    if (list_is_empty(&c->marked))
        return NULL;
    struct host_record *r = LIST_ENTRY(c->marked.next, struct host_record, mark);
    list_remove(&r->mark);
    return r;
}

bool host_record_is_alone(const struct host_core *c, const struct host_record *r)
{
    for (const struct host_record *other = first_of(c, r->id); other != NULL; other = other->twin)
        if (other != r && host_record_may_have_domain(other))
            return false;
    return true;
}
