/* resize.c - an instance that has a host asks for another size: it gets it there or nowhere, since
 * its disk is there.
 *
 * Room is taken when the wish comes, also for one that is stopped: what was promised a size finds
 * it at its next start. Where there is none, the host is told the size that it has, and a start is
 * refused; the next wish tries again. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "cluster-manager/cluster.h"
#include "cluster-manager/model/place.h"
#include "cluster-manager/ops/resize.h"
#include "cluster-manager/store/host.h"

#include <inttypes.h>

bool cluster_resize_cut(struct cluster_core *c, const char *id, struct wire_instance *body,
                        struct arena *arena)
{
    struct cluster_instance i;
    if (!cluster_instance_load(c->store, id, arena, &i) || *i.host == '\0')
        return false; /* it is placed by what it asks for */
    const struct cluster_host *h = map_get(&c->rooms, i.host);
    struct room total = h != NULL ? h->total : (struct room){0};
    struct room asked = {room_memory_of(body->memory_mib), body->vcpus, body->disk_bytes};
    if (place_may_grow(total, cluster_host_load(c->store, i.host).used, i.need, asked))
        return false;
    body->memory_mib = i.guest_mib;
    body->vcpus = i.need.vcpus;
    body->disk_bytes = i.need.disk_bytes;
    return true;
}

void cluster_resize_refuse(struct cluster_core *c, const struct cluster_instance *i,
                           const struct wire_instance *wished)
{
    CLEANUP(buf_fini) struct buf detail = {0};
    CLEANUP(buf_fini) struct buf body = {0};
    buf_printf(&detail,
               "the host with its disk has no room for %" PRId64 " MiB of memory and %" PRId64
               " vCPUs",
               wished->memory_mib, wished->vcpus);
    wire_encode(&body, &wire_instance_seen_type,
                &(struct wire_instance_seen){.state = "refused",
                                             .reason = "Server.InsufficientInstanceCapacity",
                                             .detail = buf_str(&detail),
                                             .ever_ran = true}); /* it may have: its disk stays */
    cluster_instance_refuse(c->store, i->id);
    sync_child_say(&c->up, "instance", i->id, i->generation, 1, buf_str(&body));
    log_info("instance.refused", "id", i->id, "host", i->host, "why", buf_str(&detail), NULL);
}
