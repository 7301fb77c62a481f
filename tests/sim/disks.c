/* disks.c - the model of a host's bases and root disks; they outlive everything but their order. */
#include "tests/sim/machine.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/grant.h"
#include "tests/sim/shadow.h"

#define SIM_BASE_BYTES  ((int64_t)1 << 30)
/* Of parts of bases that were never finished: more than the cache may have, whatever else is there.
 */
#define SIM_PARTS_BYTES ((int64_t)100 << 30)

static struct sim_base *base_of(struct sim_machine *m, const char *manifest)
{
    for (size_t i = 0; i < SIM_BASES_MAX; i++) {
        struct sim_base *base = &m->bases[i];
        if (base->manifest[0] == '\0')
            str_copy(base->manifest, sizeof base->manifest, manifest);
        if (str_eq(base->manifest, manifest))
            return base;
    }
    IMPOSSIBLE("more images than a machine has room for");
}

bool sim_disks_has_base(const struct sim_machine *m, const char *manifest)
{
    for (size_t i = 0; i < SIM_BASES_MAX; i++)
        if (m->bases[i].is_there && str_eq(m->bases[i].manifest, manifest))
            return true;
    return false;
}

static const struct sim_machine *machine_of(const struct sim_machine *m, const char *node)
{
    for (size_t i = 0; m->shadow != NULL && i < m->shadow->machines_len; i++)
        if (str_eq(m->shadow->machines[i]->node->name, node))
            return m->shadow->machines[i];
    return NULL;
}

/* Whoever is to be asked before dos is another machine, and lets this one in. It may have lost the
 * image by now: then dos is asked. */
static void check_source(const struct sim_machine *m, const struct host_disk_base *spec,
                         const struct host_source *source)
{
    struct sim_world *w = m->node->world;
    const struct sim_machine *other = machine_of(m, source->node);
    unsigned char key[GRANT_KEY_SIZE];
    struct err err = {0};
    if (other == NULL || other == m)
        sim_world_fail(w, "SHARE", m->node->name, "was told to fetch from %s", source->node);
    else if (str_unhex(key, sizeof key, other->share.key) &&
             grant_check(source->grant, key, m->node->name, spec->manifest, 0, &err) != ERR_OK)
        sim_world_fail(w, "SHARE", m->node->name, "is not let in by %s: %s", source->node,
                       err.text);
}

static void fetch_base(struct sim_machine *m, const struct host_disk_base *spec)
{
    for (int64_t i = 0; i < spec->sources_len; i++)
        check_source(m, spec, &spec->sources[i]);
    base_of(m, spec->manifest)->is_there = true;
}

static struct sim_root *find(struct sim_machine *m, const char *instance, int64_t pepoch)
{
    for (size_t i = 0; i < SIM_ROOTS_MAX; i++)
        if (m->roots[i].is_there && str_eq(m->roots[i].spec.instance, instance) &&
            m->roots[i].spec.pepoch == pepoch)
            return &m->roots[i];
    return NULL;
}

static void make_root(struct sim_machine *m, const struct host_disk_root *spec,
                      struct sim_outcome *out)
{
    if (find(m, spec->instance, spec->pepoch) != NULL)
        return;
    if (!sim_disks_has_base(m, spec->manifest)) {
        out->code = ERR_PRECONDITION;
        return;
    }
    size_t at = 0;
    while (at < SIM_ROOTS_MAX && m->roots[at].is_there)
        at++;
    INV(at < SIM_ROOTS_MAX);
    m->roots[at] = (struct sim_root){.is_there = true, .spec = *spec};
    m->watch->on_root(m, spec, true);
}

static void erase(struct sim_machine *m, const struct host_disk_target *t)
{
    for (size_t i = 0; i < SIM_ROOTS_MAX; i++) {
        struct sim_root *r = &m->roots[i];
        if (!r->is_there || !str_eq(r->spec.instance, t->instance) || r->spec.pepoch > t->pepoch)
            continue;
        r->is_there = false;
        m->watch->on_root(m, &r->spec, false);
    }
}

static bool is_free(const struct sim_machine *m, const char *manifest,
                    const struct host_disk_evict *spec)
{
    for (size_t i = 0; i < SIM_ROOTS_MAX; i++)
        if (m->roots[i].is_there && str_eq(m->roots[i].spec.manifest, manifest))
            return false;
    for (int64_t i = 0; i < spec->pins_len; i++)
        if (str_eq(spec->pins[i], manifest))
            return false;
    return true;
}

/* As if the disk were full: whatever may go goes, as old as it may be. */
static void evict(struct sim_machine *m, const struct host_disk_evict *spec,
                  struct sim_outcome *out)
{
    struct host_disk_evicted *r = check_alloc(sizeof *r);
    for (size_t i = 0; i < SIM_BASES_MAX; i++) {
        struct sim_base *base = &m->bases[i];
        if (!base->is_there || !is_free(m, base->manifest, spec))
            continue;
        base->is_there = false;
        base->evicted_ms = m->node->world->now_ms;
        r->bases++;
        r->freed_bytes += SIM_BASE_BYTES;
    }
    out->result = r;
    out->size = sizeof *r;
}

static void list(struct sim_machine *m, struct sim_outcome *out)
{
    struct host_disk_list *r = check_alloc(sizeof *r);
    r->total_bytes = r->images_total_bytes = m->disk_bytes;
    r->free_bytes = r->images_free_bytes = sim_machine_has_room(m) ? m->disk_bytes : 0;
    r->cached_bytes = SIM_PARTS_BYTES;
    for (size_t i = 0; i < SIM_BASES_MAX; i++) {
        if (!m->bases[i].is_there)
            continue;
        str_copy(r->bases[r->bases_len].manifest, HOST_HASH_SIZE, m->bases[i].manifest);
        r->bases[r->bases_len++].size_bytes = SIM_BASE_BYTES;
        r->cached_bytes += SIM_BASE_BYTES;
    }
    for (size_t i = 0; i < SIM_ROOTS_MAX; i++) {
        if (!m->roots[i].is_there)
            continue;
        str_copy(r->roots[r->len].instance, sizeof r->roots[0].instance, m->roots[i].spec.instance);
        r->roots[r->len++].pepoch = m->roots[i].spec.pepoch;
    }
    out->result = r;
    out->size = sizeof *r;
}

void sim_disks_do(struct sim_machine *m, int kind, const void *spec, struct sim_outcome *out)
{
    if (kind == HOST_JOB_DISK_BASE)
        fetch_base(m, spec);
    else if (kind == HOST_JOB_DISK_ROOT)
        make_root(m, spec, out);
    else if (kind == HOST_JOB_DISK_ERASE)
        erase(m, spec);
    else if (kind == HOST_JOB_DISK_EVICT)
        evict(m, spec, out);
    else if (kind == HOST_JOB_SHARE_KEY)
        m->share = *(const struct host_share_key *)spec;
    else
        list(m, out);
}
