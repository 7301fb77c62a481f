/* network_semantics_test.c - do the compiled chains let through what the rules say, and nothing
 * else? A small reader of the nft text judges random packets; so does a loop over the rules that
 * shares no code with the compiler, and so does the evaluator by which standing connections are cut
 * (model/verdict.c). They must agree, on packets drawn near the rules' edges: of one port in each
 * direction, and the whole way between two ports of one bridge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/rng.h"
#include "computer-manager/model/filter.h"
#include "computer-manager/model/verdict.h"
#include "tests/unit/network_facts.h"

#include <arpa/inet.h>

enum { ROUNDS = 300, PACKETS = 200, RULES = 12, GROUPS = 3, MEMBERS = 4 };

struct packet {
    uint32_t saddr, daddr;
    unsigned protocol, sport, dport, type, code;
};

static uint32_t members[GROUPS][MEMBERS];

/* ---- the naive evaluator --------------------------------------------------------------- */

static int group_number(const char *group)
{
    return group[strlen(group) - 1] - '0';
}

static bool in_group(const char *group, uint32_t address)
{
    for (int m = 0; m < MEMBERS; m++)
        if (members[group_number(group)][m] == address)
            return true;
    return false;
}

static bool rule_holds(const struct host_rule *r, const struct packet *p)
{
    uint32_t other = r->egress ? p->daddr : p->saddr; /* the end that is not the guest */
    if (r->group[0] != '\0' ? !in_group(r->group, other)
                            : r->cidr_len > 0 && (other ^ r->cidr) >> (32 - r->cidr_len) != 0)
        return false;
    if (r->protocol == 0)
        return true;
    if (r->protocol != p->protocol)
        return false;
    if (r->protocol == 1)
        return (r->from == -1 || (unsigned)r->from == p->type) &&
               (r->to == -1 || (unsigned)r->to == p->code);
    if (r->protocol == 6 || r->protocol == 17)
        return r->from == -1 || ((int)p->dport >= r->from && (int)p->dport <= r->to);
    return true;
}

static bool naive(const struct host_port *port, const struct packet *p, int egress)
{
    uint32_t other = egress ? p->daddr : p->saddr;
    /* What every guest may have, on any rules. */
    if (egress && other == HOST_FILTER_METADATA && p->protocol == 6 && p->dport == 80)
        return true;
    if (egress && (p->protocol == 6 || p->protocol == 17) && p->dport == 53 &&
        (other == HOST_FILTER_RESOLVER || other == port->vpc_cidr + 2 ||
         other == port->subnet + 2 || other == port->gateway))
        return true;
    if (other == port->gateway && p->protocol == 17 && p->sport == (egress ? 68 : 67) &&
        p->dport == (egress ? 67 : 68))
        return true;
    for (int64_t r = 0; r < port->rules_len; r++)
        if (port->rules[r].egress == egress && rule_holds(&port->rules[r], p))
            return true;
    return false;
}

/* ---- the evaluator that connections are cut by -------------------------------------------- */

static bool has_group(void *self, int64_t vni, const char *group, uint32_t address)
{
    (void)self, (void)vni;
    return in_group(group, address);
}

static bool evaluate(const struct host_port *port, const struct packet *p, int egress)
{
    static const struct host_verdict_groups groups = {.has = has_group};
    struct host_flow f = {.from = p->saddr,
                          .to = p->daddr,
                          .protocol = (uint8_t)p->protocol,
                          .from_port = (uint16_t)p->sport,
                          .to_port = (uint16_t)p->dport,
                          .type = (uint8_t)p->type,
                          .code = (uint8_t)p->code};
    return host_verdict_port(port, egress ? HOST_EGRESS : HOST_INGRESS, &f, &groups);
}

/* Between ports of one bridge: what the one may send and the other takes. An address that is no
 * port's here lies behind the bridge: the other host, or the gateway, judges that end. */
static bool naive_between(const struct host_port *ports, const struct packet *p)
{
    bool sends = true, takes = true, is_ours = false;
    for (int n = 0; n < 2; n++) {
        if (ports[n].address == p->saddr)
            sends = naive(&ports[n], p, 1), is_ours = true;
        if (ports[n].address == p->daddr)
            takes = naive(&ports[n], p, 0), is_ours = true;
    }
    return is_ours && sends && takes;
}

/* ---- the reader of nft text ------------------------------------------------------------ */

struct words {
    char text[256];
    char *at;
};

static const char *next(struct words *w)
{
    char *word = strtok_r(NULL, " ", &w->at);
    assert_non_null(word);
    return word;
}

static uint32_t read_address(const char *text)
{
    char plain[INET_ADDRSTRLEN] = "";
    struct in_addr address;
    size_t len = strspn(text, "0123456789.");
    assert_in_range(len, 7, sizeof plain - 1);
    memcpy(plain, text, len);
    assert_int_equal(inet_pton(AF_INET, plain, &address), 1);
    return ntohl(address.s_addr);
}

static bool address_matches(struct words *w, uint32_t address)
{
    const char *word = next(w);
    if (word[0] == '@')
        return in_group(word, address);
    if (word[0] == '{') {
        bool found = false;
        for (word = next(w); word[0] != '}'; word = next(w))
            found = found || read_address(word) == address;
        return found;
    }
    const char *slash = strchr(word, '/');
    unsigned len = slash != NULL ? (unsigned)strtoul(slash + 1, NULL, 10) : 32;
    assert_in_range(len, 1, 32);
    return (read_address(word) ^ address) >> (32 - len) == 0;
}

static bool range_matches(const char *word, unsigned value)
{
    char *end;
    unsigned long from = strtoul(word, &end, 10), to = from;
    if (*end == '-')
        to = strtoul(end + 1, NULL, 10);
    return value >= from && value <= to;
}

static unsigned field(const char *what, const struct packet *p)
{
    if (strcmp(what, "dport") == 0)
        return p->dport;
    if (strcmp(what, "sport") == 0)
        return p->sport;
    if (strcmp(what, "type") == 0)
        return p->type;
    assert_string_equal(what, "code");
    return p->code;
}

static bool ip_matches(struct words *w, const struct packet *p)
{
    const char *what = next(w);
    if (strcmp(what, "protocol") == 0)
        return range_matches(next(w), p->protocol);
    if (strcmp(what, "saddr") == 0)
        return address_matches(w, p->saddr);
    assert_string_equal(what, "daddr");
    return address_matches(w, p->daddr);
}

/* One expression that begins with `word`. */
static bool matches(struct words *w, const char *word, const struct packet *p)
{
    static const struct {
        const char *name;
        unsigned protocol;
    } known[] = {{"tcp", 6}, {"udp", 17}, {"icmp", 1}};
    if (strcmp(word, "ip") == 0)
        return ip_matches(w, p);
    if (strcmp(word, "meta") == 0) { /* the only use: l4proto { tcp, udp } */
        while (strcmp(next(w), "}") != 0)
            ;
        return p->protocol == 6 || p->protocol == 17;
    }
    if (strcmp(word, "th") == 0) {
        const char *what = next(w);
        return range_matches(next(w), field(what, p));
    }
    for (size_t k = 0; k < 3; k++)
        if (strcmp(word, known[k].name) == 0) {
            const char *what = next(w);
            if (strcmp(what, "flags") == 0)
                return false; /* the only use: what does not begin a connection, as all here do */
            const char *value = next(w);
            return p->protocol == known[k].protocol && range_matches(value, field(what, p));
        }
    fail_msg("unknown word %s", word);
    return false;
}

enum verdict { NONE, LET, DROP };

static enum verdict judge(const char *text, const char *chain, const struct packet *p);

/* `iifname . ip saddr vmap @from`: the chain of that address, where there is one. */
static enum verdict judge_map(const char *text, struct words *w, const struct packet *p)
{
    assert_string_equal(next(w), ".");
    assert_string_equal(next(w), "ip");
    uint32_t address = strcmp(next(w), "saddr") == 0 ? p->saddr : p->daddr;
    assert_string_equal(next(w), "vmap");
    char element[128], chain[64];
    struct in_addr in = {htonl(address)};
    snprintf(element, sizeof element,
             "add element inet tercet_tct %s { \"tctb00000a\" . %s : goto ", next(w) + 1,
             inet_ntoa(in));
    const char *at = strstr(text, element);
    if (at == NULL)
        return NONE;
    at += strlen(element);
    snprintf(chain, sizeof chain, "chain %.*s", (int)strcspn(at, " "), at);
    return judge(text, chain, p);
}

static enum verdict judge_line(const char *text, const char *line, size_t len,
                               const struct packet *p)
{
    struct words w;
    char chain[64];
    assert_in_range(len, 1, sizeof w.text - 1);
    memcpy(w.text, line, len);
    w.text[len] = '\0';
    char *word = strtok_r(w.text, " ", &w.at);
    for (; word != NULL; word = strtok_r(NULL, " ", &w.at)) {
        if (strcmp(word, "accept") == 0)
            return LET;
        if (strcmp(word, "drop") == 0)
            return DROP;
        if (strcmp(word, "ct") == 0)
            return NONE; /* every packet here is the first of its connection */
        if (strcmp(word, "iifname") == 0)
            return judge_map(text, &w, p);
        if (strcmp(word, "goto") == 0) {
            snprintf(chain, sizeof chain, "chain %s", next(&w));
            return judge(text, chain, p);
        }
        if (!matches(&w, word, p))
            return NONE;
    }
    fail_msg("a rule without a verdict");
    return NONE;
}

/* The last block of that chain in the transaction: the one behind the flush. */
static enum verdict judge(const char *text, const char *chain, const struct packet *p)
{
    const char *start = NULL;
    for (const char *at = text; (at = strstr(at, chain)) != NULL; at++)
        if (strncmp(at + strlen(chain), " {\n    ", 7) == 0)
            start = at + strlen(chain) + 3;
    if (start == NULL) {
        fail_msg("no %s", chain);
        return DROP;
    }
    for (const char *line = start; strncmp(line, "  }", 3) != 0; line += strcspn(line, "\n") + 1) {
        enum verdict v = judge_line(text, line, strcspn(line, "\n"), p);
        if (v != NONE)
            return v;
    }
    fail_msg("the chain %s has no end of its own", chain);
    return DROP;
}

/* ---- random ports and packets ---------------------------------------------------------- */

static uint32_t any_address(const struct rng *rng)
{
    static const uint32_t bases[] = {0xac1f0000, 0x0a000000, 0xa9fea9f8, 0xc0000200, 0};
    return bases[rng_below(rng, 5)] + (uint32_t)rng_below(rng, 20);
}

static unsigned any_protocol(const struct rng *rng)
{
    static const unsigned protocols[] = {0, 1, 6, 17, 47, 50};
    return protocols[rng_below(rng, 6)];
}

static void draw_rule(struct host_rule *r, const struct rng *rng)
{
    *r = (struct host_rule){.egress = (uint8_t)rng_below(rng, 2),
                            .protocol = (uint8_t)any_protocol(rng),
                            .from = -1,
                            .to = -1};
    if (rng_below(rng, 4) == 0) {
        snprintf(r->group, sizeof r->group, "sg-0000000%d", (int)rng_below(rng, GROUPS));
    } else {
        r->cidr_len = (uint8_t)rng_below(rng, 33);
        uint32_t mask = r->cidr_len == 0 ? 0 : UINT32_MAX << (32 - r->cidr_len);
        r->cidr = any_address(rng) & mask;
    }
    if (r->protocol == 1 && rng_below(rng, 3) > 0) {
        r->from = (int32_t)rng_below(rng, 4);
        r->to = (int32_t)rng_below(rng, 3) - 1;
    }
    if ((r->protocol == 6 || r->protocol == 17) && rng_below(rng, 4) > 0) {
        r->from = (int32_t)rng_below(rng, 90);
        r->to = r->from + (int32_t)rng_below(rng, 3);
        if (rng_below(rng, 8) == 0)
            r->from = 0, r->to = 65535;
    }
}

static struct packet draw_packet(const struct rng *rng, uint32_t saddr, uint32_t daddr)
{
    struct packet p = {.saddr = saddr, .daddr = daddr, .protocol = any_protocol(rng)};
    if (p.protocol == 0)
        p.protocol = 2;
    if (p.protocol == 6 || p.protocol == 17) {
        p.sport = (unsigned)rng_below(rng, 90);
        p.dport = (unsigned)(rng_below(rng, 10) == 0 ? 65535 : rng_below(rng, 90));
    }
    if (p.protocol == 1) {
        p.type = (unsigned)rng_below(rng, 4);
        p.code = (unsigned)rng_below(rng, 3);
    }
    return p;
}

static void draw_members(const struct rng *rng)
{
    for (int g = 0; g < GROUPS; g++)
        for (int m = 0; m < MEMBERS; m++)
            members[g][m] = any_address(rng);
}

static void draw_rules(struct host_port *port, const struct rng *rng)
{
    port->rules_len = (int64_t)rng_below(rng, RULES + 1);
    for (int64_t r = 0; r < port->rules_len; r++)
        draw_rule(&port->rules[r], rng);
}

static void judges_agree(void **state)
{
    (void)state;
    struct rng_seeded seed = {20261120};
    struct rng rng = rng_seeded(&seed);
    int64_t let = 0, all = 0;
    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(buf_fini) struct buf text = {0};
        struct host_port port = network_facts_port();
        draw_members(&rng);
        draw_rules(&port, &rng);
        host_filter_base(&text, "tct", &(struct host_filter_resolvers){{0}, 0});
        host_filter_port(&text, "tct", &port, 10);
        for (int n = 0; n < PACKETS; n++) {
            uint32_t other = any_address(&rng);
            for (int egress = 0; egress < 2; egress++, all++) {
                struct packet p = egress ? draw_packet(&rng, port.address, other)
                                         : draw_packet(&rng, other, port.address);
                if (p.saddr == p.daddr)
                    continue; /* from itself to itself: never on the bridge */
                bool want = naive(&port, &p, egress);
                const char *chain = egress ? "chain from_0123456789abcdef0"
                                           : "chain to_0123456789abcdef0";
                if ((judge(text.data, chain, &p) == LET) != want)
                    fail_msg("round %d packet %d egress %d: rules say %d\n%s", round, n, egress,
                             want, text.data);
                if (evaluate(&port, &p, egress) != want)
                    fail_msg("round %d packet %d egress %d: rules say %d, the evaluator not", round,
                             n, egress, want);
                let += want;
            }
        }
    }
    assert_in_range(let, all / 10, all - all / 10); /* the packets do tell the two apart */
}

/* Two ports with rules of their own, and ends that are no ports of this host: what goes from one to
 * the other is what both let through. */
static void judges_agree_between_ports(void **state)
{
    (void)state;
    struct rng_seeded seed = {20261128};
    struct rng rng = rng_seeded(&seed);
    int64_t let = 0, all = 0;
    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(buf_fini) struct buf text = {0};
        struct host_port ports[2] = {network_facts_port(), network_facts_port()};
        snprintf(ports[1].port, sizeof ports[1].port, "eni-0123456789abcdef1");
        ports[1].address++;
        draw_members(&rng);
        host_filter_base(&text, "tct", &(struct host_filter_resolvers){{0}, 0});
        for (int n = 0; n < 2; n++) {
            members[n][0] = ports[n].address;
            draw_rules(&ports[n], &rng);
            if (rng_below(&rng, 4) > 0) /* as most groups have it: everything goes out */
                ports[n].rules[ports[n].rules_len++] = (struct host_rule){
                    .egress = 1, .from = -1, .to = -1};
            host_filter_port(&text, "tct", &ports[n], 10);
        }
        for (int n = 0; n < PACKETS; n++, all++) {
            const uint32_t ends[] = {ports[0].address, ports[1].address, any_address(&rng)};
            size_t from = rng_below(&rng, 3), to = (from + 1 + rng_below(&rng, 2)) % 3;
            struct packet p = draw_packet(&rng, ends[from], ends[to]);
            bool want = naive_between(ports, &p);
            if (p.saddr == p.daddr)
                continue;
            if ((judge(text.data, "chain bridged", &p) == LET) != want)
                fail_msg("round %d packet %d from %zu to %zu: rules say %d\n%s", round, n, from, to,
                         want, text.data);
            let += want;
        }
    }
    assert_in_range(let, all / 10, all - all / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judges_agree),
                                       cmocka_unit_test(judges_agree_between_ports)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
