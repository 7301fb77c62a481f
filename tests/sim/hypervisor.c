/* hypervisor.c - the model of libvirt and its guests, by the contract of model/job.h: START is
 * define and create, ERASE is undefine and destroy, a create needs a definition. */
#include "tests/sim/machine.h"

#include "base/check.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { GUEST_STOPS_MS = 8000 };
/* How busy the machine is: another figure each second, all of them in the end. */
enum { IDLE_CHANGES_MS = 1000, IDLE_STEP = 377 };

struct sim_domain *sim_machine_domain(struct sim_machine *m, const char *instance)
{
    for (size_t i = 0; i < SIM_DOMAINS_MAX; i++)
        if (m->domains[i].is_defined && str_eq(m->domains[i].spec.instance, instance))
            return &m->domains[i];
    return NULL;
}

static struct sim_domain *free_domain(struct sim_machine *m)
{
    for (size_t i = 0; i < SIM_DOMAINS_MAX; i++)
        if (!m->domains[i].is_defined)
            return &m->domains[i];
    IMPOSSIBLE("more domains on a host than SIM_DOMAINS_MAX");
}

/* ---- start and end -------------------------------------------------------------------------- */

static bool has_root(const struct sim_machine *m, const struct host_hv_start *s)
{
    for (size_t i = 0; i < SIM_ROOTS_MAX; i++)
        if (m->roots[i].is_there && str_eq(m->roots[i].spec.instance, s->instance) &&
            m->roots[i].spec.pepoch == s->pepoch)
            return true;
    return false;
}

enum err_code sim_hypervisor_define(struct sim_machine *m, const struct host_hv_start *s)
{
    struct sim_domain *d = sim_machine_domain(m, s->instance);
    if (d != NULL && (d->spec.pepoch != s->pepoch || d->spec.generation > s->generation))
        return ERR_PRECONDITION;
    if (d != NULL && d->runs)
        return ERR_OK;
    if (*s->volume != '\0' && !has_root(m, s))
        return ERR_PRECONDITION;
    if (d == NULL)
        *(d = free_domain(m)) = (struct sim_domain){.is_defined = true};
    d->spec = *s;
    return ERR_OK;
}

void sim_hypervisor_create(struct sim_machine *m, const char *instance)
{
    struct sim_node *n = m->node;
    struct sim_domain *d = sim_machine_domain(m, instance);
    if (d == NULL || d->runs)
        return;
    d->runs = true;
    d->is_stopping = d->is_paused = false;
    d->run++;
    d->off_why = HOST_OFF_NONE;
    d->started_boot = n->boot;
    SIM_TRACE(n->world, n->name, "domain-runs", instance, "pepoch %ld generation %ld",
              (long)d->spec.pepoch, (long)d->spec.generation);
    m->watch->on_run(m, d);
    sim_hypervisor_say(m, instance);
}

static enum host_off_why why_of(enum sim_end how)
{
    switch (how) {
    case SIM_END_GUEST:
        return HOST_OFF_GUEST;
    case SIM_END_CRASH:
        return HOST_OFF_CRASH;
    case SIM_END_JOB: /* as libvirt's "destroyed" is told by computer-hypervisor */
    case SIM_END_POWER:
        return HOST_OFF_HOST;
    }
    IMPOSSIBLE("end");
}

void sim_hypervisor_end(struct sim_machine *m, struct sim_domain *d, enum sim_end how)
{
    static const char *const words[] = {"destroyed", "guest-off", "crashed", "power"};
    struct sim_node *n = m->node;
    if (!d->runs)
        return;
    d->runs = false;
    d->is_stopping = false;
    d->off_why = why_of(how);
    SIM_TRACE(n->world, n->name, "domain-ends", d->spec.instance, "pepoch %ld: %s",
              (long)d->spec.pepoch, words[how]);
    m->watch->on_end(m, d, how);
}

/* An unasked word of the helper; it may be lost like anything else. */
void sim_hypervisor_say(struct sim_machine *m, const char *instance)
{
    struct sim_node *n = m->node;
    if (n->core == NULL || sim_faults_hit(&n->world->faults, SIM_FAULT_FAIL_JOB))
        return;
    struct host_hv_event *ev = check_alloc(sizeof *ev);
    str_copy(ev->instance, sizeof ev->instance, instance);
    struct job_done done = {
        .kind = HOST_HV_EVENT, .text = "", .result = ev, .result_size = sizeof *ev};
    sim_node_take_job(n, &done, ev);
}

/* ---- the jobs ------------------------------------------------------------------------------- */

static void probe(struct sim_machine *m, struct sim_outcome *out)
{
    struct host_hv_probe *r = check_alloc(sizeof *r);
    str_copy(r->accelerator, sizeof r->accelerator, "tcg");
    str_copy(r->version, sizeof r->version, "model 1");
    str_copy(r->cpu, sizeof r->cpu, "qemu64");
    r->vcpus = m->vcpus;
    r->memory_mib = m->memory_mib;
    out->result = r;
    out->size = sizeof *r;
}

static enum host_domain_state state_of(const struct sim_domain *d)
{
    if (!d->runs)
        return HOST_DOMAIN_OFF;
    if (d->is_paused)
        return HOST_DOMAIN_PAUSED;
    return d->is_stopping ? HOST_DOMAIN_STOPPING : HOST_DOMAIN_RUNNING;
}

static void list(struct sim_machine *m, struct sim_outcome *out)
{
    struct host_hv_list *r = check_alloc(sizeof *r);
    snprintf(r->service, sizeof r->service, "service-%lu-%lu", (unsigned long)m->node->boot,
             (unsigned long)m->service);
    snprintf(r->boot, sizeof r->boot, "boot-%lu", (unsigned long)m->node->boot);
    r->idle_permille = m->node->world->now_ms / IDLE_CHANGES_MS * IDLE_STEP % 1001;
    for (size_t i = 0; i < SIM_DOMAINS_MAX; i++) {
        const struct sim_domain *d = &m->domains[i];
        if (!d->is_defined)
            continue;
        struct host_domain *to = &r->domains[r->len++];
        str_copy(to->instance, sizeof to->instance, d->spec.instance);
        to->pepoch = d->spec.pepoch;
        to->generation = d->spec.generation;
        to->profile = d->spec.profile.number;
        to->state = state_of(d);
        to->is_disk_error = to->state == HOST_DOMAIN_PAUSED;
        to->off_why = d->runs                            ? HOST_OFF_NONE
                      : d->off_why != HOST_OFF_UNKNOWN   ? d->off_why
                      : d->started_boot == m->node->boot ? HOST_OFF_UNKNOWN
                                                         : HOST_OFF_HOST;
    }
    out->result = r;
    out->size = sizeof *r;
}

/* number: the run that was asked to stop, and its place. */
static void stops_fire(struct sim_world *w, const struct sim_due *due)
{
    (void)w;
    struct sim_machine *m = due->what;
    struct sim_domain *d = &m->domains[due->number % SIM_DOMAINS_MAX];
    if (!d->runs || d->is_paused || d->run != due->number / SIM_DOMAINS_MAX)
        return;
    sim_hypervisor_end(m, d, SIM_END_GUEST);
    sim_hypervisor_say(m, d->spec.instance);
}

/* One guest in eight does not hear the button. */
static void press_button(struct sim_machine *m, struct sim_domain *d)
{
    struct sim_world *w = m->node->world;
    if (sim_world_draw(w, 8) == 0)
        return;
    d->is_stopping = true;
    sim_world_after(w, (int64_t)sim_world_draw(w, GUEST_STOPS_MS), stops_fire, m,
                    d->run * SIM_DOMAINS_MAX + (uint64_t)(d - m->domains));
}

static void console(struct sim_outcome *out)
{
    struct host_hv_console *r = check_alloc(sizeof *r);
    r->len = (int64_t)strlen("the model boots\n");
    memcpy(r->bytes, "the model boots\n", (size_t)r->len);
    out->result = r;
    out->size = sizeof *r;
}

static void act(struct sim_machine *m, int kind, const struct host_hv_target *t,
                struct sim_outcome *out)
{
    struct sim_domain *d = sim_machine_domain(m, t->instance);
    bool is_upto = kind == HOST_JOB_HV_DESTROY || kind == HOST_JOB_HV_ERASE;
    if (d == NULL || (is_upto && d->spec.pepoch > t->pepoch)) {
        out->code = kind == HOST_JOB_HV_REBOOT ? ERR_INSTANCE_STATE : ERR_OK;
        return;
    }
    if (!is_upto && d->spec.pepoch != t->pepoch) {
        out->code = ERR_PRECONDITION;
        return;
    }
    if (is_upto) {
        sim_hypervisor_end(m, d, SIM_END_JOB);
        sim_hypervisor_say(m, t->instance);
    }
    if (kind == HOST_JOB_HV_ERASE)
        d->is_defined = false;
    if (kind == HOST_JOB_HV_RESUME)
        d->is_paused = d->is_paused && !sim_machine_has_room(m);
    if (kind == HOST_JOB_HV_SHUTDOWN && d->runs && !d->is_paused)
        press_button(m, d);
    if (kind == HOST_JOB_HV_REBOOT && !d->runs)
        out->code = ERR_INSTANCE_STATE;
}

void sim_hypervisor_do(struct sim_machine *m, int kind, const void *spec, struct sim_outcome *out)
{
    if (kind == HOST_JOB_HV_PROBE)
        probe(m, out);
    else if (kind == HOST_JOB_HV_LIST)
        list(m, out);
    else if (kind == HOST_JOB_HV_CONSOLE)
        console(out);
    else
        act(m, kind, spec, out);
}
