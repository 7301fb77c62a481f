/* wish.c - what is wished of a record: decoded when it comes, or when it is first looked at after a
 * start, and kept beside the record until another one comes. */
#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/api/port.h"
#include "computer-manager/host.h"
#include "computer-manager/model/group.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const size_t PORT_HEAD = offsetof(struct host_port, rules);

void host_wish_free(struct host_wish *w)
{
    if (w == NULL)
        return;
    free(w->port);
    free(w);
}

/* Where UEFI is preferred it is had: every host has it, or refuses what it cannot boot. */
static enum host_firmware firmware_of(const char *boot_mode)
{
    return str_has_prefix(boot_mode, "uefi") ? HOST_FIRMWARE_UEFI : HOST_FIRMWARE_BIOS;
}

static struct host_disk_base image_of(const struct wire_instance *body)
{
    struct host_disk_base image = {.size_bytes = body->image_bytes};
    str_copy(image.manifest, sizeof image.manifest, body->manifest);
    str_copy(image.url, sizeof image.url, body->dos_url);
    str_copy(image.grant, sizeof image.grant, body->grant);
    host_share_sources(&image, body->sources, body->sources_len);
    return image;
}

struct host_wish *host_wish_new(struct host_core *c, const char *instance,
                                const struct wire_instance *body, struct err *err)
{
    if (host_port_from(body, c->config->mtu, c->port, err) != ERR_OK)
        return NULL;
    INV(body->port != NULL);
    struct host_wish *w = check_alloc(sizeof *w);
    *w = (struct host_wish){.image = image_of(body),
                            .is_cdrom = body->cdrom,
                            .disk_bytes = body->disk_bytes,
                            .vcpus = body->vcpus,
                            .memory_mib = body->memory_mib,
                            .firmware = firmware_of(body->boot_mode)};
    str_copy(w->volume, sizeof w->volume, body->volume);
    for (size_t i = 0; i < body->port->groups_len && i < HOST_GROUPS_MAX; i++)
        w->groups_len += str_copy(w->groups[w->groups_len], sizeof w->groups[0],
                                  body->port->groups[i]);
    w->port = check_alloc(PORT_HEAD);
    memcpy(w->port, c->port, PORT_HEAD);
    str_copy(w->port->instance, sizeof w->port->instance, instance);
    return w;
}

void host_wish_set(struct host_record *r, struct host_wish *w)
{
    host_wish_free(r->wish);
    r->wish = w;
    if (w == NULL)
        return;
    str_copy(r->manifest, sizeof r->manifest, w->image.manifest);
    str_copy(r->port, sizeof r->port, w->port->port);
    r->vni = w->port->vni;
    r->address = w->port->address;
}

bool host_wish_body(struct host_core *c, const struct host_record *r, struct arena *arena,
                    struct wire_instance *out)
{
    struct query q;
    struct err err;
    bool there = false;
    query_open(&q, c->store,
               "SELECT body FROM got WHERE kind='instance' AND id=? AND pepoch=? AND gone=''", "si",
               r->id, r->pepoch);
    if (query_next(&q)) {
        const char *body = query_text(&q, 0);
        there = wire_decode(&wire_instance_type, body, strlen(body), arena, out, &err) == ERR_OK;
        query_close(&q);
    }
    return there;
}

/* One that cannot be read was refused when it came: nothing is done for it. */
static void read_wish(struct host_core *c, struct host_record *r)
{
    struct arena arena = {0};
    struct wire_instance body;
    struct err err;
    if (host_wish_body(c, r, &arena, &body))
        host_wish_set(r, host_wish_new(c, r->id, &body, &err));
    arena_fini(&arena);
}

const struct host_wish *host_wish_of(struct host_core *c, struct host_record *r)
{
    if (r->want == HOST_WANT_GONE)
        return NULL;
    if (r->wish == NULL)
        read_wish(c, r);
    if (r->wish != NULL && r->wish->port_sum == 0) {
        host_wish_port(c, r->wish, c->port);
        r->wish->port_sum = host_port_sum(c->port, host_port_size(c->port));
    }
    return r->wish;
}

/* ---- the port, with the rules of its groups ------------------------------------------------ */

static void add_rules(struct host_port *port, const struct host_group *g)
{
    size_t left = HOST_RULES_MAX - (size_t)port->rules_len;
    size_t len = g->rules_len < left ? g->rules_len : left;
    if (len > 0)
        memcpy(&port->rules[port->rules_len], g->rules, len * sizeof *g->rules);
    port->rules_len += (int64_t)len;
    if (len < g->rules_len)
        log_warn("port.rules", "port", port->port, "why", "there are too many", NULL);
}

/* A group that has not come yet lets nothing through. */
void host_wish_port(const struct host_core *c, const struct host_wish *w, struct host_port *out)
{
    *out = (struct host_port){0};
    memcpy(out, w->port, PORT_HEAD);
    for (size_t i = 0; i < w->groups_len; i++) {
        const struct host_group *g = map_get(&c->groups, w->groups[i]);
        if (g != NULL)
            add_rules(out, g);
    }
}

bool host_wish_is_in(const struct host_wish *w, const char *group)
{
    for (size_t i = 0; i < w->groups_len; i++)
        if (str_eq(w->groups[i], group))
            return true;
    return false;
}
