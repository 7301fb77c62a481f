/* say.c - what a record, and this host, look like from above. */
#include "base/check.h"
#include "computer-manager/host.h"
#include "computer-manager/model/address.h"

static bool is_settled_off(const struct host_record *r)
{
    if (r->want == HOST_WANT_RUNNING)
        return host_record_ended_alone(r);
    return r->dom == HOST_DOM_OFF || r->dom == HOST_DOM_ABSENT;
}

static enum seen_state state_of(const struct host_record *r)
{
    if (r->is_refused && r->want == HOST_WANT_RUNNING)
        return SEEN_REFUSED;
    if (r->want == HOST_WANT_STOPPED)
        return is_settled_off(r) ? SEEN_OFF : SEEN_STOPPING;
    if (r->dom == HOST_DOM_RUNNING || r->dom == HOST_DOM_PAUSED)
        return r->stop_ms == 0 ? SEEN_RUNNING : SEEN_PENDING;
    return is_settled_off(r) && r->why != OFF_HOST && r->why != OFF_CRASH ? SEEN_OFF : SEEN_PENDING;
}

void host_say(struct host_core *c, const struct host_record *r)
{
    if (r->want == HOST_WANT_GONE)
        return; /* the next word about it is that it is gone */
    if (r->dom == HOST_DOM_UNLISTED && !r->is_refused)
        return; /* nothing new is known */
    enum seen_state state = state_of(r);
    char address[HOST_ADDRESS_SIZE] = "";
    CLEANUP(buf_fini) struct buf body = {0};
    if (r->public_address != 0)
        host_address_format(address, r->public_address);
    wire_encode(&body, &wire_instance_seen_type,
                &(struct wire_instance_seen){
                    .state = seen_state_text(state),
                    .why = state == SEEN_OFF ? off_why_text(r->why) : "",
                    .reason = state == SEEN_REFUSED ? "Server.InternalError" : "",
                    .detail = state == SEEN_REFUSED ? r->text : "",
                    .reboot_n = r->reboot_done,
                    .ever_ran = r->ever_ran,
                    .status = state == SEEN_RUNNING ? guest_status_text(r->status) : "",
                    .status_why = state == SEEN_RUNNING ? host_pulse_why(c, r) : "",
                    .public_address = address,
                    .step = instance_step_text(r->step),
                    .step_percent = r->step_percent,
                });
    sync_child_say(&c->up, "instance", r->id, r->generation, r->pepoch, body.data);
}

void host_say_tunnel(struct host_core *c)
{
    CLEANUP(buf_fini) struct buf body = {0};
    wire_encode(&body, &wire_tunnel_type, &(struct wire_tunnel){.address = c->config->tunnel});
    sync_child_say(&c->up, "tunnel", "self", 0, 0, body.data);
}
