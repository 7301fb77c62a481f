/* sweep.c - leftovers, found in nft's own listings. */
#include "computer-manager/network/sweep.h"

#include "base/check.h"
#include "base/id.h"
#include "base/str.h"
#include "computer-manager/model/address.h"
#include "computer-manager/model/filter.h"
#include "computer-manager/network/ruleset.h"
#include "computer-manager/network/vpc.h"

#include <stdio.h>
#include <string.h>

enum { COMMAND_SIZE = 96 };

/* One element of the map: "tctb00000a" . 172.31.0.5 : goto to_0123456789abcdef0 */
struct element {
    int64_t vni;
    uint32_t address;
    char port[HOST_ID_SIZE];
};

/* The text between `start` and `end` that follow each other from `at` on. */
static const char *between(const char *at, const char *start, const char *end, char *out,
                           size_t out_size)
{
    const char *from = strstr(at, start);
    if (from == NULL)
        return NULL;
    from += strlen(start);
    size_t len = strcspn(from, end);
    if (len >= out_size)
        return NULL;
    memcpy(out, from, len);
    out[len] = '\0';
    return from + len;
}

/* Reads the next element; NULL at the end of the listing. */
static const char *next_element(const char *at, const char *prefix, struct element *out)
{
    char bridge[HOST_LINK_SIZE], address[HOST_ADDRESS_SIZE], digits[HOST_ID_SIZE - 4];
    while ((at = between(at, "\"", "\"", bridge, sizeof bridge)) != NULL) {
        const char *rest = between(at, "\" . ", " ", address, sizeof address);
        rest = rest != NULL ? between(rest, " : goto to_", ", \n\t}", digits, sizeof digits) : NULL;
        if (rest == NULL)
            return NULL;
        at = rest;
        snprintf(out->port, sizeof out->port, "eni-%s", digits);
        out->vni = host_netname_vni(bridge, prefix, HOST_LINK_BRIDGE);
        if (out->vni > 0 && id_is(out->port, "eni") && host_address_parse(address, &out->address))
            return at;
    }
    return NULL;
}

static enum err_code list_elements(struct network *net, struct buf *out, struct err *err)
{
    char command[COMMAND_SIZE], table[HOST_NETNAME_SIZE];
    snprintf(command, sizeof command, "list map inet %s to",
             host_netname_table(table, net->prefix));
    if (ruleset_list(command, RULESET_ELEMENTS, out, err) != ERR_OK)
        return err->code;
    char *start = out->len > 0 ? strstr(out->data, "elements") : NULL;
    if (start != NULL)
        memmove(out->data, start, strlen(start) + 1);
    else
        buf_clear(out);
    return ERR_OK;
}

enum err_code sweep_addresses(struct network *net, const char *port, int64_t vni,
                              uint32_t *addresses, size_t max, size_t *len, struct err *err)
{
    CLEANUP(buf_fini) struct buf listing = {0};
    struct element e;
    *len = 0;
    if (list_elements(net, &listing, err) != ERR_OK)
        return err->code;
    for (const char *at = buf_str(&listing); (at = next_element(at, net->prefix, &e)) != NULL;)
        if (e.vni == vni && str_eq(e.port, port) && *len < max)
            addresses[(*len)++] = e.address;
    return ERR_OK;
}

/* Chains of ports that have no tap. */
static enum err_code sweep_chains(struct network *net, const struct survey *survey, struct err *err)
{
    CLEANUP(buf_fini) struct buf listing = {0};
    struct element e;
    if (list_elements(net, &listing, err) != ERR_OK)
        return err->code;
    for (const char *at = buf_str(&listing); (at = next_element(at, net->prefix, &e)) != NULL;) {
        CLEANUP(buf_fini) struct buf text = {0};
        if (survey_port(survey, e.port) != NULL)
            continue;
        host_filter_unport(&text, net->prefix, e.port, e.vni, &e.address, 1);
        if (ruleset_load(text.data, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

static bool has_tap(const struct network *net, const struct survey *survey, const char *digits)
{
    size_t skip = strlen(net->prefix) + 1;
    for (size_t p = 0; p < survey->ports_len; p++)
        if (str_eq(survey->ports[p].tap + skip, digits))
            return true;
    return false;
}

struct gates {
    const struct network *net;
    const struct survey *survey;
    struct buf text; /* the transaction that removes what nobody needs */
};

/* "tercet_tct_v00000a", of a tunnel whose network is here. */
static bool has_network(const struct gates *g, const char *name)
{
    char gate[HOST_NETNAME_SIZE];
    for (size_t n = 0; n < g->survey->networks_len; n++)
        if (str_eq(name,
                   host_netname_tunnel_table(gate, g->net->prefix, g->survey->networks[n].vni)))
            return true;
    return false;
}

static void on_gate(void *self, const char *name)
{
    struct gates *g = self;
    char table[HOST_NETNAME_SIZE];
    size_t len = strlen(host_netname_table(table, g->net->prefix));
    if (strncmp(name, table, len) == 0 && name[len] == '_' &&
        !has_tap(g->net, g->survey, name + len + 1) && !has_network(g, name))
        buf_printf(&g->text, "delete table netdev %s\n", name);
}

/* Gates of taps and tunnels that are gone. */
static enum err_code sweep_gates(struct network *net, const struct survey *survey, struct err *err)
{
    struct gates g = {.net = net, .survey = survey};
    if (ruleset_taps(on_gate, &g, err) == ERR_OK && g.text.len > 0)
        ruleset_load(g.text.data, err);
    buf_fini(&g.text);
    return err->code;
}

static enum err_code drop_base(struct network *net, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    char table[HOST_NETNAME_SIZE];
    host_netname_table(table, net->prefix);
    buf_printf(&text, "table inet %s\ndelete table inet %s\n", table, table);
    return ruleset_load(text.data, err);
}

enum err_code sweep_base(struct network *net, const struct survey *survey, int64_t but,
                         struct err *err)
{
    for (size_t n = 0; n < survey->networks_len; n++)
        if (survey->networks[n].vni != but)
            return ERR_OK;
    return drop_base(net, err);
}

enum err_code sweep_strays(struct network *net, const struct survey *survey, struct err *err)
{
    size_t empty = 0;
    for (size_t s = 0; s < survey->strays_len; s++)
        if (netlink_delete(&net->home, survey->strays[s], err) != ERR_OK)
            return err->code;
    if (sweep_chains(net, survey, err) != ERR_OK || sweep_gates(net, survey, err) != ERR_OK)
        return err->code;
    for (size_t n = 0; n < survey->networks_len; n++) {
        struct vpc v;
        if (survey_count(survey, survey->networks[n].vni) > 0)
            continue;
        vpc_init(&v, net, survey, survey->networks[n].vni);
        if (vpc_remove(&v, err) != ERR_OK)
            return err->code;
        empty++;
    }
    return empty == survey->networks_len ? drop_base(net, err) : ERR_OK;
}
