/* host.c - hosts, for admins (host.h). */
#include "cloud-manager/ops/host.h"

#include "base/log.h"
#include "base/str.h"
#include "cloud-manager/ops/room.h"
#include "cloud-manager/store/drain.h"
#include "cloud-manager/store/node.h"

static struct cloud_host *list(struct cloud_op *op, size_t *len)
{
    struct cloud_host *hosts = NULL;
    size_t zones_len;
    const struct cloud_node *zones = cloud_node_list(op->store, op->arena, "cluster", &zones_len);
    *len = 0;
    for (size_t i = 0; i < zones_len; i++) {
        const struct wire_capacity *said = cloud_room_listed(op, zones[i].name);
        const char *zone = cloud_zone_name(op, zones[i].letter);
        for (size_t k = 0; said != NULL && k < said->hosts_len; k++) {
            hosts = row_grow(op->arena, hosts, *len, sizeof *hosts);
            hosts[(*len)++] = (struct cloud_host){
                .zone = zone,
                .node = zones[i].name,
                .seen = &said->hosts[k],
                .is_drained = cloud_drain_has(op->store, zones[i].name, said->hosts[k].id),
            };
        }
    }
    return hosts;
}

enum err_code cloud_hosts_describe(struct cloud_op *op, struct cloud_host **out, size_t *len,
                                   struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DESCRIBE_HOSTS, err) != ERR_OK)
        return err->code;
    *out = list(op, len);
    return ERR_OK;
}

/* NULL with the error where there is not exactly one. */
static const struct cloud_host *find(const struct cloud_host *hosts, size_t len, const char *id,
                                     const char *zone, struct err *err)
{
    const struct cloud_host *found = NULL;
    for (size_t i = 0; i < len; i++) {
        if (!str_eq(hosts[i].seen->id, id) || (*zone != '\0' && !str_eq(hosts[i].zone, zone)))
            continue;
        if (found != NULL) {
            err_set(err, ERR_INVALID_PARAMETER,
                    "There are hosts '%.64s' in %s and %s: name the AvailabilityZone", id,
                    found->zone, hosts[i].zone);
            return NULL;
        }
        found = &hosts[i];
    }
    if (found == NULL)
        err_set(err, ERR_HOST_NOT_FOUND, "The host ID '%.64s' does not exist", id);
    return found;
}

enum err_code cloud_hosts_drain(struct cloud_op *op, enum cloud_action_id action,
                                const char *const *ids, size_t len, const char *zone,
                                struct err *err)
{
    size_t hosts_len;
    bool is_wanted = action == CLOUD_DO_DRAIN_HOSTS;
    if (cloud_authorize(op, action, err) != ERR_OK)
        return err->code;
    const struct cloud_host *hosts = list(op, &hosts_len);
    for (size_t i = 0; i < len; i++)
        if (find(hosts, hosts_len, ids[i], zone, err) == NULL)
            return err->code;
    for (size_t i = 0; i < len; i++) {
        const struct cloud_host *host = find(hosts, hosts_len, ids[i], zone, err);
        cloud_drain_want(op->store, host->node, ids[i], is_wanted);
        log_info(is_wanted ? "host.drain" : "host.undrain", "host", ids[i], "zone", host->zone,
                 NULL);
    }
    return ERR_OK;
}
