/* disks.c - the model of a host's bases and root disks; they outlive everything but their order. */
#include "tests/sim/machine.h"

#include "base/check.h"
#include "base/str.h"

static bool has_base(const struct sim_machine *m, const char *manifest)
{
    for (size_t i = 0; i < SIM_BASES_MAX; i++)
        if (str_eq(m->bases[i], manifest))
            return true;
    return false;
}

static void fetch_base(struct sim_machine *m, const struct host_disk_base *spec)
{
    size_t at = 0;
    if (has_base(m, spec->manifest))
        return;
    while (at < SIM_BASES_MAX && m->bases[at][0] != '\0')
        at++;
    INV(at < SIM_BASES_MAX);
    str_copy(m->bases[at], HOST_HASH_SIZE, spec->manifest);
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
    if (!has_base(m, spec->manifest)) {
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

static void list(struct sim_machine *m, struct sim_outcome *out)
{
    struct host_disk_list *r = check_alloc(sizeof *r);
    r->total_bytes = r->free_bytes = m->disk_bytes;
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
    else
        list(m, out);
}
