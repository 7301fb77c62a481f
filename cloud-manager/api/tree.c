/* tree.c - an answer that is kept. */
#include "cloud-manager/api/tree.h"

#include "base/check.h"

#include <stdbool.h>
#include <string.h>

static struct cloud_branch *append(struct cloud_tree *tree, const char *name, const char *text)
{
    struct cloud_branch *b = arena_alloc(tree->arena, sizeof *b);
    *b = (struct cloud_branch){.name = name, .text = text, .parent = tree->at};
    if (tree->at->last == NULL)
        tree->at->first = b;
    else
        tree->at->last->next = b;
    tree->at->last = b;
    return b;
}

void cloud_tree_init(struct cloud_tree *tree, struct arena *arena)
{
    *tree = (struct cloud_tree){.arena = arena};
    tree->root = tree->at = arena_alloc(arena, sizeof *tree->root);
    *tree->root = (struct cloud_branch){.name = ""};
}

void cloud_tree_open(struct cloud_tree *tree, const char *name)
{
    tree->at = append(tree, name, NULL);
}

void cloud_tree_close(struct cloud_tree *tree)
{
    PRE(tree->at->parent != NULL);
    tree->at = tree->at->parent;
}

void cloud_tree_text(struct cloud_tree *tree, const char *name, const char *text)
{
    append(tree, name, arena_strdup(tree->arena, text));
}

static bool is_named(const struct cloud_branch *b, const char *name, size_t len)
{
    return strncmp(b->name, name, len) == 0 && b->name[len] == '\0';
}

const struct cloud_branch *cloud_branch_find(const struct cloud_branch *from, const char *path)
{
    while (*path != '\0' && from != NULL) {
        size_t len = strcspn(path, "/");
        const struct cloud_branch *b = from->first;
        while (b != NULL && !is_named(b, path, len))
            b = b->next;
        from = b;
        path += len + (path[len] == '/');
    }
    return from;
}

/* Puts them into `list`, or only counts them where that is NULL. */
static size_t collect(const struct cloud_branch *from, const char *path,
                      const struct cloud_branch **list)
{
    size_t len = strcspn(path, "/"), found = 0;
    if (len == 0) {
        if (list != NULL)
            *list = from;
        return 1;
    }
    for (const struct cloud_branch *b = from->first; b != NULL; b = b->next)
        if (is_named(b, path, len))
            found += collect(b, path + len + (path[len] == '/'),
                             list != NULL ? list + found : NULL);
    return found;
}

struct cloud_branches cloud_branch_all(struct arena *arena, const struct cloud_branch *from,
                                       const char *path)
{
    struct cloud_branches out = {.len = collect(from, path, NULL)};
    const struct cloud_branch **list = arena_alloc(arena, (out.len + 1) * sizeof(void *));
    collect(from, path, list);
    out.list = list;
    return out;
}
