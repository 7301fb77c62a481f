/* machine.c - jobs of a host: when they happen, and whether. */
#include "tests/sim/machine.h"

#include "base/check.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

enum part { HYPERVISOR, NETWORK, DISKS };

/* How long each kind takes when all is well, ms. */
static const struct row {
    int kind;
    const char *name;
    enum part part;
    int64_t least_ms, most_ms;
    bool is_ordered; /* by instance, the first field of its struct: one after the other */
} rows[] = {
    {HOST_JOB_HV_PROBE, "hv-probe", HYPERVISOR, 10, 500, false},
    {HOST_JOB_HV_LIST, "hv-list", HYPERVISOR, 2, 60, false},
    {HOST_JOB_HV_START, "hv-start", HYPERVISOR, 100, 4000, true},
    {HOST_JOB_HV_SHUTDOWN, "hv-shutdown", HYPERVISOR, 2, 50, true},
    {HOST_JOB_HV_DESTROY, "hv-destroy", HYPERVISOR, 20, 500, true},
    {HOST_JOB_HV_REBOOT, "hv-reboot", HYPERVISOR, 2, 50, true},
    {HOST_JOB_HV_RESUME, "hv-resume", HYPERVISOR, 2, 50, true},
    {HOST_JOB_HV_ERASE, "hv-erase", HYPERVISOR, 20, 600, true},
    {HOST_JOB_HV_CONSOLE, "hv-console", HYPERVISOR, 2, 50, false},
    {HOST_JOB_NET_LIST, "net-list", NETWORK, 2, 50, false},
    {HOST_JOB_NET_PORT, "net-port", NETWORK, 10, 200, false},
    {HOST_JOB_NET_UNPORT, "net-unport", NETWORK, 10, 200, false},
    {HOST_JOB_NET_GROUP, "net-group", NETWORK, 5, 50, false},
    {HOST_JOB_NET_PEERS, "net-peers", NETWORK, 5, 50, false},
    {HOST_JOB_DISK_BASE, "disk-base", DISKS, 100, 8000, false},
    {HOST_JOB_DISK_ROOT, "disk-root", DISKS, 10, 200, false},
    {HOST_JOB_DISK_ERASE, "disk-erase", DISKS, 5, 100, false},
    {HOST_JOB_DISK_LIST, "disk-list", DISKS, 2, 50, false},
    {HOST_JOB_DISK_EVICT, "disk-evict", DISKS, 2, 50, false},
    {HOST_JOB_SHARE_KEY, "share-key", DISKS, 1, 5, false},
};

enum { AFTERWARDS_MS = 60000, NEVER = -1, REPORTS = 3 /* of a fetch, while it goes on */ };

/* What will become of an order once it is taken up. */
struct fate {
    int64_t define_ms, do_ms; /* do_ms may be NEVER */
    int64_t answer_ms;        /* from do to answer */
    bool fails;
};

/* An order under way. It is done at `do_ms` after it came, if ever, and answered later. */
struct job {
    struct list link;
    struct sim_machine *machine;
    const struct row *row;
    uint64_t life, boot, service, helper, job_id;
    bool has_begun;  /* the helper took it up */
    bool is_ended;   /* the core has its answer */
    bool is_dead;    /* what it had begun comes to nothing any more */
    bool is_defined; /* of a START: its first half is done */
    struct fate fate;
    struct sim_outcome outcome;
    unsigned fires; /* events that will still name it */
    int64_t reports;
    void *spec; /* stands behind the struct */
};

static const struct row *row_of(int kind)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].kind == kind)
            return &rows[i];
    IMPOSSIBLE("a job kind that the machine does not know");
}

struct sim_machine *sim_machine_new(struct sim_node *n, const struct sim_machine_watch *watch)
{
    struct sim_machine *m = check_alloc(sizeof *m);
    *m = (struct sim_machine){.node = n,
                              .watch = watch,
                              .memory_mib = 8192,
                              .vcpus = 4,
                              .disk_bytes = INT64_C(200) << 30,
                              .service_is_up = true,
                              .service = 1};
    list_init(&m->jobs);
    return m;
}

static void job_free(struct job *j)
{
    list_remove(&j->link);
    free(j->outcome.result);
    free(j);
}

void sim_machine_free(struct sim_machine *m)
{
    LIST_EACH_SAFE (it, &m->jobs)
        job_free(LIST_ENTRY(it, struct job, link));
    free(m);
}

static void begin_next(const struct job *ended);

/* ---- answers -------------------------------------------------------------------------------- */

/* Is the daemon that ordered it still there to hear? */
static bool is_heard(const struct job *j)
{
    const struct sim_node *n = j->machine->node;
    return n->core != NULL && n->life == j->life && !j->is_ended;
}

/* What the order is about: the first field of most structs. */
static const char *name_of(const struct job *j)
{
    int kind = j->row->kind;
    bool is_whole = kind == HOST_JOB_HV_LIST || kind == HOST_JOB_HV_PROBE ||
                    kind == HOST_JOB_NET_LIST || kind == HOST_JOB_DISK_LIST ||
                    kind == HOST_JOB_DISK_EVICT || kind == HOST_JOB_NET_PEERS ||
                    kind == HOST_JOB_SHARE_KEY;
    if (is_whole)
        return "";
    return kind == HOST_JOB_NET_PORT ? ((const struct host_port *)j->spec)->instance : j->spec;
}

static void answer(struct job *j, struct sim_outcome *o)
{
    if (!is_heard(j))
        return;
    j->is_ended = true;
    struct sim_node *n = j->machine->node;
    SIM_TRACE(n->world, n->name, j->row->name, name_of(j), "job %lu: %s", (unsigned long)j->job_id,
              err_row(o->code)->name);
    struct job_done done = {.job_id = j->job_id,
                            .kind = j->row->kind,
                            .code = o->code,
                            .text = o->code == ERR_OK ? "" : "the simulator says so",
                            .result = o->result,
                            .result_size = o->size};
    sim_node_take_job(n, &done, o->result);
    o->result = NULL;
    begin_next(j);
}

static void unfire(struct job *j)
{
    if (--j->fires == 0)
        job_free(j);
}

/* Past a deadline the helper is killed: all that it had in hand ends with an unknown outcome. */
static void kill_helper(struct job *late)
{
    struct sim_machine *m = late->machine;
    uint64_t helper = late->helper;
    if (late->row->part == HYPERVISOR)
        m->helper++;
    LIST_EACH_SAFE (it, &m->jobs) {
        struct job *j = LIST_ENTRY(it, struct job, link);
        bool same_helper = late->row->part != DISKS && j->row->part == late->row->part &&
                           j->helper == helper;
        if (j != late && !same_helper)
            continue;
        /* What computer-network was doing ends with it; the hypervisor service goes on. */
        j->is_dead = j->is_dead || j->row->part == NETWORK;
        answer(j, &(struct sim_outcome){.code = ERR_TIMEOUT});
    }
}

static void deadline_fire(struct sim_world *w, const struct sim_due *due)
{
    (void)w;
    struct job *j = due->what;
    if (is_heard(j))
        kill_helper(j);
    unfire(j);
}

static void answer_fire(struct sim_world *w, const struct sim_due *due)
{
    (void)w;
    struct job *j = due->what;
    answer(j, &j->outcome);
    unfire(j);
}

/* ---- deeds ---------------------------------------------------------------------------------- */

/* An order dies with the boot; one for the hypervisor with the service, others with the daemon. */
static bool is_alive(const struct job *j)
{
    const struct sim_machine *m = j->machine;
    if (m->node->boot != j->boot || !m->node->is_powered || j->is_dead)
        return false;
    if (j->row->part == HYPERVISOR)
        return m->service == j->service && m->service_is_up;
    return m->node->life == j->life;
}

/* An erase takes the folder in which an earlier order for that instance still works. */
static void end_earlier_roots(struct job *erase)
{
    LIST_EACH (it, &erase->machine->jobs) {
        struct job *j = LIST_ENTRY(it, struct job, link);
        if (j == erase)
            return;
        if (j->row->kind == HOST_JOB_DISK_ROOT && str_eq(name_of(j), name_of(erase)))
            j->is_dead = true;
    }
}

static void do_it(struct job *j)
{
    struct sim_machine *m = j->machine;
    if (!j->fate.fails && j->row->kind == HOST_JOB_DISK_ERASE)
        end_earlier_roots(j);
    if (j->fate.fails) {
        j->outcome.code = ERR_IO;
        return;
    }
    if (j->row->part == NETWORK)
        sim_ports_do(m, j->row->kind, j->spec, &j->outcome);
    else if (j->row->part == DISKS)
        sim_disks_do(m, j->row->kind, j->spec, &j->outcome);
    else if (j->row->kind != HOST_JOB_HV_START)
        sim_hypervisor_do(m, j->row->kind, j->spec, &j->outcome);
    else if (j->is_defined)
        sim_hypervisor_create(m, ((const struct host_hv_start *)j->spec)->instance);
}

static void do_fire(struct sim_world *w, const struct sim_due *due)
{
    struct job *j = due->what;
    if (is_alive(j)) {
        do_it(j);
        j->fires++;
        sim_world_after(w, j->fate.answer_ms, answer_fire, j, 0);
    }
    unfire(j);
}

/* The helper that makes both calls dies at the deadline and with its daemon: a define comes
 * before that or never. */
static void define_fire(struct sim_world *w, const struct sim_due *due)
{
    (void)w;
    struct job *j = due->what;
    if (is_alive(j) && is_heard(j)) {
        enum err_code code = sim_hypervisor_define(j->machine, j->spec);
        j->is_defined = code == ERR_OK;
        if (code != ERR_OK)
            answer(j, &(struct sim_outcome){.code = code});
    }
    unfire(j);
}

static void progress_fire(struct sim_world *w, const struct sim_due *due)
{
    (void)w;
    struct job *j = due->what;
    if (is_alive(j) && j->machine->node->core != NULL) {
        const struct host_disk_base *spec = j->spec;
        struct host_disk_progress *p = check_alloc(sizeof *p);
        str_copy(p->manifest, sizeof p->manifest, spec->manifest);
        p->total_bytes = spec->size_bytes;
        p->done_bytes = spec->size_bytes * ++j->reports / (REPORTS + 1);
        struct job_done said = {
            .kind = HOST_DISK_PROGRESS, .text = "", .result = p, .result_size = sizeof *p};
        sim_node_take_job(j->machine->node, &said, p);
    }
    unfire(j);
}

static void later(struct job *j, int64_t wait_ms,
                  void (*fire)(struct sim_world *w, const struct sim_due *due))
{
    j->fires++;
    sim_world_after(j->machine->node->world, wait_ms, fire, j, 0);
}

/* ---- orders --------------------------------------------------------------------------------- */

static struct fate draw_fate(struct sim_world *w, const struct row *row, int64_t timeout_ms)
{
    struct sim_faults *f = &w->faults;
    int64_t span = row->most_ms - row->least_ms;
    struct fate fate = {.do_ms = row->least_ms + (int64_t)sim_world_draw(w, (uint64_t)span)};
    if (sim_faults_hit(f, SIM_FAULT_SLOW_JOB))
        fate.do_ms += (int64_t)sim_faults_draw(f, SIM_FAULT_SLOW_JOB, (uint64_t)timeout_ms);
    fate.define_ms = (int64_t)sim_world_draw(w, (uint64_t)fate.do_ms + 1);
    fate.answer_ms = (int64_t)sim_world_draw(w, (uint64_t)row->least_ms + 1);
    if (sim_faults_hit(f, SIM_FAULT_FAIL_JOB))
        fate.fails = true;
    else if (sim_faults_hit(f, SIM_FAULT_HANG_JOB))
        fate.do_ms = NEVER;
    else if (row->part == HYPERVISOR && sim_faults_hit(f, SIM_FAULT_LATE_JOB))
        fate.do_ms = timeout_ms + (int64_t)sim_faults_draw(f, SIM_FAULT_LATE_JOB, AFTERWARDS_MS);
    return fate;
}

/* Of one instance the hypervisor's helper does one order after the other; computer-network does so
 * with all. */
static bool is_same_order(const struct job *a, const struct job *b)
{
    if (a->row->part == NETWORK || b->row->part == NETWORK)
        return a->row->part == b->row->part && a->life == b->life;
    return a->row->is_ordered && b->row->is_ordered && a->helper == b->helper &&
           a->life == b->life && str_eq(a->spec, b->spec);
}

/* Does the helper still work on an earlier order for the same instance? */
static bool is_blocked(const struct job *j)
{
    for (struct list *it = j->machine->jobs.next; it != &j->link; it = it->next) {
        const struct job *o = LIST_ENTRY(it, struct job, link);
        if (is_same_order(o, j) && is_heard(o))
            return true;
    }
    return false;
}

static void begin(struct job *j)
{
    j->has_begun = true;
    if (j->row->kind == HOST_JOB_HV_START)
        later(j, j->fate.define_ms, define_fire);
    for (int64_t i = 1; j->row->kind == HOST_JOB_DISK_BASE && i <= REPORTS; i++)
        if (j->fate.do_ms != NEVER)
            later(j, j->fate.do_ms * i / (REPORTS + 1), progress_fire);
    if (j->fate.do_ms != NEVER)
        later(j, j->fate.do_ms, do_fire);
}

static void begin_next(const struct job *ended)
{
    LIST_EACH (it, &ended->machine->jobs) {
        struct job *j = LIST_ENTRY(it, struct job, link);
        if (j == ended || j->has_begun || !is_heard(j) || !is_same_order(ended, j))
            continue;
        if (j->helper == j->machine->helper)
            begin(j);
        return;
    }
}

size_t sim_machine_starting(const struct sim_machine *m)
{
    size_t count = 0;
    LIST_EACH (it, &m->jobs) {
        const struct job *j = LIST_ENTRY(it, struct job, link);
        count += j->row->kind == HOST_JOB_HV_START && is_heard(j);
    }
    return count;
}

void sim_machine_job(struct sim_node *n, const struct effect_job *e)
{
    struct sim_machine *m = n->machine;
    struct sim_world *w = n->world;
    const struct row *row = row_of(e->kind);
    struct job *j = check_alloc(sizeof *j + e->spec_size + 1);
    *j = (struct job){.machine = m,
                      .row = row,
                      .life = n->life,
                      .boot = n->boot,
                      .service = m->service,
                      .helper = m->helper,
                      .job_id = e->job_id,
                      .spec = j + 1};
    if (e->spec_size > 0)
        memcpy(j->spec, e->spec, e->spec_size);
    list_append(&m->jobs, &j->link);
    m->watch->on_order(m, row->kind, j->spec);
    int64_t timeout = sim_clock_span(&n->clock, e->timeout_ms);
    j->fate = draw_fate(w, row, timeout);
    later(j, timeout, deadline_fire);
    if (!is_blocked(j))
        begin(j);
}

/* ---- the service, the power ----------------------------------------------------------------- */

/* Orders that were under way end with an error; what they did until now stays done. */
void sim_machine_restart_service(struct sim_machine *m)
{
    struct sim_node *n = m->node;
    if (!n->is_powered)
        return;
    m->service_is_up = true;
    m->service++;
    SIM_TRACE_FAULT(n->world, n->name, "service", "", "run %lu", (unsigned long)m->service);
    for (size_t i = 0; i < SIM_DOMAINS_MAX; i++)
        if (m->domains[i].is_defined && !m->domains[i].runs)
            m->domains[i].off_why = HOST_OFF_UNKNOWN;
    LIST_EACH_SAFE (it, &m->jobs) {
        struct job *j = LIST_ENTRY(it, struct job, link);
        if (j->row->part == HYPERVISOR && j->service != m->service)
            answer(j, &(struct sim_outcome){.code = ERR_TIMEOUT});
    }
    if (n->core != NULL)
        sim_hypervisor_say(m, "");
}

static void service_fire(struct sim_world *w, const struct sim_due *due)
{
    struct sim_machine *m = due->what;
    (void)w;
    if (m->service == due->number && !m->service_is_up)
        sim_machine_restart_service(m);
}

void sim_machine_stop_service(struct sim_machine *m, int64_t ms)
{
    if (!m->node->is_powered || !m->service_is_up)
        return;
    SIM_TRACE_FAULT(m->node->world, m->node->name, "service-away", "", "for %ld ms", (long)ms);
    m->service_is_up = false;
    sim_world_after(m->node->world, ms, service_fire, m, m->service);
}

void sim_machine_power(struct sim_node *n, bool is_on)
{
    struct sim_machine *m = n->machine;
    if (m == NULL)
        return;
    m->service_is_up = is_on;
    if (is_on) {
        m->service++;
        return;
    }
    for (size_t i = 0; i < SIM_DOMAINS_MAX; i++)
        if (m->domains[i].runs)
            sim_hypervisor_end(m, &m->domains[i], SIM_END_POWER);
    sim_ports_lose(m);
}

/* One that runs; NULL where none does. */
static struct sim_domain *some_guest(struct sim_machine *m, uint64_t which)
{
    for (size_t i = 0; i < SIM_DOMAINS_MAX; i++) {
        struct sim_domain *d = &m->domains[(which + i) % SIM_DOMAINS_MAX];
        if (d->runs)
            return d;
    }
    return NULL;
}

void sim_machine_end_guest(struct sim_machine *m, uint64_t which, enum sim_end how)
{
    struct sim_domain *d = some_guest(m, which);
    if (d == NULL)
        return;
    SIM_TRACE_FAULT(m->node->world, m->node->name,
                    how == SIM_END_GUEST ? "guest-off" : "guest-crash", d->spec.instance, "%s", "");
    sim_hypervisor_end(m, d, how);
    sim_hypervisor_say(m, d->spec.instance);
}

bool sim_machine_has_room(const struct sim_machine *m)
{
    const struct sim_world *w = m->node->world;
    return !w->faults.on || w->now_ms >= m->full_ms;
}

void sim_machine_fill_disk(struct sim_machine *m, uint64_t which, int64_t ms)
{
    struct sim_domain *d = some_guest(m, which);
    m->full_ms = m->node->world->now_ms + ms;
    SIM_TRACE_FAULT(m->node->world, m->node->name, "disk-full", d == NULL ? "" : d->spec.instance,
                    "for %ld ms", (long)ms);
    if (d == NULL)
        return;
    d->is_paused = true;
    sim_hypervisor_say(m, d->spec.instance);
}
