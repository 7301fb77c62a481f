/* filter.h - Filter.N of the Describe actions: names are ANDed, the values of one are ORed.
 *
 * A handler lists what it can be asked for, makes the facts of each object, and asks whether they
 * match. Names and values are case-sensitive; values may hold wildcards. */
#pragma once

#include "cloud-manager/api/query.h"
#include "cloud-manager/store/tag.h"

struct cloud_filter {
    const char *name;
    struct cloud_texts values;
};

struct cloud_filters {
    struct cloud_filter *list;
    size_t len;
};

struct cloud_fact {
    const char *name, *value;
};

struct cloud_facts {
    struct arena *arena;
    struct cloud_fact *list;
    size_t len;
};

/* `known` is ended by NULL; "tag:KEY" and "tag-key" go without saying when it holds "tag-key".
 * ERR_INVALID_PARAMETER: an unknown name, or more than 200 values. */
enum err_code cloud_filters_decode(struct cloud_filters *out, struct cloud_query *q,
                                   const char *const *known, struct err *err);

/* Borrows both. An empty value is a fact, too. */
void cloud_facts_add(struct cloud_facts *facts, const char *name, const char *value);
void cloud_facts_add_i64(struct cloud_facts *facts, const char *name, int64_t value);
void cloud_facts_add_tags(struct cloud_facts *facts, const struct cloud_tags *tags);
bool cloud_filters_match(const struct cloud_filters *filters, const struct cloud_facts *facts);
