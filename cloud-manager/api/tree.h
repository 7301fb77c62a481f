/* tree.h - an answer as a tree of named texts, before it is spelled.
 *
 * A handler writes its answer once (xml.h). For EC2 that is XML at once; for REST it is kept here,
 * and rest_answer.c makes JSON of what the shapes name. Everything is in the arena. */
#pragma once

#include "base/arena.h"

#include <stddef.h>

struct cloud_branch {
    const char *name;
    const char *text; /* of a leaf; NULL of one that may have branches */
    struct cloud_branch *parent, *first, *last, *next;
};

struct cloud_tree {
    struct arena *arena;
    struct cloud_branch *root, *at; /* `at` is open: what comes next belongs to it */
};

void cloud_tree_init(struct cloud_tree *tree, struct arena *arena);
/* Names are borrowed, texts copied. */
void cloud_tree_open(struct cloud_tree *tree, const char *name);
void cloud_tree_close(struct cloud_tree *tree);
void cloud_tree_text(struct cloud_tree *tree, const char *name, const char *text);

/* The first branch at "a/b/c" below `from`; "" is `from` itself. NULL when there is none. */
const struct cloud_branch *cloud_branch_find(const struct cloud_branch *from, const char *path);

struct cloud_branches {
    const struct cloud_branch **list;
    size_t len;
};
/* All of them, in the order in which they were written. */
struct cloud_branches cloud_branch_all(struct arena *arena, const struct cloud_branch *from,
                                       const char *path);
