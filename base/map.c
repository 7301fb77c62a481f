/* map.c - an insertion-ordered hash table (FNV-1a, open addressing). */
#include "base/map.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_text(const char *key)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *key != '\0'; key++)
        h = (h ^ (unsigned char)*key) * 0x100000001b3u;
    return h;
}

/* The slot that holds `key`, or the free one where it would go. */
static size_t find_slot(const struct map *m, const char *key)
{
    size_t mask = m->slots_len - 1, at = hash_text(key) & mask;
    while (m->slots[at] != 0 && strcmp(m->entries[m->slots[at] - 1].key, key) != 0)
        at = (at + 1) & mask;
    return at;
}

static void rebuild(struct map *m)
{
    struct map_entry *old = m->entries;
    size_t old_len = m->len;
    m->cap = m->live * 2 + 8;
    m->entries = check_alloc(m->cap * sizeof *m->entries);
    m->len = 0;
    m->slots_len = 16;
    while (m->slots_len < m->cap * 2)
        m->slots_len *= 2;
    free(m->slots);
    m->slots = check_alloc(m->slots_len * sizeof *m->slots);
    for (size_t i = 0; i < old_len; i++) {
        if (old[i].value == NULL) {
            free(old[i].key);
            continue;
        }
        size_t slot = find_slot(m, old[i].key);
        m->entries[m->len++] = old[i];
        m->slots[slot] = (uint32_t)m->len;
    }
    free(old);
}

void *map_get(const struct map *m, const char *key)
{
    if (m->live == 0)
        return NULL;
    size_t slot = find_slot(m, key);
    return m->slots[slot] != 0 ? m->entries[m->slots[slot] - 1].value : NULL;
}

void *map_put(struct map *m, const char *key, void *value)
{
    PRE(value != NULL);
    if (m->len == m->cap)
        rebuild(m);
    size_t slot = find_slot(m, key);
    if (m->slots[slot] != 0) {
        struct map_entry *entry = &m->entries[m->slots[slot] - 1];
        void *old = entry->value;
        entry->value = value;
        m->live += old == NULL;
        return old;
    }
    m->entries[m->len++] = (struct map_entry){.key = check_strdup(key), .value = value};
    m->slots[slot] = (uint32_t)m->len;
    m->live++;
    return NULL;
}

void *map_remove(struct map *m, const char *key)
{
    if (m->live == 0)
        return NULL;
    size_t slot = find_slot(m, key);
    if (m->slots[slot] == 0)
        return NULL;
    struct map_entry *entry = &m->entries[m->slots[slot] - 1];
    void *old = entry->value;
    entry->value = NULL;
    m->live -= old != NULL;
    return old;
}

struct map_entry *map_next(const struct map *m, size_t *at)
{
    while (*at < m->len) {
        struct map_entry *entry = &m->entries[(*at)++];
        if (entry->value != NULL)
            return entry;
    }
    return NULL;
}

void map_fini(struct map *m)
{
    for (size_t i = 0; i < m->len; i++)
        free(m->entries[i].key);
    free(m->entries);
    free(m->slots);
    *m = (struct map){0};
}
