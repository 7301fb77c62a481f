/* pool.c - ranges of public addresses. */
#include "cloud-manager/model/pool.h"

#include "base/check.h"
#include "cloud-manager/model/address.h"

#include <string.h>

enum { WORD_SIZE = 2 * CLOUD_ADDRESS_SIZE + 1 };

static bool parse_cidr(const char *word, struct cloud_range *out)
{
    int prefix;
    if (!cloud_cidr_parse(word, &out->first, &prefix))
        return false;
    out->last = out->first + ((int64_t)1 << (32 - prefix)) - 1;
    return true;
}

static bool parse_range(char *word, struct cloud_range *out)
{
    char *dash = strchr(word, '-');
    if (dash == NULL) {
        bool fine = cloud_address_parse(word, &out->first);
        out->last = out->first;
        return fine;
    }
    *dash = '\0';
    bool fine = cloud_address_parse(word, &out->first) && cloud_address_parse(dash + 1, &out->last);
    *dash = '-';
    return fine && out->first <= out->last;
}

static bool parse_word(char *word, struct cloud_range *out)
{
    return strchr(word, '/') != NULL ? parse_cidr(word, out) : parse_range(word, out);
}

/* Nobody could call these: this net, loopback, link-local, multicast and above; those that hosts
 * use between themselves and guests' networks; and every account's default network. */
static bool is_reserved(const struct cloud_range *range)
{
    static const struct cloud_range reserved[] = {
        {0, 0x00ffffff},          {0x7f000000, 0x7fffffff},
        {0xa9fe0000, 0xa9feffff}, {0xe0000000, 0xffffffff},
        {0x64400000, 0x6443ffff}, {CLOUD_VPC_BASE, CLOUD_VPC_BASE + 0xffff},
    };
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (range->first <= reserved[i].last && range->last >= reserved[i].first)
            return true;
    return false;
}

/* Keeps them ascending; false where it shares an address with one that is there. */
static bool insert(struct cloud_pool *pool, const struct cloud_range *range)
{
    size_t at = pool->len;
    while (at > 0 && pool->ranges[at - 1].first > range->first) {
        pool->ranges[at] = pool->ranges[at - 1];
        at--;
    }
    pool->ranges[at] = *range;
    pool->len++;
    return (at == 0 || pool->ranges[at - 1].last < range->first) &&
           (at + 1 == pool->len || pool->ranges[at + 1].first > range->last);
}

static enum err_code take_word(struct cloud_pool *pool, char *word, struct err *err)
{
    struct cloud_range range = {0};
    if (!parse_word(word, &range))
        return err_set(err, ERR_CONFIG,
                       "'%s' is no address, range or CIDR: 203.0.113.16/28 or "
                       "203.0.113.16-203.0.113.30",
                       word);
    if (is_reserved(&range))
        return err_set(err, ERR_CONFIG, "'%s' holds addresses that no host can answer for", word);
    if (pool->len == CLOUD_POOL_RANGES_MAX)
        return err_set(err, ERR_CONFIG, "more than %d ranges of addresses", CLOUD_POOL_RANGES_MAX);
    if (!insert(pool, &range))
        return err_set(err, ERR_CONFIG, "'%s' overlaps another range", word);
    return ERR_OK;
}

enum err_code cloud_pool_parse(struct cloud_pool *out, const char *text, struct err *err)
{
    *out = (struct cloud_pool){0};
    for (const char *p = text + strspn(text, " \t,"); *p != '\0'; p += strspn(p, " \t,")) {
        char word[WORD_SIZE];
        size_t len = strcspn(p, " \t,");
        size_t kept = len < sizeof word ? len : sizeof word - 1;
        memcpy(word, p, kept);
        word[kept] = '\0';
        if (take_word(out, word, err) != ERR_OK)
            return err->code;
        p += len;
    }
    if (cloud_pool_size(out) > CLOUD_POOL_ADDRESSES_MAX)
        return err_set(err, ERR_CONFIG, "more than %d addresses", CLOUD_POOL_ADDRESSES_MAX);
    return ERR_OK;
}

bool cloud_pool_has(const struct cloud_pool *pool, int64_t address)
{
    for (size_t i = 0; i < pool->len; i++)
        if (address >= pool->ranges[i].first && address <= pool->ranges[i].last)
            return true;
    return false;
}

int64_t cloud_pool_size(const struct cloud_pool *pool)
{
    int64_t size = 0;
    for (size_t i = 0; i < pool->len; i++)
        size += pool->ranges[i].last - pool->ranges[i].first + 1;
    return size;
}

int64_t cloud_pool_next(const struct cloud_pool *pool, int64_t address)
{
    for (size_t i = 0; i < pool->len; i++) {
        if (address < pool->ranges[i].first)
            return pool->ranges[i].first;
        if (address < pool->ranges[i].last)
            return address + 1;
    }
    return pool->len > 0 ? pool->ranges[0].first : 0;
}
