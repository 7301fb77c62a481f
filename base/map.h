/* map.h - text to pointer, in order of insertion, so that walking it is deterministic. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct map_entry {
    char *key;   /* owned by the map */
    void *value; /* the caller's; NULL marks a removed entry */
};

struct map {
    struct map_entry *entries; /* in order of insertion; removed ones stay until it grows */
    size_t len, cap, live;
    uint32_t *slots; /* open addressing: index into entries plus 1, 0 = free */
    size_t slots_len;
};

/* The value under `key`, or NULL; borrowed. */
void *map_get(const struct map *m, const char *key);
/* Puts or replaces; `value` is not NULL; returns what was there before. */
void *map_put(struct map *m, const char *key, void *value);
/* Removes and returns what was there, or NULL. */
void *map_remove(struct map *m, const char *key);
/* Walks live entries: start with *at = 0; NULL at the end. */
struct map_entry *map_next(const struct map *m, size_t *at);
void map_fini(struct map *m);
