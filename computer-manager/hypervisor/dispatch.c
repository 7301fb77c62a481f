/* dispatch.c - one row per kind of job; see dispatch.h. */
#include "computer-manager/hypervisor/dispatch.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/id.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/effect/layout.h"
#include "computer-manager/hypervisor/console.h"
#include "computer-manager/hypervisor/load.h"
#include "computer-manager/hypervisor/owned.h"
#include "computer-manager/hypervisor/probe.h"
#include "computer-manager/hypervisor/profile.h"
#include "computer-manager/hypervisor/service.h"
#include "computer-manager/hypervisor/spec.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct host_dispatch {
    const struct host_dispatch_options *options;
    int channel;
    pthread_mutex_t send_lock;  /* one message at a time */
    pthread_mutex_t probe_lock; /* of is_probed and domains.is_kvm */
    bool is_probed;
    pthread_mutex_t load_lock; /* of load */
    struct host_load_meter load;
    struct host_domains domains;
    struct host_work_queue *queue;
    struct host_work_queue *agents; /* of guests, whose time is not ours */
};

/* ---- answers --------------------------------------------------------------------------- */

static void wait_writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    poll(&p, 1, 1000);
}

/* A manager that is gone ends the process: main.c sees it on its own side of the channel. */
static void send_message(struct host_dispatch *d, const struct channel_head *head, const void *body)
{
    pthread_mutex_lock(&d->send_lock);
    while (channel_send(d->channel, head, body, -1) == CHANNEL_EMPTY)
        wait_writable(d->channel);
    pthread_mutex_unlock(&d->send_lock);
}

static void answer(struct host_dispatch *d, const struct channel_head *job, const struct err *err,
                   const void *body, size_t size)
{
    struct channel_head head = {.job_id = job->job_id, .kind = job->kind};
    if (err->code != ERR_OK) {
        head.code = (int32_t)err->code;
        str_copy(head.text, sizeof head.text, err->text);
    } else {
        head.size = (uint32_t)size;
    }
    send_message(d, &head, body);
}

static void on_changed(void *self, const char *instance)
{
    struct host_dispatch *d = self;
    struct host_hv_event event = {0};
    struct channel_head head = {.kind = HOST_HV_EVENT, .size = sizeof event};
    if (instance[0] != '\0' && !id_is(instance, "i"))
        return; /* somebody else's domain */
    str_copy(event.instance, sizeof event.instance, instance);
    send_message(d, &head, &event);
}

static void on_rebooted(void *self, const char *instance)
{
    struct host_dispatch *d = self;
    host_reboots_heard(d->domains.reboots, instance);
}

/* ---- the jobs -------------------------------------------------------------------------- */

/* The accelerator, found out once, before the first domain is made. */
static bool is_kvm(struct host_dispatch *d)
{
    pthread_mutex_lock(&d->probe_lock);
    if (!d->is_probed) {
        const struct host_profile_row *p = host_profile_find(HOST_PROFILE_CURRENT);
        char cache[HOST_PATH_SIZE];
        snprintf(cache, sizeof cache, "%s/.accelerator", d->options->state_dir);
        d->domains.is_kvm = str_eq(d->options->accelerator, "kvm") ||
                            (str_eq(d->options->accelerator, "auto") &&
                             host_probe_has_kvm(d->options->emulator, p->cpu_kvm, cache,
                                                d->domains.boot));
        d->is_probed = true;
    }
    bool answer = d->domains.is_kvm;
    pthread_mutex_unlock(&d->probe_lock);
    return answer;
}

static enum err_code fill_probe(virConnectPtr conn, bool kvm, struct host_hv_probe *out,
                                struct err *err)
{
    const struct host_profile_row *p = host_profile_find(HOST_PROFILE_CURRENT);
    unsigned long version = 0;
    virNodeInfo node;
    /* Asks QEMU for what it can do; the first time costs seconds, and no start should pay it. */
    char *capabilities = virConnectGetDomainCapabilities(conn, NULL, "x86_64", p->machine,
                                                         kvm ? "kvm" : "qemu", 0);
    if (capabilities == NULL)
        return host_connection_failed(conn, "capabilities", err);
    free(capabilities);
    if (virConnectGetVersion(conn, &version) != 0 || virNodeGetInfo(conn, &node) != 0)
        return host_connection_failed(conn, "node", err);
    *out = (struct host_hv_probe){.vcpus = node.cpus, .memory_mib = (int64_t)(node.memory / 1024)};
    str_copy(out->accelerator, sizeof out->accelerator, kvm ? "kvm" : "tcg");
    str_copy(out->cpu, sizeof out->cpu, kvm ? p->cpu_kvm : p->cpu_tcg);
    snprintf(out->version, sizeof out->version, "%s %lu.%lu.%lu", virConnectGetType(conn),
             version / 1000000, version / 1000 % 1000, version % 1000);
    return ERR_OK;
}

static enum err_code run_probe(struct host_dispatch *d, const void *body, struct buf *result,
                               struct err *err)
{
    (void)body;
    struct host_hv_probe out;
    virConnectPtr conn;
    bool kvm = is_kvm(d);
    if (host_connection_get(d->domains.connection, &conn, NULL, err) != ERR_OK)
        return err->code;
    if (fill_probe(conn, kvm, &out, err) == ERR_OK)
        buf_append(result, &out, sizeof out);
    virConnectClose(conn);
    return err->code;
}

static int64_t idle_permille(struct host_dispatch *d)
{
    pthread_mutex_lock(&d->load_lock);
    int64_t idle = host_load_idle(&d->load);
    pthread_mutex_unlock(&d->load_lock);
    return idle;
}

static enum err_code run_list(struct host_dispatch *d, const void *body, struct buf *result,
                              struct err *err)
{
    (void)body;
    virConnectPtr conn;
    struct host_hv_list *out = check_alloc(sizeof *out);
    memset(out, 0, sizeof *out);
    if (host_connection_get(d->domains.connection, &conn, out->service, err) == ERR_OK) {
        str_copy(out->boot, sizeof out->boot, d->domains.boot);
        out->idle_permille = idle_permille(d);
        if (host_owned_list(conn, out->boot, out, err) == ERR_OK)
            buf_append(result, out, sizeof *out);
        virConnectClose(conn);
    }
    free(out);
    return err->code;
}

static enum err_code run_console(struct host_dispatch *d, const void *body, struct buf *result,
                                 struct err *err)
{
    const struct host_hv_target *t = body;
    char path[HOST_PATH_SIZE];
    struct host_hv_console *out = check_alloc(sizeof *out);
    memset(out, 0, sizeof *out);
    host_layout_console(path, d->options->state_dir, t->instance);
    if (host_console_tail(out, path, err) == ERR_OK)
        buf_append(result, out, sizeof *out);
    free(out);
    return err->code;
}

static enum err_code run_start(struct host_dispatch *d, const void *body, struct buf *result,
                               struct err *err)
{
    (void)result;
    is_kvm(d);
    return host_domain_start(&d->domains, body, err);
}

#define RUN_TARGET(name)                                                                           \
    static enum err_code run_##name(struct host_dispatch *d, const void *body, struct buf *result, \
                                    struct err *err)                                               \
    {                                                                                              \
        (void)result;                                                                              \
        return host_domain_##name(&d->domains, body, err);                                         \
    }
RUN_TARGET(destroy)
RUN_TARGET(reboot)
RUN_TARGET(resume)
RUN_TARGET(erase)

/* The button is for every guest, the agent for who does not hear that one. */
static enum err_code run_shutdown(struct host_dispatch *d, const void *body, struct buf *result,
                                  struct err *err)
{
    struct host_work ask = {.order = ""};
    (void)result;
    if (host_domain_shutdown(&d->domains, body, &ask.run, err) == ERR_OK &&
        ask.run.instance[0] != '\0')
        host_work_put(d->agents, &ask);
    return err->code;
}

static void ask_agent(void *self, const struct host_work *work)
{
    struct host_dispatch *d = self;
    host_domain_ask_agent(&d->domains, &work->run);
}

static enum err_code check_nothing(const void *body, size_t size, struct err *err)
{
    (void)body;
    return size == 0 ? ERR_OK : err_set(err, ERR_INVALID_PARAMETER, "the job takes no struct");
}

static const struct row {
    enum host_job_kind kind;
    bool is_ordered; /* by instance, the first field of its struct */
    enum err_code (*check)(const void *body, size_t size, struct err *err);
    enum err_code (*run)(struct host_dispatch *d, const void *body, struct buf *result,
                         struct err *err);
} rows[] = {
    {HOST_JOB_HV_PROBE, false, check_nothing, run_probe},
    {HOST_JOB_HV_LIST, false, check_nothing, run_list},
    {HOST_JOB_HV_START, true, host_spec_check_start, run_start},
    {HOST_JOB_HV_SHUTDOWN, true, host_spec_check_target, run_shutdown},
    {HOST_JOB_HV_DESTROY, true, host_spec_check_target, run_destroy},
    {HOST_JOB_HV_REBOOT, true, host_spec_check_target, run_reboot},
    {HOST_JOB_HV_RESUME, true, host_spec_check_target, run_resume},
    {HOST_JOB_HV_ERASE, true, host_spec_check_target, run_erase},
    {HOST_JOB_HV_CONSOLE, false, host_spec_check_target, run_console},
};

static const struct row *row_of(uint32_t kind)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].kind == kind)
            return &rows[i];
    return NULL;
}

static void run_reset(struct host_dispatch *d, const struct host_guest_run *r)
{
    struct err err = {0};
    host_domain_reset(&d->domains, r, &err);
    log_info("domain.reset", "instance", r->instance, "why", "no reboot was heard", "error",
             err.text, NULL);
}

static void run(void *self, const struct host_work *work)
{
    struct host_dispatch *d = self;
    if (work->is_reset) {
        run_reset(d, &work->run);
        return;
    }
    CLEANUP(buf_fini) struct buf result = {0};
    struct err err = {0};
    const struct row *row = row_of(work->head.kind);
    INV(row != NULL);
    enum err_code code = row->run(d, work->body, &result, &err);
    INV(code == err.code && result.len <= HOST_MESSAGE_MAX);
    answer(d, &work->head, &err, result.data, result.len);
}

/* ---- in and out ------------------------------------------------------------------------ */

void host_dispatch_take(struct host_dispatch *d, const struct channel_message *m)
{
    struct err err = {0};
    const struct row *row = row_of(m->head.kind);
    struct host_work work = {.head = m->head};
    if (row == NULL)
        err_set(&err, ERR_UNSUPPORTED, "kind %u is no job of computer-hypervisor", m->head.kind);
    else if (row->check(m->body, m->head.size, &err) == ERR_OK) {
        INV(m->head.size <= sizeof work.body);
        memcpy(work.body, m->body, m->head.size);
        if (row->is_ordered)
            str_copy(work.order, sizeof work.order, (const char *)work.body);
        if (!host_work_put(d->queue, &work))
            err_set(&err, ERR_UNAVAILABLE, "too many jobs wait");
    }
    if (err.code != ERR_OK)
        answer(d, &m->head, &err, NULL, 0);
}

void host_dispatch_tick(struct host_dispatch *d, int64_t now_ms)
{
    struct host_work work = {.is_reset = true};
    while (host_reboots_take_due(d->domains.reboots, now_ms, &work.run)) {
        str_copy(work.order, sizeof work.order, work.run.instance);
        if (!host_work_put(d->queue, &work))
            log_warn("domain.reset", "instance", work.run.instance, "error", "queue full", NULL);
    }
    host_console_bound_all(d->options->state_dir);
}

enum err_code host_dispatch_new(struct host_dispatch **out,
                                const struct host_dispatch_options *options, int channel,
                                struct err *err)
{
    struct host_dispatch *d = check_alloc(sizeof *d);
    *d = (struct host_dispatch){.options = options, .channel = channel};
    if (host_service_boot(d->domains.boot, err) != ERR_OK) {
        free(d);
        return err->code;
    }
    pthread_mutex_init(&d->send_lock, NULL);
    pthread_mutex_init(&d->probe_lock, NULL);
    pthread_mutex_init(&d->load_lock, NULL);
    struct host_connection_seam seam = {.self = d, .changed = on_changed, .rebooted = on_rebooted};
    d->domains.connection = host_connection_new(options->uri, &seam);
    d->domains.reboots = host_reboots_new();
    d->domains.reboot_deadline_ms = options->reboot_deadline_ms;
    d->domains.state_dir = options->state_dir;
    d->domains.images_dir = options->images_dir;
    d->queue = host_work_new(run, d);
    d->agents = host_work_new(ask_agent, d);
    *out = d;
    return ERR_OK;
}
