/* groups.c - orders about security groups, and whether machines came to have what was ordered. */
#include "tests/sim/groups.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/api/port.h"
#include "computer-manager/model/address.h"
#include "tests/sim/tiers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PACE_MS = 1500,
    ANSWER_MS = 8000,
    SIGN_AGAIN_MS = 10 * 60 * 1000, /* within which a repeat carries the same signature */
    BODY = 400,
    MEMBERS_MAX = 64,
    LAST_MOVES = 3, /* when faults are over: changes that no later one tells again */
};

/* ---- what there is to let through --------------------------------------------------------- */

/* Numbers: 0 all out to everywhere, 1 all in from its own group, 2 to 3 out and 4 to 5 in by
 * range, from 6 on in from the group of slot number - 6. */
enum { ALL_OUT = 0, ALL_IN_FROM_ITSELF = 1, FIRST_OUT = 2, FIRST_IN = 4, FIRST_FROM = 6 };

static bool is_egress(unsigned rule)
{
    return rule == ALL_OUT || (rule >= FIRST_OUT && rule < FIRST_IN);
}

/* The slot of the group that a rule names, or -1. */
static int peer_of(unsigned slot, unsigned rule)
{
    if (rule == ALL_IN_FROM_ITSELF)
        return (int)slot;
    return rule >= FIRST_FROM ? (int)rule - FIRST_FROM : -1;
}

static struct host_rule host_rule_of(const struct sim_groups *s, unsigned slot, unsigned rule)
{
    bool is_all = rule == ALL_OUT || rule == ALL_IN_FROM_ITSELF;
    int port = is_all ? -1 : 100 + (int)rule, peer = peer_of(slot, rule);
    struct host_rule r = {
        .egress = is_egress(rule), .protocol = is_all ? 0 : 6, .from = port, .to = port};
    if (peer >= 0)
        str_copy(r.group, sizeof r.group, s->list[peer].id);
    else if (!is_all)
        r.cidr = 10u << 24 | rule << 16, r.cidr_len = 16;
    return r;
}

static void spell_rule(const struct sim_groups *s, unsigned slot, unsigned rule, char *out,
                       size_t size)
{
    bool is_all = rule == ALL_OUT || rule == ALL_IN_FROM_ITSELF;
    int peer = peer_of(slot, rule), len;
    len = is_all ? snprintf(out, size, "&IpPermissions.1.IpProtocol=-1")
                 : snprintf(out, size,
                            "&IpPermissions.1.FromPort=%u&IpPermissions.1.IpProtocol=tcp"
                            "&IpPermissions.1.ToPort=%u",
                            100 + rule, 100 + rule);
    if (peer >= 0)
        snprintf(out + len, size - (size_t)len, "&IpPermissions.1.Groups.1.GroupId=%s",
                 s->list[peer].id);
    else if (is_all)
        snprintf(out + len, size - (size_t)len, "&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0");
    else
        snprintf(out + len, size - (size_t)len, "&IpPermissions.1.IpRanges.1.CidrIp=10.%u.0.0/16",
                 rule);
}

/* ---- orders ------------------------------------------------------------------------------- */

static void spell_move(const struct sim_groups *s, char *out, size_t size)
{
    int len = snprintf(out, size, "Action=ModifyInstanceAttribute");
    for (unsigned slot = 0, n = 1; slot < SIM_GROUPS_MAX; slot++)
        if (s->order.to & 1u << slot)
            len += snprintf(out + len, size - (size_t)len, "&GroupId.%u=%s", n++, s->list[slot].id);
    snprintf(out + len, size - (size_t)len, "&InstanceId=%s", s->shadow->guests[s->order.guest].id);
}

static void spell(const struct sim_groups *s, char *out, size_t size)
{
    const struct sim_group *g = &s->list[s->order.slot];
    bool egress = is_egress(s->order.rule);
    char rule[BODY] = "";
    spell_rule(s, s->order.slot, s->order.rule, rule, sizeof rule);
    switch (s->order.verb) {
    case SIM_GROUP_FIND:
        snprintf(out, size, "Action=DescribeSecurityGroups&GroupName.1=%s", g->name);
        return;
    case SIM_GROUP_CREATE:
        snprintf(out, size, "Action=CreateSecurityGroup&GroupDescription=d&GroupName=%s", g->name);
        return;
    case SIM_GROUP_DELETE:
        snprintf(out, size, "Action=DeleteSecurityGroup&GroupId=%s", g->id);
        return;
    case SIM_GROUP_ALLOW:
        snprintf(out, size, "Action=AuthorizeSecurityGroup%s&GroupId=%s%s",
                 egress ? "Egress" : "Ingress", g->id, rule);
        return;
    case SIM_GROUP_REVOKE:
        snprintf(out, size, "Action=RevokeSecurityGroup%s&GroupId=%s%s",
                 egress ? "Egress" : "Ingress", g->id, rule);
        return;
    case SIM_GROUP_MOVE:
        spell_move(s, out, size);
        return;
    case SIM_GROUP_LOOK:
        snprintf(out, size, "Action=DescribeSecurityGroupRules");
        return;
    }
}

static void read_id(struct sim_groups *s, struct sim_group *g, const char *body)
{
    const char *at = body;
    if (!sim_ec2_text(&at, NULL, "groupId", g->id, sizeof g->id))
        sim_world_fail(s->world, "WIRE", g->name, "an answer names no group");
    g->is_there = true;
}

/* ---- what he sees after a restore --------------------------------------------------------- */

static int slot_of(const struct sim_groups *s, const char *id)
{
    for (int slot = 0; slot < SIM_GROUPS_MAX; slot++)
        if (str_eq(s->list[slot].id, id))
            return slot;
    return -1;
}

static bool is_same(const struct host_rule *a, const struct host_rule *b)
{
    return a->egress == b->egress && a->protocol == b->protocol && a->from == b->from &&
           a->to == b->to && a->cidr == b->cidr && a->cidr_len == b->cidr_len &&
           str_eq(a->group, b->group);
}

/* The text of a field, "" where the item has none. */
static const char *field(const char *item, const char *end, const char *tag, char out[HOST_ID_SIZE])
{
    out[0] = '\0';
    sim_ec2_text(&item, end, tag, out, HOST_ID_SIZE);
    return out;
}

static struct host_rule read_rule(const char *item, const char *end)
{
    char text[HOST_ID_SIZE];
    const char *peer = strstr(item, "<referencedGroupInfo>");
    struct host_rule r = {.egress = str_eq(field(item, end, "isEgress", text), "true"),
                          .protocol = str_eq(field(item, end, "ipProtocol", text), "tcp") ? 6 : 0,
                          .from = (int32_t)strtol(field(item, end, "fromPort", text), NULL, 10),
                          .to = (int32_t)strtol(field(item, end, "toPort", text), NULL, 10)};
    if (*field(item, end, "cidrIpv4", text) != '\0')
        host_port_parse_cidr(text, &r.cidr, &r.cidr_len);
    if (peer != NULL && (end == NULL || peer < end))
        str_copy(r.group, sizeof r.group, field(peer, end, "groupId", text));
    return r;
}

static void take_rule(struct sim_groups *s, unsigned slot, const struct host_rule *said)
{
    struct sim_group *g = &s->list[slot];
    g->is_there = true; /* perhaps he was told that it was deleted */
    for (unsigned rule = 0; rule < SIM_GROUP_RULES; rule++) {
        struct host_rule r = host_rule_of(s, slot, rule);
        if (is_same(&r, said)) {
            g->rules |= 1u << rule;
            return;
        }
    }
    g->foreign_rules++;
}

static void read_rules(struct sim_groups *s, const char *body)
{
    const char *at = body;
    char text[HOST_ID_SIZE];
    for (unsigned slot = 0; slot < SIM_GROUPS_MAX; slot++)
        s->list[slot].rules = s->list[slot].foreign_rules = 0;
    while (sim_ec2_text(&at, NULL, "securityGroupRuleId", text, sizeof text)) {
        const char *end = strstr(at, "<securityGroupRuleId>");
        int slot = slot_of(s, field(at, end, "groupId", text));
        struct host_rule said = read_rule(at, end);
        if (slot >= 0)
            take_rule(s, (unsigned)slot, &said);
    }
    s->has_looked = true;
}

static void read_members(struct sim_groups *s, size_t guest, const char *at, const char *end)
{
    char id[HOST_ID_SIZE];
    s->member[guest] = 0;
    s->is_foreign[guest] = false;
    while (sim_ec2_text(&at, end, "groupId", id, sizeof id)) {
        int slot = slot_of(s, id);
        if (slot >= 0)
            s->member[guest] |= 1u << slot;
        else
            s->is_foreign[guest] = true;
    }
}

/* It may have been done before the store went back, or what it needs is there no more. */
static void refused(struct sim_groups *s, const char *body)
{
    s->order.is_open = false;
    for (unsigned slot = 1; slot < SIM_GROUPS_MAX; slot++)
        if (strstr(body, "<Code>InvalidGroup.NotFound<") != NULL && s->list[slot].id[0] != '\0' &&
            strstr(body, s->list[slot].id) != NULL)
            s->list[slot].is_there = false;
}

void sim_groups_restored(struct sim_groups *s)
{
    s->is_restored = true;
    s->has_looked = false;
}

/* ---- answers ------------------------------------------------------------------------------ */

static void done(struct sim_groups *s, const char *body)
{
    struct sim_group *g = &s->list[s->order.slot];
    s->order.is_open = false;
    switch (s->order.verb) {
    case SIM_GROUP_FIND:
        read_id(s, g, body);
        g->rules = 1u << ALL_OUT;
        if (s->order.slot == 0)
            g->rules |= 1u << ALL_IN_FROM_ITSELF;
        return;
    case SIM_GROUP_CREATE:
        read_id(s, g, body);
        g->rules = 1u << ALL_OUT;
        return;
    case SIM_GROUP_DELETE:
        g->is_there = false;
        return;
    case SIM_GROUP_ALLOW:
        g->rules |= 1u << s->order.rule;
        return;
    case SIM_GROUP_REVOKE:
        g->rules &= ~(1u << s->order.rule);
        return;
    case SIM_GROUP_MOVE:
        s->member[s->order.guest] = s->order.to;
        return;
    case SIM_GROUP_LOOK:
        read_rules(s, body);
        return;
    }
}

/* It was done under its first signature, and the answer was lost. What was made is looked up. */
static void was_done(struct sim_groups *s, const char *body)
{
    if (s->order.verb != SIM_GROUP_CREATE) {
        done(s, body);
        return;
    }
    s->order.verb = SIM_GROUP_FIND;
    s->order.signature.signed_ms = 0;
}

/* No answer, and none that says what holds: asked again. A date that the cloud does not take is
 * written anew. Of what he may have, one thing can be refused: to change what is on its way out. */
static void answered(void *self, int status, const char *body, size_t body_len)
{
    struct sim_groups *s = self;
    bool is_dated = strstr(body, "<Code>RequestExpired<") != NULL ||
                    strstr(body, "<Code>SignatureDoesNotMatch<") != NULL;
    (void)body_len;
    s->order.is_sent = false;
    SIM_TRACE(s->world, "groups", "answer", s->list[s->order.slot].name, "%d", status);
    if (status == 200) {
        done(s, body);
    } else if (is_dated) {
        s->order.signature.signed_ms = 0;
    } else if (status >= 400 && status < 500 && s->is_restored) {
        refused(s, body);
    } else if (status >= 400 && status < 500 && s->order.verb == SIM_GROUP_MOVE) {
        s->is_leaving[s->order.guest] = true;
        s->order.is_open = false;
    } else if (status >= 400 && status < 500 && s->order.signs > 1) {
        was_done(s, body);
    } else if (status >= 400 && status < 500) {
        sim_world_fail(s->world, "I5", s->list[s->order.slot].id, "an order was refused: %.120s",
                       strstr(body, "<Code>") != NULL ? strstr(body, "<Code>") : body);
    }
}

/* A signature counts seconds: the same order twice in one would be one request, which is answered
 * and not done again. So no two of his orders have the same date. */
static int64_t next_date(struct sim_groups *s)
{
    int64_t wall_ms = sim_ec2_wall_ms(s->world);
    s->dated_ms = wall_ms < s->dated_ms + 1000 ? s->dated_ms + 1000 : wall_ms;
    return s->dated_ms;
}

static void send(struct sim_groups *s)
{
    char query[BODY];
    if (s->order.signature.signed_ms == 0 ||
        sim_ec2_now_ms(s->world) - s->order.signature.signed_ms > SIGN_AGAIN_MS) {
        spell(s, query, sizeof query);
        s->order.signs++;
        sim_ec2_sign(&s->order.signature, s->key, next_date(s), sim_ec2_now_ms(s->world) + 1,
                     query);
        SIM_TRACE(s->world, "groups", "order", s->list[s->order.slot].name, "%.200s", query);
    }
    s->order.is_sent = true;
    sim_ec2_send(&s->order.signature, s->cloud, ANSWER_MS, s, answered);
}

static void open_order(struct sim_groups *s, enum sim_group_verb verb, unsigned slot)
{
    s->order.verb = verb;
    s->order.slot = slot;
    s->order.is_open = true;
    s->has_looked = false;
    s->order.signature = (struct sim_ec2){0};
    s->order.signs = 0;
    send(s);
}

/* ---- what comes next ---------------------------------------------------------------------- */

/* Does a living instance have it, or a rule of another group name it? */
static bool is_needed(const struct sim_groups *s, unsigned slot)
{
    for (size_t i = 0; i < s->shadow->guests_len; i++)
        if (s->member[i] & 1u << slot && s->shadow->guests[i].seen != SIM_STATE_TERMINATED)
            return true;
    for (unsigned other = 0; other < SIM_GROUPS_MAX; other++)
        if (other != slot && s->list[other].is_there &&
            s->list[other].rules & 1u << (FIRST_FROM + slot))
            return true;
    return false;
}

static void change_group(struct sim_groups *s, unsigned slot)
{
    struct sim_group *g = &s->list[slot];
    unsigned rule = (unsigned)sim_world_draw(s->world, SIM_GROUP_RULES);
    int peer = peer_of(slot, rule);
    if (!g->is_there) {
        snprintf(g->name, sizeof g->name, slot == 0 ? "default" : "group-%lu",
                 (unsigned long)++s->made);
        open_order(s, slot == 0 ? SIM_GROUP_FIND : SIM_GROUP_CREATE, slot);
    } else if (slot != 0 && sim_world_draw(s->world, 6) == 0) {
        if (!is_needed(s, slot))
            open_order(s, SIM_GROUP_DELETE, slot);
    } else if (g->rules & 1u << rule) {
        s->order.rule = rule;
        open_order(s, SIM_GROUP_REVOKE, slot);
    } else if (peer < 0 || s->list[peer].is_there) {
        s->order.rule = rule;
        open_order(s, SIM_GROUP_ALLOW, slot);
    }
}

static void move(struct sim_groups *s, size_t guest)
{
    const struct sim_guest *g = &s->shadow->guests[guest];
    s->order.to = 0;
    for (unsigned slot = 0; slot < SIM_GROUPS_MAX; slot++)
        if (s->list[slot].is_there && sim_world_draw(s->world, 2) == 0)
            s->order.to |= 1u << slot;
    if (g->id[0] == '\0' || g->seen == SIM_STATE_TERMINATED || s->is_leaving[guest] ||
        s->order.to == 0)
        return;
    s->order.guest = guest;
    open_order(s, SIM_GROUP_MOVE, 0);
}

static void move_last(struct sim_groups *s)
{
    s->last_moves++;
    if (s->shadow->guests_len > 0)
        move(s, sim_world_draw(s->world, s->shadow->guests_len));
}

static void fire(struct sim_world *w, const struct sim_due *due)
{
    struct sim_groups *s = due->what;
    if (s->order.is_open && !s->order.is_sent)
        send(s);
    else if (!s->order.is_open && s->is_restored && !s->has_looked)
        open_order(s, SIM_GROUP_LOOK, 0);
    else if (!s->order.is_open && !w->faults.on && s->last_moves < LAST_MOVES)
        move_last(s);
    else if (!s->order.is_open && s->is_restored && !w->faults.on)
        open_order(s, SIM_GROUP_LOOK, 0);
    else if (!s->order.is_open && w->faults.on && !s->list[0].is_there)
        change_group(s, 0);
    else if (!s->order.is_open && w->faults.on && s->shadow->guests_len > 0 &&
             sim_world_draw(w, 3) == 0)
        move(s, sim_world_draw(w, s->shadow->guests_len));
    else if (!s->order.is_open && w->faults.on)
        change_group(s, (unsigned)sim_world_draw(w, SIM_GROUPS_MAX));
    sim_world_after(w, 1 + (int64_t)sim_world_draw(w, PACE_MS), fire, s, 0);
}

void sim_groups_begin(struct sim_groups *s)
{
    PRE(s->world != NULL && s->shadow != NULL && s->cloud != NULL && s->key != NULL);
    sim_world_after(s->world, 0, fire, s, 0);
}

void sim_groups_hear(struct sim_groups *s, const char *body)
{
    const char *at = body;
    char id[HOST_ID_SIZE], text[20];
    while (sim_ec2_text(&at, NULL, "instanceId", id, sizeof id)) {
        const char *end = strstr(at, "<instanceId>"), *in = at;
        const struct sim_guest *g = sim_shadow_find(s->shadow, id);
        if (g != NULL && sim_ec2_text(&in, end, "privateIpAddress", text, sizeof text))
            host_address_parse(text, &s->address[g - s->shadow->guests]);
        if (g != NULL && s->is_restored)
            read_members(s, (size_t)(g - s->shadow->guests), at, end);
    }
}

/* ---- when all is quiet -------------------------------------------------------------------- */

static uint32_t groups_of(const struct sim_groups *s, size_t guest)
{
    return s->member[guest] != 0 ? s->member[guest] : 1u;
}

static bool has_rule(const struct host_port *p, const struct host_rule *r)
{
    for (int64_t i = 0; i < p->rules_len; i++)
        if (is_same(&p->rules[i], r))
            return true;
    return false;
}

/* A restore may take an instance away, where no cluster had heard of it. */
static bool is_forgotten(const struct sim_groups *s, const struct sim_guest *g)
{
    return s->is_restored && g->listed != s->shadow->lists;
}

static size_t members_of(const struct sim_groups *s, unsigned slot, uint32_t out[MEMBERS_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < s->shadow->guests_len; i++) {
        const struct sim_guest *g = &s->shadow->guests[i];
        if (g->id[0] == '\0' || g->seen == SIM_STATE_TERMINATED ||
            !(groups_of(s, i) & 1u << slot) || is_forgotten(s, g))
            continue;
        INV(len < MEMBERS_MAX);
        out[len++] = s->address[i];
    }
    return len;
}

/* The set of that group on that machine holds its members, wherever they live, and nobody else. Of
 * one that nobody was ever in there need be none: nobody is let in by it. */
static void check_members(struct sim_groups *s, const struct sim_machine *m,
                          const struct host_port *p, unsigned slot)
{
    uint32_t members[MEMBERS_MAX];
    size_t len = members_of(s, slot, members);
    const struct sim_set *set = sim_ports_set(m, s->list[slot].id, p->vni);
    int64_t told = set != NULL ? set->len : 0;
    if (told != (int64_t)len) {
        sim_world_fail(s->world, "I12", s->list[slot].id, "has %zu members, and %ld of them on %s",
                       len, (long)told, m->node->name);
        return;
    }
    for (size_t i = 0; set != NULL && i < len; i++) {
        bool found = false;
        for (int64_t k = 0; k < set->len; k++)
            found = found || set->members[k] == members[i];
        if (!found)
            sim_world_fail(s->world, "I12", s->list[slot].id, "lacks a member on %s",
                           m->node->name);
    }
}

static void check_port(struct sim_groups *s, const struct sim_machine *m, const struct host_port *p,
                       size_t guest)
{
    int64_t wanted = 0;
    for (unsigned slot = 0; slot < SIM_GROUPS_MAX; slot++) {
        if (!(groups_of(s, guest) & 1u << slot))
            continue;
        wanted += s->list[slot].foreign_rules;
        for (unsigned rule = 0; rule < SIM_GROUP_RULES; rule++) {
            if (!(s->list[slot].rules & 1u << rule))
                continue;
            struct host_rule r = host_rule_of(s, slot, rule);
            int peer = peer_of(slot, rule);
            wanted++;
            if (!has_rule(p, &r))
                sim_world_fail(s->world, "I12", p->instance, "lacks rule %u of %s on %s", rule,
                               s->list[slot].id, m->node->name);
            if (peer >= 0)
                check_members(s, m, p, (unsigned)peer);
        }
    }
    if (p->rules_len != wanted)
        sim_world_fail(s->world, "I12", p->instance, "has %ld rules on %s and should have %ld",
                       (long)p->rules_len, m->node->name, (long)wanted);
}

static void check_machine(struct sim_groups *s, struct sim_machine *m)
{
    for (size_t k = 0; k < SIM_PORTS_MAX; k++) {
        const struct host_port *p = &m->ports[k];
        const struct sim_guest *g = p->port[0] != '\0' ? sim_shadow_find(s->shadow, p->instance)
                                                       : NULL;
        const struct sim_domain *d = sim_machine_domain(m, p->instance);
        /* One that is stopped gets its rules when it starts again. */
        if (g != NULL && d != NULL && d->runs && !s->is_foreign[g - s->shadow->guests])
            check_port(s, m, p, (size_t)(g - s->shadow->guests));
    }
}

void sim_groups_finish(struct sim_groups *s)
{
    if (s->order.is_open && s->order.verb != SIM_GROUP_LOOK)
        sim_world_fail(s->world, "I6", s->list[s->order.slot].id, "an order was never answered");
    for (size_t i = 0; i < s->shadow->guests_len; i++)
        if (s->is_leaving[i] && !s->is_restored &&
            s->shadow->guests[i].seen != SIM_STATE_TERMINATED)
            sim_world_fail(s->world, "I5", s->shadow->guests[i].id,
                           "its groups could not be changed, and it lives");
    for (size_t i = 0; i < s->shadow->machines_len && s->list[0].is_there; i++)
        check_machine(s, s->shadow->machines[i]);
}
