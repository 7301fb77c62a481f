/* filter.c - matching objects against Filter.N. */
#include "cloud-manager/api/filter.h"

#include "base/str.h"
#include "cloud-manager/store/row.h"

enum { VALUES_MAX = 200 };

static bool is_known(const char *const *known, const char *name)
{
    bool has_tags = false;
    for (; *known != NULL; known++) {
        if (str_eq(*known, name))
            return true;
        has_tags = has_tags || str_eq(*known, "tag-key");
    }
    return has_tags && str_has_prefix(name, "tag:") && name[4] != '\0';
}

enum err_code cloud_filters_decode(struct cloud_filters *out, struct cloud_query *q,
                                   const char *const *known, struct err *err)
{
    struct cloud_indices at = cloud_query_indices(q, "Filter");
    size_t values = 0;
    *out = (struct cloud_filters){.list = arena_alloc(q->arena, (at.len + 1) * sizeof *out->list)};
    for (size_t i = 0; i < at.len; i++) {
        struct cloud_filter *f = &out->list[out->len++];
        f->name = cloud_query_getf(q, "Filter.%u.Name", at.list[i]);
        f->values = cloud_query_list(q, arena_printf(q->arena, "Filter.%u.Value", at.list[i]));
        if (f->name == NULL)
            return err_set(err, ERR_MISSING_PARAMETER,
                           "The request must contain the parameter Filter.%u.Name", at.list[i]);
        if (!is_known(known, f->name))
            return err_set(err, ERR_INVALID_PARAMETER, "The filter '%.100s' is invalid", f->name);
        values += f->values.len;
    }
    if (values > VALUES_MAX)
        return err_set(err, ERR_INVALID_PARAMETER, "more than %d filter values", VALUES_MAX);
    return ERR_OK;
}

void cloud_facts_add(struct cloud_facts *facts, const char *name, const char *value)
{
    facts->list = row_grow(facts->arena, facts->list, facts->len, sizeof *facts->list);
    facts->list[facts->len++] = (struct cloud_fact){name, value};
}

void cloud_facts_add_i64(struct cloud_facts *facts, const char *name, int64_t value)
{
    cloud_facts_add(facts, name, arena_printf(facts->arena, "%lld", (long long)value));
}

void cloud_facts_add_tags(struct cloud_facts *facts, const struct cloud_tags *tags)
{
    for (size_t i = 0; i < tags->len; i++) {
        cloud_facts_add(facts, "tag-key", tags->list[i].key);
        cloud_facts_add(facts, arena_printf(facts->arena, "tag:%s", tags->list[i].key),
                        tags->list[i].value);
    }
}

static bool has_match(const struct cloud_filter *f, const struct cloud_facts *facts)
{
    for (size_t i = 0; i < facts->len; i++)
        for (size_t j = 0; j < f->values.len; j++)
            if (str_eq(f->name, facts->list[i].name) &&
                str_matches(f->values.list[j], facts->list[i].value))
                return true;
    return false;
}

bool cloud_filters_match(const struct cloud_filters *filters, const struct cloud_facts *facts)
{
    for (size_t i = 0; i < filters->len; i++)
        if (!has_match(&filters->list[i], facts))
            return false;
    return true;
}
