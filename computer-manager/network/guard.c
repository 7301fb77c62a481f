/* guard.c - sums of nft's own listings, by block; see guard.h.
 *
 *   table inet tercet_tct {          a block is a chain, set or map: its name is
 *           chain from_0123 {        "inet tercet_tct chain from_0123"
 *                   ...              its sum is taken over these lines
 *           }
 */
#include "computer-manager/network/guard.h"

#include "base/check.h"
#include "base/map.h"
#include "base/str.h"
#include "computer-manager/model/address.h"
#include "computer-manager/model/netname.h"
#include "computer-manager/model/pages.h"
#include "computer-manager/network/dnsmasq.h"
#include "computer-manager/network/ruleset.h"
#include "computer-manager/network/space.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 128, NEEDLE_SIZE = 128 };

struct sum {
    uint64_t value;
};

/* The shared chains: what one of them lacks, every port lacks. */
static const char *const shared[] = {"zone", "input", "forward", "nat", "bridged", "target"};

static struct {
    struct map learned, seen; /* block -> struct sum */
    struct buf text;          /* the shared table as last seen, for what its maps hold */
    uint64_t loaded; /* of the shared table's text, when its sums were learned; 0 = they were not */
    uint32_t generation;
    uint64_t links;
    bool has_looked;
} guard;

/* ---- sums ------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t sum, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) /* FNV-1a */
        sum = (sum ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return sum;
}

static const uint64_t EMPTY = UINT64_C(0xcbf29ce484222325);

static void put(struct map *sums, const char *block, uint64_t value)
{
    struct sum *sum = check_alloc(sizeof *sum);
    sum->value = value;
    free(map_put(sums, block, sum));
}

static void forget_all(struct map *sums)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(sums, &at)) != NULL;)
        free(e->value);
    map_fini(sums);
    *sums = (struct map){0};
}

/* Elements of a set come in any order: each counts for itself. */
static uint64_t sum_words(uint64_t sum, const char *line, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t gap = strspn(line + i, " \t,{}=");
        size_t word = strcspn(line + i + gap, " \t\n,{}=");
        if (word > 0 && i + gap < len)
            sum += mix(EMPTY, line + i + gap, word);
        i += gap + word + (gap + word == 0);
    }
    return sum;
}

struct reading {
    struct map *into;
    char table[BLOCK_SIZE / 2], block[BLOCK_SIZE];
    bool is_set;
    uint64_t sum;
};

static void begin_block(struct reading *r, const char *line, size_t len)
{
    int name = (int)(len > 2 ? len - 2 : 0); /* without " {" */
    snprintf(r->block, sizeof r->block, "%s %.*s", r->table, name, line);
    r->is_set = !str_has_prefix(line, "chain ");
    r->sum = EMPTY;
}

static void read_line(struct reading *r, const char *line, size_t len)
{
    if (str_has_prefix(line, "table "))
        snprintf(r->table, sizeof r->table, "%.*s", (int)len - 8, line + strlen("table "));
    else if (len > 1 && line[0] == '\t' && line[1] == '}')
        put(r->into, r->block, r->sum);
    else if (len > 1 && line[0] == '\t' && line[1] != '\t')
        begin_block(r, line + 1, len - 1);
    else if (len > 0 && line[0] == '\t')
        r->sum = r->is_set ? sum_words(r->sum, line, len) : mix(r->sum, line, len);
}

static void read_blocks(struct map *into, const char *text)
{
    struct reading r = {.into = into};
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        read_line(&r, line, len);
        line += len + (line[len] == '\n');
    }
}

static bool is_as_learned(const char *block)
{
    const struct sum *was = map_get(&guard.learned, block), *is = map_get(&guard.seen, block);
    return was != NULL && is != NULL && was->value == is->value;
}

/* ---- learning -------------------------------------------------------------------------- */

/* One listing a command: nft 1.0.6 reads only what the last of several asks for. */
__attribute__((format(printf, 2, 3))) static enum err_code learn(struct err *err, const char *fmt,
                                                                 ...)
{
    CLEANUP(buf_fini) struct buf text = {0};
    char command[NEEDLE_SIZE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(command, sizeof command, fmt, args);
    va_end(args);
    if (ruleset_list(command, RULESET_ELEMENTS, &text, err) == ERR_OK)
        read_blocks(&guard.learned, buf_str(&text));
    return err->code;
}

enum err_code guard_learn_shared(struct network *net, const char *loaded, struct err *err)
{
    char table[HOST_NETNAME_SIZE];
    uint64_t sum = mix(EMPTY, loaded, strlen(loaded));
    if (sum == guard.loaded) /* the same text leaves the same rules */
        return ERR_OK;
    host_netname_table(table, net->prefix);
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        if (learn(err, "list chain inet %s %s", table, shared[i]) != ERR_OK)
            return err->code;
    if (learn(err, "list set inet %s resolvers", table) == ERR_OK)
        guard.loaded = sum;
    return err->code;
}

enum err_code guard_learn_port(struct network *net, const struct host_port *port, struct err *err)
{
    char table[HOST_NETNAME_SIZE], gates[HOST_NETNAME_SIZE];
    const char *id = port->port + strlen("eni-");
    host_netname_table(table, net->prefix);
    host_netname_tap_table(gates, net->prefix, port->port);
    if (learn(err, "list chain inet %s from_%s", table, id) != ERR_OK ||
        learn(err, "list chain inet %s to_%s", table, id) != ERR_OK)
        return err->code;
    return learn(err, "list table netdev %s", gates);
}

static uint64_t sum_word(const char *word)
{
    return mix(EMPTY, word, strlen(word));
}

/* By how much the change moves the set's sum: nft says "elements" where there are any. */
static uint64_t sum_change(const struct host_net_group *group,
                           const struct host_filter_change *change)
{
    char ip[HOST_ADDRESS_SIZE];
    uint64_t sum = 0;
    int64_t now = host_pages_count(group);
    int64_t before = now - (int64_t)change->in_len + (int64_t)change->out_len;
    for (size_t i = 0; i < change->in_len; i++)
        sum += sum_word(host_address_format(ip, change->in[i]));
    for (size_t i = 0; i < change->out_len; i++)
        sum -= sum_word(host_address_format(ip, change->out[i]));
    if (before == 0 && now > 0)
        sum += sum_word("elements");
    if (before > 0 && now == 0)
        sum -= sum_word("elements");
    return sum;
}

/* Was our transaction the only one since everything was looked at last? Then nothing else moved. */
static bool is_all_that_moved(uint32_t before)
{
    uint32_t now;
    struct err err = {0};
    if (!guard.has_looked || before != guard.generation ||
        ruleset_generation(&now, &err) != ERR_OK || now != before + 1)
        return false;
    guard.generation = now;
    return true;
}

enum err_code guard_learn_group(struct network *net, const struct host_net_group *group,
                                const struct host_filter_change *change, uint32_t before,
                                struct err *err)
{
    char table[HOST_NETNAME_SIZE], name[HOST_NETNAME_SIZE], block[BLOCK_SIZE];
    host_netname_table(table, net->prefix);
    host_netname_group(name, group->vni, group->group);
    snprintf(block, sizeof block, "inet %s set %s", table, name);
    struct sum *learned = map_get(&guard.learned, block), *last = map_get(&guard.seen, block);
    if (change->is_anew || learned == NULL)
        return learn(err, "list set inet %s %s", table, name);
    uint64_t moved = sum_change(group, change);
    learned->value += moved;
    if (last != NULL && is_all_that_moved(before))
        last->value += moved;
    return ERR_OK;
}

static void router_key(char out[BLOCK_SIZE], int64_t vni)
{
    snprintf(out, BLOCK_SIZE, "router %06x", (unsigned)vni);
}

/* Nobody but us loads rules there: their generation is enough. */
enum err_code guard_learn_router(int64_t vni, struct err *err)
{
    char key[BLOCK_SIZE];
    uint32_t generation;
    router_key(key, vni);
    if (ruleset_generation(&generation, err) == ERR_OK)
        put(&guard.learned, key, generation);
    return err->code;
}

static void forget_matching(const char *part)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&guard.learned, &at)) != NULL;)
        if (strstr(e->key, part) != NULL)
            free(map_remove(&guard.learned, e->key));
}

void guard_forget_port(const char *port)
{
    char part[BLOCK_SIZE];
    const char *id = port + strlen("eni-");
    snprintf(part, sizeof part, "_%s", id); /* from_, to_ */
    forget_matching(part);
    snprintf(part, sizeof part, "_%s chain ", host_netname_short(port)); /* its gates */
    forget_matching(part);
}

void guard_forget_network(int64_t vni)
{
    char part[BLOCK_SIZE];
    snprintf(part, sizeof part, " set g%06x_", (unsigned)vni);
    forget_matching(part);
    router_key(part, vni);
    forget_matching(part);
}

/* ---- looking --------------------------------------------------------------------------- */

enum err_code guard_look(struct network *net, const struct survey *survey, bool *is_moved,
                         struct err *err)
{
    char command[NEEDLE_SIZE], table[HOST_NETNAME_SIZE];
    CLEANUP(buf_fini) struct buf gates = {0};
    uint32_t generation;
    if (ruleset_generation(&generation, err) != ERR_OK)
        return err->code;
    *is_moved = !guard.has_looked || generation != guard.generation || survey->sum != guard.links;
    if (!*is_moved)
        return ERR_OK;
    snprintf(command, sizeof command, "list table inet %s", host_netname_table(table, net->prefix));
    buf_clear(&guard.text);
    if (ruleset_list(command, RULESET_ELEMENTS, &guard.text, err) != ERR_OK ||
        ruleset_list("list ruleset netdev", RULESET_ELEMENTS, &gates, err) != ERR_OK)
        return err->code;
    forget_all(&guard.seen);
    read_blocks(&guard.seen, buf_str(&guard.text));
    read_blocks(&guard.seen, buf_str(&gates));
    guard.generation = generation; /* of before the listing: what came since is seen next time */
    guard.links = survey->sum;
    guard.has_looked = true;
    return ERR_OK;
}

static enum err_code read_generation(void *self, struct err *err)
{
    return ruleset_generation(self, err);
}

static bool router_is_whole(const struct vpc *v)
{
    char key[BLOCK_SIZE];
    struct err err = {0};
    uint32_t generation;
    router_key(key, v->vni);
    const struct sum *was = map_get(&guard.learned, key);
    return was != NULL && space_exists(v->space) &&
           space_visit(v->space, read_generation, &generation, &err) == ERR_OK &&
           generation == was->value;
}

static bool sets_are_whole(const struct vpc *v)
{
    char part[BLOCK_SIZE];
    size_t at = 0;
    snprintf(part, sizeof part, " set g%06x_", (unsigned)v->vni);
    for (struct map_entry *e; (e = map_next(&guard.learned, &at)) != NULL;)
        if (strstr(e->key, part) != NULL && !is_as_learned(e->key))
            return false;
    return true;
}

static bool shared_is_whole(const struct network *net)
{
    char block[BLOCK_SIZE], table[HOST_NETNAME_SIZE];
    host_netname_table(table, net->prefix);
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        snprintf(block, sizeof block, "inet %s chain %s", table, shared[i]);
        if (!is_as_learned(block))
            return false;
    }
    snprintf(block, sizeof block, "inet %s set resolvers", table);
    return is_as_learned(block);
}

static bool has_zone(const struct vpc *v)
{
    char needle[NEEDLE_SIZE];
    snprintf(needle, sizeof needle, "\"%s\" : %u", v->bridge, v->slot);
    const char *at = strstr(buf_str(&guard.text), needle);
    return at != NULL && strchr("0123456789", at[strlen(needle)]) == NULL;
}

bool guard_network_is_whole(struct vpc *v, const struct survey_network *seen)
{
    return seen->is_up && v->slot > 0 && netlink_index(&v->net->home, v->gateway) != 0 &&
           netlink_index(&v->net->home, v->uplink) != 0 && router_is_whole(v) &&
           dnsmasq_runs(&v->paths) && shared_is_whole(v->net) && sets_are_whole(v) && has_zone(v);
}

/* Does the map lead that address on that bridge to the port's chain? */
static bool leads(const struct vpc *v, const struct survey_port *port, const char *map)
{
    char needle[NEEDLE_SIZE], ip[HOST_ADDRESS_SIZE];
    snprintf(needle, sizeof needle, "\"%s\" . %s : goto %s_%s", v->bridge,
             host_address_format(ip, port->address), map, port->port + strlen("eni-"));
    return strstr(buf_str(&guard.text), needle) != NULL;
}

bool guard_port_is_whole(const struct vpc *v, const struct survey_network *network,
                         const struct survey_port *port)
{
    char table[HOST_NETNAME_SIZE], block[BLOCK_SIZE];
    const char *id = port->port + strlen("eni-");
    if (!port->is_up || port->master != network->bridge || !leads(v, port, "from") ||
        !leads(v, port, "to"))
        return false;
    host_netname_table(table, v->net->prefix);
    static const char *const chains[] = {"from", "to"}, *const hooks[] = {"in", "out"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(block, sizeof block, "inet %s chain %s_%s", table, chains[i], id);
        if (!is_as_learned(block))
            return false;
    }
    host_netname_tap_table(table, v->net->prefix, port->port);
    for (size_t i = 0; i < 2; i++) {
        snprintf(block, sizeof block, "netdev %s chain %s", table, hooks[i]);
        if (!is_as_learned(block))
            return false;
    }
    return true;
}
