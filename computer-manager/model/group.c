/* group.c - see group.h. */
#include "computer-manager/model/group.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/model/pages.h"

#include <stdlib.h>
#include <string.h>

struct host_group *host_group_new(const char *id, int64_t vni)
{
    struct host_group *g = check_alloc(sizeof *g);
    bool fits = str_copy(g->wished.group, sizeof g->wished.group, id);
    PRE(fits);
    g->wished.vni = vni;
    host_group_forget(g);
    return g;
}

void host_group_free(struct host_group *g)
{
    if (g == NULL)
        return;
    free(g->rules);
    free(g);
}

void host_group_set_rules(struct host_group *g, struct host_rule *rules, size_t len)
{
    free(g->rules);
    g->has_rules = rules != NULL;
    g->rules = rules;
    g->rules_len = len;
}

/* Where the page is, or would be. */
static int64_t place_of(const struct host_group *g, uint32_t base)
{
    int64_t at = 0;
    while (at < g->wished.len && g->wished.pages[at].base < base)
        at++;
    return at;
}

static bool is_at(const struct host_group *g, int64_t at, uint32_t base)
{
    return at < g->wished.len && g->wished.pages[at].base == base;
}

bool host_group_set(struct host_group *g, const struct host_net_page *page)
{
    struct host_net_group *w = &g->wished;
    int64_t at = place_of(g, page->base);
    if (is_at(g, at, page->base)) {
        if (memcmp(&w->pages[at], page, sizeof *page) == 0)
            return true;
    } else {
        if (w->len == HOST_PAGES_MAX)
            return false;
        memmove(&w->pages[at + 1], &w->pages[at], (size_t)(w->len - at) * sizeof w->pages[0]);
        w->len++;
    }
    w->pages[at] = *page;
    g->wished_n++;
    return true;
}

void host_group_drop(struct host_group *g, uint32_t base)
{
    struct host_net_group *w = &g->wished;
    int64_t at = place_of(g, base);
    if (!is_at(g, at, base))
        return;
    w->len--;
    memmove(&w->pages[at], &w->pages[at + 1], (size_t)(w->len - at) * sizeof w->pages[0]);
    g->wished_n++;
}

void host_group_forget(struct host_group *g)
{
    g->wished.is_anew = 1;
    g->wished_n++;
}

bool host_group_is_settled(const struct host_group *g)
{
    return g->job_id == 0 && g->told_n == g->wished_n;
}

bool host_group_is_empty(const struct host_group *g)
{
    return !g->has_rules && g->wished.len == 0;
}

size_t host_group_order(struct host_group *g, struct host_net_group *out)
{
    size_t size = host_pages_size(&g->wished);
    memcpy(out, &g->wished, size);
    g->wished.is_anew = 0;
    g->ordered_n = g->wished_n;
    return size;
}

void host_group_done(struct host_group *g, bool is_well)
{
    g->job_id = 0;
    if (is_well)
        g->told_n = g->ordered_n;
    else
        host_group_forget(g); /* it may have been loaded, or not */
}
