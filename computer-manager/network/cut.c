/* cut.c - what is remembered of rules, and who is asked about; see cut.h. */
#include "computer-manager/network/cut.h"

#include "base/check.h"
#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "computer-manager/model/pages.h"
#include "computer-manager/model/verdict.h"
#include "computer-manager/network/conntrack.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 64 };

static struct map ports;  /* port -> struct host_port with as many rules as it has; owned */
static struct map groups; /* "VNI GROUP" -> struct host_net_group as it was told; owned */

/* ---- memory ---------------------------------------------------------------------------- */

static size_t port_size(const struct host_port *port)
{
    return offsetof(struct host_port, rules) + (size_t)port->rules_len * sizeof port->rules[0];
}

static void *copy(const void *what, size_t size)
{
    void *out = check_alloc(size);
    memcpy(out, what, size);
    return out;
}

static const char *group_key(char out[KEY_SIZE], int64_t vni, const char *group)
{
    snprintf(out, KEY_SIZE, "%06x %s", (unsigned)vni, group);
    return out;
}

/* A group of which nothing was heard may hold anybody. */
static bool is_member(void *self, int64_t vni, const char *group, uint32_t address)
{
    char key[KEY_SIZE];
    (void)self;
    const struct host_net_group *g = map_get(&groups, group_key(key, vni, group));
    return g == NULL || host_pages_has(g, address);
}

static const struct host_port *port_at(int64_t vni, uint32_t address)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&ports, &at)) != NULL;) {
        const struct host_port *port = e->value;
        if (port->vni == vni && port->address == address)
            return port;
    }
    return NULL;
}

/* ---- the question ---------------------------------------------------------------------- */

/* Both ends are asked, where they are here and known. */
static bool may_begin(int64_t vni, const struct host_flow *f)
{
    static const struct host_verdict_groups known = {.has = is_member};
    const struct host_port *from = port_at(vni, f->from), *to = port_at(vni, f->to);
    return (from == NULL || host_verdict_port(from, HOST_EGRESS, f, &known)) &&
           (to == NULL || host_verdict_port(to, HOST_INGRESS, f, &known));
}

struct question {
    int64_t vni;
    uint32_t address;                          /* whose, where not 0 */
    const struct host_net_group *before, *now; /* of those that were members and are no more */
    bool is_gone;                              /* no rule can save it */
};

static bool was_put_out(const struct question *q, uint32_t address)
{
    return host_pages_has(q->before, address) && !host_pages_has(q->now, address);
}

static bool is_concerned(const struct question *q, const struct host_flow *f)
{
    if (q->address != 0)
        return f->from == q->address || f->to == q->address;
    return q->before == NULL || was_put_out(q, f->from) || was_put_out(q, f->to);
}

static bool ends(void *self, const struct host_flow *f)
{
    const struct question *q = self;
    return is_concerned(q, f) && (q->is_gone || !may_begin(q->vni, f));
}

static enum err_code cut(struct question *q, uint16_t zone, const char *why, struct err *err)
{
    char count[24];
    size_t len;
    if (zone == 0 || conntrack_end(zone, ends, q, &len, err) != ERR_OK)
        return err->code;
    snprintf(count, sizeof count, "%zu", len);
    if (len > 0)
        log_info("connections.cut", "by", why, "len", count, NULL);
    return ERR_OK;
}

/* ---- what changed ---------------------------------------------------------------------- */

enum err_code cut_port(const struct host_port *port, uint16_t zone, struct err *err)
{
    struct host_port *was = map_get(&ports, port->port);
    if (was != NULL && was->rules_len == port->rules_len && memcmp(was, port, port_size(port)) == 0)
        return ERR_OK;
    free(map_put(&ports, port->port, copy(port, port_size(port))));
    struct question q = {.vni = port->vni, .address = port->address};
    if (cut(&q, zone, port->port, err) != ERR_OK)
        free(map_remove(&ports, port->port)); /* the next time asks again */
    return err->code;
}

const struct host_net_group *cut_known(int64_t vni, const char *group)
{
    char key[KEY_SIZE];
    return map_get(&groups, group_key(key, vni, group));
}

enum err_code cut_group(const struct host_net_group *group, bool lost_any, uint16_t zone,
                        struct err *err)
{
    char key[KEY_SIZE];
    group_key(key, group->vni, group->group);
    struct host_net_group *now = copy(group, host_pages_size(group));
    struct host_net_group *was = map_put(&groups, key, now);
    struct question q = {.vni = group->vni, .before = was, .now = now};
    if ((was == NULL || lost_any) && cut(&q, zone, group->group, err) != ERR_OK)
        free(map_remove(&groups, key)); /* the next time asks again */
    free(was);
    return err->code;
}

enum err_code cut_address(const char *port, uint32_t address, uint16_t zone, struct err *err)
{
    struct question q = {.address = address, .is_gone = true};
    free(map_remove(&ports, port));
    return cut(&q, zone, port, err);
}

void cut_forget_network(int64_t vni)
{
    char key[KEY_SIZE];
    size_t at = 0, len = strlen(group_key(key, vni, ""));
    for (struct map_entry *e; (e = map_next(&groups, &at)) != NULL;)
        if (strncmp(e->key, key, len) == 0)
            free(map_remove(&groups, e->key));
}
