/* pages.c - see pages.h. */
#include "computer-manager/model/pages.h"

#include <string.h>

static bool has_bit(const struct host_net_page *page, uint32_t at)
{
    return (page->bits[at / 8] & 0x80u >> at % 8) != 0;
}

static const struct host_net_page *find(const struct host_net_group *group, uint32_t base)
{
    for (int64_t p = 0; group != NULL && p < group->len; p++)
        if (group->pages[p].base == base)
            return &group->pages[p];
    return NULL;
}

bool host_pages_has(const struct host_net_group *group, uint32_t address)
{
    uint32_t at = address % HOST_PAGE_LEN;
    const struct host_net_page *page = find(group, address - at);
    return page != NULL && has_bit(page, at);
}

int64_t host_pages_count(const struct host_net_group *group)
{
    int64_t count = 0;
    for (int64_t p = 0; p < group->len; p++)
        for (uint32_t at = 0; at < HOST_PAGE_LEN; at++)
            count += has_bit(&group->pages[p], at);
    return count;
}

static size_t add_others(uint32_t *out, const struct host_net_page *page,
                         const struct host_net_page *other)
{
    size_t len = 0;
    if (other != NULL && memcmp(page->bits, other->bits, sizeof page->bits) == 0)
        return 0;
    for (uint32_t at = 0; at < HOST_PAGE_LEN; at++)
        if (has_bit(page, at) && (other == NULL || !has_bit(other, at)))
            out[len++] = page->base + at;
    return len;
}

size_t host_pages_others(uint32_t out[HOST_MEMBERS_MAX], const struct host_net_group *group,
                         const struct host_net_group *other)
{
    size_t len = 0;
    for (int64_t p = 0; p < group->len; p++)
        len += add_others(out + len, &group->pages[p], find(other, group->pages[p].base));
    return len;
}

size_t host_pages_size(const struct host_net_group *group)
{
    return offsetof(struct host_net_group, pages) + (size_t)group->len * sizeof group->pages[0];
}
