/* network_semantics_test.c - do the compiled chains let through what the rules say, and nothing
 * else? A small reader of the nft text judges random packets; so does a loop over the rules that
 * shares no code with the compiler, and so does the evaluator by which standing connections are cut
 * (model/verdict.c). They must agree, on packets drawn near the rules' edges. */
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
    uint32_t other; /* the end that is not the guest */
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
    if (r->group[0] != '\0' ? !in_group(r->group, p->other)
                            : r->cidr_len > 0 && (p->other ^ r->cidr) >> (32 - r->cidr_len) != 0)
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
    /* What every guest may have, on any rules. */
    if (egress && p->other == HOST_FILTER_METADATA && p->protocol == 6 && p->dport == 80)
        return true;
    if (egress && (p->protocol == 6 || p->protocol == 17) && p->dport == 53 &&
        (p->other == HOST_FILTER_RESOLVER || p->other == port->vpc_cidr + 2 ||
         p->other == port->subnet + 2 || p->other == port->gateway))
        return true;
    if (p->other == port->gateway && p->protocol == 17 && p->sport == (egress ? 68 : 67) &&
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
    struct host_flow f = {.from = egress ? port->address : p->other,
                          .to = egress ? p->other : port->address,
                          .protocol = (uint8_t)p->protocol,
                          .from_port = (uint16_t)p->sport,
                          .to_port = (uint16_t)p->dport,
                          .type = (uint8_t)p->type,
                          .code = (uint8_t)p->code};
    return host_verdict_port(port, egress ? HOST_EGRESS : HOST_INGRESS, &f, &groups);
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
    assert_true(strcmp(what, "saddr") == 0 || strcmp(what, "daddr") == 0);
    return address_matches(w, p->other);
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
            const char *value = next(w);
            return p->protocol == known[k].protocol && range_matches(value, field(what, p));
        }
    fail_msg("unknown word %s", word);
    return false;
}

enum verdict { NONE, LET, DROP };

static enum verdict judge_line(const char *line, size_t len, const struct packet *p)
{
    struct words w;
    assert_in_range(len, 1, sizeof w.text - 1);
    memcpy(w.text, line, len);
    w.text[len] = '\0';
    char *word = strtok_r(w.text, " ", &w.at);
    for (; word != NULL; word = strtok_r(NULL, " ", &w.at)) {
        if (strcmp(word, "accept") == 0 || strcmp(word, "goto") == 0)
            return LET;
        if (strcmp(word, "drop") == 0)
            return DROP;
        if (!matches(&w, word, p))
            return NONE;
    }
    fail_msg("a rule without a verdict");
    return NONE;
}

/* The last block of that chain in the transaction: the one behind the flush. */
static bool judge(const char *text, const char *chain, const struct packet *p)
{
    const char *start = NULL;
    for (const char *at = text; (at = strstr(at, chain)) != NULL; at++)
        if (strncmp(at + strlen(chain), " {\n    ", 7) == 0)
            start = at + strlen(chain) + 3;
    if (start == NULL) {
        fail_msg("no %s", chain);
        return false;
    }
    for (const char *line = start; strncmp(line, "  }", 3) != 0; line += strcspn(line, "\n") + 1) {
        enum verdict v = judge_line(line, strcspn(line, "\n"), p);
        if (v != NONE)
            return v == LET;
    }
    fail_msg("the chain %s has no end of its own", chain);
    return false;
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

static struct packet draw_packet(const struct rng *rng)
{
    struct packet p = {.other = any_address(rng), .protocol = any_protocol(rng)};
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

static void judges_agree(void **state)
{
    (void)state;
    struct rng_seeded seed = {20261120};
    struct rng rng = rng_seeded(&seed);
    int64_t let = 0, all = 0;
    for (int round = 0; round < ROUNDS; round++) {
        CLEANUP(buf_fini) struct buf text = {0};
        struct host_port port = network_facts_port();
        for (int g = 0; g < GROUPS; g++)
            for (int m = 0; m < MEMBERS; m++)
                members[g][m] = any_address(&rng);
        port.rules_len = (int64_t)rng_below(&rng, RULES + 1);
        for (int64_t r = 0; r < port.rules_len; r++)
            draw_rule(&port.rules[r], &rng);
        host_filter_port(&text, "tct", &port, 10);
        for (int n = 0; n < PACKETS; n++) {
            struct packet p = draw_packet(&rng);
            for (int egress = 0; egress < 2; egress++, all++) {
                const char *chain = egress ? "chain from_0123456789abcdef0"
                                           : "chain to_0123456789abcdef0";
                bool want = naive(&port, &p, egress);
                if (judge(text.data, chain, &p) != want)
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judges_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
