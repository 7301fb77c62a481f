/* node.c - target: an answer of an API, as the CLI reads it (cli/node.h).
 *
 * First byte: a path to look for; then the document. Holds: what is read is a tree of whole texts
 * that libxml2 made of UTF-8; nothing of a document type, no entity, gets through; the first of all
 * is the one that is got. */
#include "cli/node.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void hold_text(const char *text)
{
    INV(text != NULL && fuzz_is_utf8(text, strlen(text)));
}

/* Every node once; NULL behind the last. */
static const struct cli_node *walk(const struct cli_node *const *open, size_t *depth)
{
    const struct cli_node *at = open[*depth];
    if (at->first != NULL) {
        ++*depth;
        return at->first;
    }
    while (at->next == NULL && *depth > 0)
        at = open[--*depth];
    return *depth > 0 ? at->next : NULL;
}

static void hold_tree(const struct cli_node *root, size_t len)
{
    const struct cli_node *open[CLI_NODE_DEPTH_MAX] = {root};
    size_t depth = 0, texts = 0;
    for (const struct cli_node *at = root; at != NULL;) {
        INV(depth < CLI_NODE_DEPTH_MAX);
        open[depth] = at;
        hold_text(at->name);
        hold_text(at->text);
        INV(*at->name != '\0' && (at->first == NULL || *at->text == '\0'));
        texts += strlen(at->text);
        at = walk(open, &depth);
    }
    /* Other encodings may grow; entities may not. */
    INV(texts <= 4 * len);
}

static void hold_path(const struct cli_node *root, const char *path, struct arena *arena)
{
    struct cli_nodes all = cli_node_all(root, path, arena);
    const struct cli_node *first = cli_node_get(root, path);
    INV(first == (all.len > 0 ? all.list[0] : NULL));
    INV(str_eq(cli_node_text(root, path), first != NULL ? first->text : ""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const paths[] = {"", "a/b", "tagSet/item[key=Name]/value", "item", "Code"};
    CLEANUP(arena_fini) struct arena arena = {0};
    struct fuzz input = {data, len};
    struct cli_node *root = NULL;
    struct cli_fault fault = {0};
    uint8_t choice = fuzz_byte(&input);
    char *text = fuzz_rest(&input, &len);
    enum cli_exit code = cli_node_parse(&root, &arena, text, len, &fault);
    INV(code == CLI_OK || (code == CLI_FAILED && fault.what[0] != '\0'));
    if (code == CLI_OK) {
        hold_tree(root, len);
        hold_path(root, paths[choice % (sizeof paths / sizeof *paths)], &arena);
    }
    free(text);
    return 0;
}
