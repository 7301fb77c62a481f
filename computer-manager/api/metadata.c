/* metadata.c - what the metadata service may tell of an instance: from its wish, and only for the
 * address on the network that its port has. Called between turns by effect/metadata_server. */
#include "base/check.h"
#include "base/str.h"
#include "computer-manager/host.h"
#include "computer-manager/model/address.h"
#include "computer-manager/model/metadata.h"
#include "computer-manager/api/port.h"
#include "proto/auth/base64.h"

#include <string.h>

/* The wish of the one instance with that address; texts in the arena. */
static const char *find(struct host_core *c, int64_t vni, uint32_t address,
                        struct wire_instance *wish)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&c->records, &at)) != NULL;) {
        const struct host_record *r = e->value;
        if (r->want == HOST_WANT_GONE || r->vni != vni || r->address != address)
            continue;
        if (host_wish_body(c, r, &c->answer, wish))
            return r->id;
    }
    return NULL;
}

static void fill_network(struct metadata_instance *m, const struct wire_port *p)
{
    m->port = p->id;
    m->vpc = p->vpc;
    m->subnet = p->subnet;
    host_port_parse_mac(p->mac, m->mac);
    host_address_parse(p->address, &m->address);
    host_port_parse_cidr(p->subnet_cidr, &m->subnet_cidr, &m->subnet_len);
    host_port_parse_cidr(p->vpc_cidr, &m->vpc_cidr, &m->vpc_len);
    for (size_t i = 0; i < p->groups_len && i < METADATA_GROUPS_MAX; i++) {
        m->groups[i].id = p->groups[i];
        m->groups[i].name = i < p->group_names_len ? p->group_names[i] : "";
        m->groups_len++;
    }
}

static void fill_user_data(struct metadata_instance *m, const char *base64, struct arena *arena)
{
    CLEANUP(buf_fini) struct buf bytes = {0};
    if (!base64_decode(&bytes, base64, strlen(base64)) || bytes.len == 0)
        return;
    m->user_data = arena_memdup(arena, bytes.data, bytes.len);
    m->user_data_len = bytes.len;
}

static void fill_options(struct metadata_instance *m, const struct wire_instance *wish)
{
    m->tokens = wish->imds_off        ? METADATA_OFF
                : wish->imds_required ? METADATA_TOKENS_REQUIRED
                                      : METADATA_TOKENS_OPTIONAL;
    m->hop_limit = wish->imds_hops > 0 ? (uint8_t)wish->imds_hops : 1;
    for (size_t i = 0; i < wish->tags_len && i < METADATA_TAGS_MAX; i++) {
        m->tags[i].key = wish->tags[i].key;
        m->tags[i].value = wish->tags[i].value;
        m->tags_len++;
    }
}

const struct metadata_instance *host_core_metadata(struct host_core *c, int64_t vni,
                                                   uint32_t address)
{
    struct wire_instance wish;
    arena_reset(&c->answer);
    const char *id = find(c, vni, address, &wish);
    if (id == NULL || wish.port == NULL)
        return NULL;
    struct metadata_instance *m = arena_alloc(&c->answer, sizeof *m);
    *m = (struct metadata_instance){
        .instance = id,
        .image = wish.image,
        .type = wish.type,
        .reservation = wish.reservation,
        .account = wish.account,
        .region = wish.region,
        .zone = wish.zone,
        .hostname = arena_printf(&c->answer, "%s.%s", wish.hostname, wish.domain),
        .public_hostname = wish.port->public_name,
        .public_address = wish.port->public_address,
        .profile = "default-hvm",
        .key_name = wish.key_name,
        .key = wish.key,
        .root_device = wish.root_device,
        .launch_index = wish.launch_index,
        .launched_ms = wish.launch_ms,
        .architecture = "x86_64",
    };
    fill_options(m, &wish);
    fill_network(m, wish.port);
    fill_user_data(m, wish.user_data, &c->answer);
    return m;
}
