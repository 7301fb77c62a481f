/* params.c - see params.h. */
#include "cli/params.h"

#include "base/check.h"
#include "base/str.h"

#include <string.h>

void cli_params_add(struct cli_params *p, const char *name, const char *value)
{
    if (p->len == p->cap) {
        size_t cap = p->cap == 0 ? 32 : p->cap * 2;
        struct cli_param *list = arena_alloc(p->arena, cap * sizeof *list);
        if (p->len > 0)
            memcpy(list, p->list, p->len * sizeof *list);
        p->list = list;
        p->cap = cap;
    }
    p->list[p->len++] = (struct cli_param){arena_strdup(p->arena, name),
                                           arena_strdup(p->arena, value)};
}

const char *cli_params_get(const struct cli_params *p, const char *name)
{
    for (size_t i = 0; i < p->len; i++)
        if (str_eq(p->list[i].name, name))
            return p->list[i].value;
    return NULL;
}

bool cli_params_is(const struct cli_params *p, const char *name, const char *value)
{
    const char *there = cli_params_get(p, name);
    return there != NULL && str_eq(there, value);
}

/* The index in a name "PREFIX.index" or "PREFIX.index.more"; 0: it has none. */
static unsigned index_in(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    unsigned index = 0;
    if (strncmp(name, prefix, len) != 0 || name[len] != '.')
        return 0;
    for (name += len + 1; *name >= '0' && *name <= '9' && index < 100000; name++)
        index = index * 10 + (unsigned)(*name - '0');
    return *name == '\0' || *name == '.' ? index : 0;
}

unsigned cli_params_next(const struct cli_params *p, const char *prefix)
{
    unsigned most = 0;
    for (size_t i = 0; i < p->len; i++) {
        unsigned index = index_in(p->list[i].name, prefix);
        if (index > most)
            most = index;
    }
    return most + 1;
}

void cli_params_tag(struct cli_params *p, const char *type, const char *key, const char *value)
{
    unsigned next = cli_params_next(p, "TagSpecification"), at = 1;
    while (at < next &&
           !cli_params_is(p, arena_printf(p->arena, "TagSpecification.%u.ResourceType", at), type))
        at++;
    const char *prefix = arena_printf(p->arena, "TagSpecification.%u", at);
    if (at == next)
        cli_params_add(p, arena_printf(p->arena, "%s.ResourceType", prefix), type);
    const char *tags = arena_printf(p->arena, "%s.Tag", prefix);
    unsigned tag = cli_params_next(p, tags);
    cli_params_add(p, arena_printf(p->arena, "%s.%u.Key", tags, tag), key);
    cli_params_add(p, arena_printf(p->arena, "%s.%u.Value", tags, tag), value);
}

void cli_percent(struct buf *out, const char *text, const char *kept)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("-._~", c) != NULL || strchr(kept, c) != NULL)
            buf_char(out, *text);
        else
            buf_printf(out, "%%%02X", c);
    }
}

void cli_params_encode(const struct cli_params *p, struct buf *out)
{
    for (size_t i = 0; i < p->len; i++) {
        if (i > 0)
            buf_char(out, '&');
        cli_percent(out, p->list[i].name, "");
        buf_char(out, '=');
        cli_percent(out, p->list[i].value, "");
    }
}
