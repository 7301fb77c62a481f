/* node.c - see node.h. */
#include "cli/node.h"

#include "base/buf.h"
#include "base/check.h"

#include <ctype.h>
#include <libxml/xmlreader.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

/* ---- reading ------------------------------------------------------------------------------ */

struct reading {
    struct arena *arena;
    struct cli_node *open[CLI_NODE_DEPTH_MAX]; /* from the root to where we are */
    struct buf text[CLI_NODE_DEPTH_MAX];
    size_t depth;
    struct cli_node *root;
};

struct cli_node *cli_node_add(struct cli_node *parent, struct arena *arena, const char *name,
                              const char *text)
{
    struct cli_node *node = arena_alloc(arena, sizeof *node);
    *node = (struct cli_node){.name = name, .text = text};
    if (parent == NULL)
        return node;
    if (parent->last != NULL)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    return node;
}

static void close_element(struct reading *r)
{
    INV(r->depth > 0);
    struct cli_node *node = r->open[--r->depth];
    if (node->first == NULL)
        node->text = arena_strdup(r->arena, buf_str(&r->text[r->depth]));
}

static bool open_element(struct reading *r, xmlTextReader *reader)
{
    const char *name = (const char *)xmlTextReaderConstLocalName(reader);
    struct cli_node *parent = r->depth > 0 ? r->open[r->depth - 1] : NULL;
    if (r->depth == CLI_NODE_DEPTH_MAX)
        return false;
    struct cli_node *node = cli_node_add(parent, r->arena, arena_strdup(r->arena, name), "");
    if (parent == NULL)
        r->root = node;
    buf_clear(&r->text[r->depth]);
    r->open[r->depth++] = node;
    if (xmlTextReaderIsEmptyElement(reader))
        close_element(r);
    return true;
}

/* False: something that no API answers. */
static bool take(struct reading *r, xmlTextReader *reader)
{
    switch (xmlTextReaderNodeType(reader)) {
    case XML_READER_TYPE_ELEMENT:
        return open_element(r, reader);
    case XML_READER_TYPE_END_ELEMENT:
        close_element(r);
        return true;
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
    case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
        if (r->depth > 0)
            buf_text(&r->text[r->depth - 1], (const char *)xmlTextReaderConstValue(reader));
        return true;
    case XML_READER_TYPE_DOCUMENT_TYPE:
    case XML_READER_TYPE_ENTITY_REFERENCE:
    case XML_READER_TYPE_ENTITY:
        return false;
    default:
        return true;
    }
}

static bool read_all(struct reading *r, xmlTextReader *reader)
{
    int more;
    while ((more = xmlTextReaderRead(reader)) == 1)
        if (!take(r, reader))
            return false;
    return more == 0 && r->root != NULL && r->depth == 0;
}

static void ignore_error(void *self, const char *fmt, ...)
{
    (void)self;
    (void)fmt;
}

enum cli_exit cli_node_parse(struct cli_node **root, struct arena *arena, const char *data,
                             size_t len, struct cli_fault *fault)
{
    struct reading r = {.arena = arena};
    xmlTextReader *reader = NULL;
    xmlSetGenericErrorFunc(NULL, ignore_error);
    if (len > 0 && len <= INT_MAX)
        reader = xmlReaderForMemory(data, (int)len, NULL, NULL,
                                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    bool ok = reader != NULL && read_all(&r, reader);
    xmlFreeTextReader(reader);
    for (size_t i = 0; i < CLI_NODE_DEPTH_MAX; i++)
        buf_fini(&r.text[i]);
    *root = r.root;
    if (ok)
        return CLI_OK;
    return cli_fault_set(fault, CLI_FAILED, "the answer is not what an API of this kind says");
}

/* ---- finding ------------------------------------------------------------------------------ */

/* One step of a path: "item", or "item[key=Name]". */
struct step {
    const char *name, *key, *value;
    size_t name_len, key_len, value_len;
    const char *rest;
};

static struct step step_of(const char *path)
{
    struct step s = {.name = path, .name_len = strcspn(path, "/[")};
    path += s.name_len;
    if (*path == '[') {
        s.key = path + 1;
        s.key_len = strcspn(s.key, "=");
        s.value = s.key + s.key_len + 1;
        s.value_len = strcspn(s.value, "]");
        path = s.value + s.value_len + 1;
    }
    s.rest = *path == '/' ? path + 1 : path;
    return s;
}

static bool same(const char *text, const char *part, size_t len)
{
    return strncmp(text, part, len) == 0 && text[len] == '\0';
}

/* EC2 begins names with a small letter, S3 with a capital, JSON and paths with a small one. */
static bool is_named(const struct cli_node *node, const struct step *s)
{
    return s->name_len > 0 &&
           tolower((unsigned char)*node->name) == tolower((unsigned char)*s->name) &&
           same(node->name + 1, s->name + 1, s->name_len - 1);
}

static bool fits(const struct cli_node *node, const struct step *s)
{
    if (!is_named(node, s))
        return false;
    if (s->key == NULL)
        return true;
    for (const struct cli_node *child = node->first; child != NULL; child = child->next)
        if (same(child->name, s->key, s->key_len))
            return same(child->text, s->value, s->value_len);
    return false;
}

/* Stops at `max`; as deep as the path has steps, which are ours. */
static void collect(const struct cli_node *node, const char *path, struct cli_nodes *out,
                    size_t max)
{
    if (*path == '\0') {
        if (out->len < max)
            out->list[out->len] = node;
        out->len++;
        return;
    }
    struct step s = step_of(path);
    for (const struct cli_node *child = node->first; child != NULL; child = child->next)
        if (fits(child, &s))
            collect(child, s.rest, out, max);
        else if (strcmp(child->name, "item") == 0)
            collect(child, path, out, max);
}

const struct cli_node *cli_node_get(const struct cli_node *node, const char *path)
{
    const struct cli_node *found = NULL;
    struct cli_nodes out = {.list = &found};
    collect(node, path, &out, 1);
    return found;
}

const char *cli_node_text(const struct cli_node *node, const char *path)
{
    const struct cli_node *found = cli_node_get(node, path);
    return found != NULL ? found->text : "";
}

struct cli_nodes cli_node_all(const struct cli_node *node, const char *path, struct arena *arena)
{
    struct cli_nodes count = {0}, out = {0};
    collect(node, path, &count, 0);
    out.list = arena_alloc(arena, (count.len + 1) * sizeof(void *));
    collect(node, path, &out, count.len);
    return out;
}
