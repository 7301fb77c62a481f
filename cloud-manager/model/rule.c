/* rule.c - what may stand in a rule of a security group. */
#include "cloud-manager/model/rule.h"

#include "base/str.h"

#include <stdio.h>

static const struct {
    const char *text;
    int64_t number;
} names[] = {
    {"tcp", CLOUD_RULE_TCP},
    {"udp", CLOUD_RULE_UDP},
    {"icmp", CLOUD_RULE_ICMP},
    {"-1", CLOUD_RULE_EVERY},
};
enum { NAMES = sizeof names / sizeof names[0] };

enum err_code cloud_protocol_parse(const char *text, int64_t *out, struct err *err)
{
    for (int i = 0; i < NAMES; i++) {
        if (str_eq(names[i].text, text)) {
            *out = names[i].number;
            return ERR_OK;
        }
    }
    if (str_eq(text, "icmpv6") || str_eq(text, "58"))
        return err_set(err, ERR_UNSUPPORTED, "The protocol icmpv6 is not supported");
    if (!str_parse_i64(text, 1, 255, out))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Invalid value '%s' for IP protocol. "
                       "Unknown protocol.",
                       text);
    return ERR_OK;
}

void cloud_protocol_format(char out[CLOUD_PROTOCOL_SIZE], int64_t protocol)
{
    for (int i = 0; i < NAMES; i++) {
        if (names[i].number == protocol) {
            str_copy(out, CLOUD_PROTOCOL_SIZE, names[i].text);
            return;
        }
    }
    snprintf(out, CLOUD_PROTOCOL_SIZE, "%d", (int)protocol);
}

bool cloud_protocol_has_ports(int64_t protocol)
{
    return protocol == CLOUD_RULE_TCP || protocol == CLOUD_RULE_UDP || protocol == CLOUD_RULE_ICMP;
}

static enum err_code check_icmp(struct cloud_match *m, bool has_from, bool has_to, struct err *err)
{
    if (!has_from)
        m->from = -1;
    if (!has_to || m->from == -1)
        m->to = -1;
    if (m->from < -1 || m->from > 255 || m->to < -1 || m->to > 255)
        return err_set(err, ERR_PERMISSION_MALFORMED, "ICMP type and code must be from -1 to 255");
    return ERR_OK;
}

static enum err_code check_ports(const struct cloud_match *m, bool has_from, bool has_to,
                                 struct err *err)
{
    if (!has_from || !has_to)
        return err_set(err, ERR_INVALID_PARAMETER,
                       "Invalid value 'Must specify both from and to ports with TCP/UDP.' for "
                       "portRange.");
    if (m->from < 0 || m->to > 65535 || m->from > m->to)
        return err_set(err, ERR_INVALID_PARAMETER, "Invalid TCP/UDP port range (%lld:%lld)",
                       (long long)m->from, (long long)m->to);
    return ERR_OK;
}

enum err_code cloud_match_check(struct cloud_match *m, bool has_from, bool has_to, struct err *err)
{
    if (m->protocol == CLOUD_RULE_ICMP)
        return check_icmp(m, has_from, has_to, err);
    if (m->protocol == CLOUD_RULE_TCP || m->protocol == CLOUD_RULE_UDP)
        return check_ports(m, has_from, has_to, err);
    m->from = m->to = -1;
    return ERR_OK;
}
