/* orders.c - what each action of the plan does: one job, or one word to the cluster.
 *
 * What an order leaves behind is written before the job goes out: the job is an effect, and
 * effects come after COMMIT. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/api/port.h"
#include "computer-manager/host.h"
#include "computer-manager/store/record.h"

#include <string.h>

static const int64_t RESUME_EVERY_MS = 10000;

static struct host_hv_target target_of(const struct host_record *r)
{
    struct host_hv_target target = {.pepoch = r->pepoch};
    str_copy(target.instance, sizeof target.instance, r->id);
    return target;
}

static void order(struct host_core *c, struct host_record *r, int kind, const void *spec,
                  size_t size)
{
    r->job_kind = kind;
    r->order_seq = ++c->order_seq;
    host_record_save(c->store, r);
    r->job_id = host_job(c, kind, spec, size);
    host_mark_twins(c, r);
}

static void order_hv(struct host_core *c, struct host_record *r, int kind)
{
    struct host_hv_target target = target_of(r);
    order(c, r, kind, &target, sizeof target);
}

static void order_base(struct host_core *c, const struct host_wish *w)
{
    if (host_cache_may_fetch(c, host_cache_base(c, w->image.manifest)))
        host_cache_fetch(c, &w->image);
}

static void order_root(struct host_core *c, struct host_record *r, const struct host_wish *w)
{
    struct host_disk_root spec = {
        .pepoch = r->pepoch, .size_bytes = w->disk_bytes, .is_cdrom = w->is_cdrom};
    str_copy(spec.instance, sizeof spec.instance, r->id);
    str_copy(spec.manifest, sizeof spec.manifest, w->image.manifest);
    r->has_root = true; /* may exist from here on: whoever ends it erases it */
    order(c, r, HOST_JOB_DISK_ROOT, &spec, sizeof spec);
}

static void order_port(struct host_core *c, struct host_record *r, const struct host_wish *w)
{
    struct host_port *port = c->port;
    host_wish_port(c, w, port);
    port->public_address = host_record_next_public(r, port->public_address);
    r->has_port = true;
    r->port_sum = 0;
    r->ordered_port_sum = host_port_sum(port, host_port_size(port));
    r->ordered_public = port->public_address;
    if (port->public_address != 0 && r->public_address == 0) {
        r->public_address = port->public_address;
        host_say(c, r); /* who has it from here on, perhaps, says so before anybody gives it away */
    }
    order(c, r, HOST_JOB_NET_PORT, port, sizeof *port);
}

static void order_start(struct host_core *c, struct host_record *r, const struct host_wish *w)
{
    if (r->profile == 0) /* of record from here on: guests remember their hardware */
        r->profile = c->config->profile;
    struct host_hv_start spec = {
        .pepoch = r->pepoch,
        .generation = r->generation,
        .profile = {.number = r->profile, .firmware = w->firmware},
        .is_cdrom = w->is_cdrom,
        .vcpus = w->vcpus,
        .memory_mib = w->memory_mib,
        .mtu = c->config->mtu,
    };
    str_copy(spec.instance, sizeof spec.instance, r->id);
    str_copy(spec.volume, sizeof spec.volume, w->volume);
    str_copy(spec.manifest, sizeof spec.manifest, w->image.manifest);
    str_copy(spec.tap, sizeof spec.tap, r->tap);
    memcpy(spec.mac, w->port->mac, sizeof spec.mac);
    r->is_console_told = false;
    r->stop_ms = 0;
    r->is_asked = false;
    r->reboot_done = r->reboot_n; /* a fresh start is as good as any reboot asked before it */
    order(c, r, HOST_JOB_HV_START, &spec, sizeof spec);
}

static void order_unport(struct host_core *c, struct host_record *r)
{
    struct host_net_unport spec = {.vni = r->vni};
    str_copy(spec.port, sizeof spec.port, r->port);
    order(c, r, HOST_JOB_NET_UNPORT, &spec, sizeof spec);
}

static void order_undisk(struct host_core *c, struct host_record *r)
{
    struct host_disk_target spec = {.pepoch = r->pepoch};
    str_copy(spec.instance, sizeof spec.instance, r->id);
    order(c, r, HOST_JOB_DISK_ERASE, &spec, sizeof spec);
}

static void report_gone(struct host_core *c, struct host_record *r)
{
    sync_child_gone(&c->up, "instance", r->id, r->generation, r->pepoch, &c->at);
    log_info("instance.gone", "id", r->id, NULL);
    host_record_delete(c->store, r);
    host_mark_twins(c, r);
    host_records_remove(c, r);
}

static void refuse(struct host_core *c, struct host_record *r)
{
    if (r->text[0] == '\0')
        str_copy(r->text, sizeof r->text, "it could not be started in time");
    r->is_refused = true;
    host_record_save(c->store, r);
    host_say(c, r);
    host_mark(c, r); /* what is left to do for it is another question */
}

/* `w` is there for what only a wish can plan. */
void host_order(struct host_core *c, struct host_record *r, const struct host_wish *w,
                enum host_action action)
{
    switch (action) {
    case HOST_ACT_NONE:
    case HOST_ACT_QUEUE:
        return;
    case HOST_ACT_BASE:
        order_base(c, w);
        return;
    case HOST_ACT_ROOT:
        order_root(c, r, w);
        return;
    case HOST_ACT_PORT:
        order_port(c, r, w);
        return;
    case HOST_ACT_START:
        order_start(c, r, w);
        return;
    case HOST_ACT_SHUTDOWN:
        if (r->stop_ms == 0)
            r->stop_ms = c->at.now_ms > 0 ? c->at.now_ms : 1;
        order_hv(c, r, HOST_JOB_HV_SHUTDOWN);
        return;
    case HOST_ACT_DESTROY:
        order_hv(c, r, HOST_JOB_HV_DESTROY);
        return;
    case HOST_ACT_REBOOT:
        r->reboot_done = r->reboot_n; /* before: a crash may lose it and never doubles it */
        order_hv(c, r, HOST_JOB_HV_REBOOT);
        return;
    case HOST_ACT_RESUME:
        r->resume_ms = c->at.now_ms + RESUME_EVERY_MS;
        order_hv(c, r, HOST_JOB_HV_RESUME);
        return;
    case HOST_ACT_ERASE:
        order_hv(c, r, HOST_JOB_HV_ERASE);
        return;
    case HOST_ACT_CONSOLE:
        order_hv(c, r, HOST_JOB_HV_CONSOLE);
        return;
    case HOST_ACT_UNPORT:
        order_unport(c, r);
        return;
    case HOST_ACT_UNDISK:
        order_undisk(c, r);
        return;
    case HOST_ACT_GONE:
        report_gone(c, r);
        return;
    case HOST_ACT_REFUSE:
        refuse(c, r);
        return;
    case HOST_ACT_COUNT:
        break;
    }
    IMPOSSIBLE("action");
}
