/* xml.c - target: the writer of the cloud-manager's answers (cloud-manager/api/xml.h).
 *
 * Each line is a text; its first byte says what is written around it. Holds: libxml2 reads what was
 * written, and finds the same texts, but U+FFFD where XML has no way to say a character; the tree
 * that stands for an answer in REST has the texts as they were. */
#include "cloud-manager/api/xml.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS_MAX = 64 };

/* Every <t> that was written, in order. */
struct texts {
    char *list[TEXTS_MAX];
    size_t len;
};

/* Char of XML 1.0, section 2.2. */
static bool is_char(uint32_t rune)
{
    return rune == '\t' || rune == '\n' || rune == '\r' || (rune >= 0x20 && rune <= 0xd7ff) ||
           (rune >= 0xe000 && rune <= 0xfffd) || rune >= 0x10000;
}

/* What a reader of the answer is to find for `text`. */
static void expected(struct buf *out, const char *text)
{
    size_t left = strlen(text), n;
    uint32_t rune = 0;
    for (; left > 0; text += n, left -= n) {
        n = fuzz_rune(text, left, &rune);
        if (n > 0 && is_char(rune))
            buf_append(out, text, n);
        else
            buf_text(out, "\xef\xbf\xbd");
        n += n == 0;
    }
}

static void write_one(struct cloud_xml *x, struct texts *texts, char kind, const char *text)
{
    int64_t number = (int64_t)strlen(text) * 1000003 - 17;
    switch (kind) {
    case '(':
        if (x->depth < CLOUD_XML_DEPTH - 1)
            cloud_xml_open(x, "item");
        break;
    case ')':
        if (x->depth > 1)
            cloud_xml_close(x);
        break;
    case '0':
        cloud_xml_close_to(x, 1);
        break;
    case '#':
        cloud_xml_i64(x, "n", number);
        cloud_xml_bool(x, "b", (number & 1) != 0);
        cloud_xml_time(x, "d", number);
        break;
    default:
        if (texts->len == TEXTS_MAX || *text == '\0')
            break;
        texts->list[texts->len++] = check_strdup(text);
        cloud_xml_text_if(x, "t", text);
        cloud_xml_text_if(x, "t", "");
    }
}

static void write_all(struct cloud_xml *x, struct texts *texts, struct fuzz input)
{
    while (input.len > 0) {
        char kind = (char)fuzz_byte(&input), *text = fuzz_line(&input);
        write_one(x, texts, kind, text);
        free(text);
    }
    cloud_xml_close_to(x, 0);
}

/* ---- reading it ----------------------------------------------------------------------------- */

static size_t hold_texts(xmlNode *root, const struct texts *texts)
{
    size_t found = 0;
    for (xmlNode *at = root; at != NULL;) {
        if (str_eq((const char *)at->name, "t")) {
            CLEANUP(buf_fini) struct buf want = {0};
            INV(found < texts->len);
            expected(&want, texts->list[found++]);
            xmlChar *text = xmlNodeGetContent(at);
            INV(str_eq((const char *)text, buf_str(&want)));
            xmlFree(text);
        }
        if (at->children != NULL && at->children->type == XML_ELEMENT_NODE)
            at = at->children;
        else {
            while (at != NULL && at->next == NULL)
                at = at->parent != root->parent ? at->parent : NULL;
            at = at != NULL ? at->next : NULL;
        }
    }
    return found;
}

static void hold_document(const struct buf *out, const struct texts *texts)
{
    xmlDoc *doc = xmlReadMemory(out->data, (int)out->len, NULL, NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    INV(doc != NULL);
    INV(hold_texts(xmlDocGetRootElement(doc), texts) == texts->len);
    xmlFreeDoc(doc);
}

static size_t count_leaves(const struct cloud_branch *at, const struct texts *texts, size_t from)
{
    for (const struct cloud_branch *child = at->first; child != NULL; child = child->next)
        if (child->text != NULL && str_eq(child->name, "t")) {
            INV(from < texts->len && str_eq(child->text, texts->list[from]));
            from++;
        } else if (child->text == NULL) {
            from = count_leaves(child, texts, from);
        }
    return from;
}

/* Every text that lies `path` below the answer, and the first of them. */
static void hold_paths(struct arena *arena, const struct cloud_branch *root)
{
    static const char *const paths[] = {
        "Answer", "Answer/t", "Answer/item/t", "Answer/item/item/t", "Answer/none", ""};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct cloud_branches all = cloud_branch_all(arena, root, paths[i]);
        const struct cloud_branch *first = cloud_branch_find(root, paths[i]);
        const char *slash = strrchr(paths[i], '/'), *name = slash != NULL ? slash + 1 : paths[i];
        INV(first == NULL || (all.len > 0 && all.list[0] == first));
        for (size_t k = 0; k < all.len; k++)
            INV(str_eq(all.list[k]->name, name));
    }
}

static void free_texts(struct texts *texts)
{
    for (size_t i = 0; i < texts->len; i++)
        free(texts->list[i]);
    texts->len = 0;
}

static void hold_tree(struct fuzz input)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    struct texts texts = {.len = 0};
    struct cloud_tree tree;
    struct cloud_xml x;
    cloud_tree_init(&tree, &arena);
    cloud_xml_init_tree(&x, &tree);
    cloud_xml_open(&x, "Answer");
    write_all(&x, &texts, input);
    INV(count_leaves(tree.root, &texts, 0) == texts.len);
    hold_paths(&arena, tree.root);
    free_texts(&texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    CLEANUP(buf_fini) struct buf out = {0};
    struct texts texts = {.len = 0};
    struct cloud_xml x;
    cloud_xml_init(&x, &out);
    cloud_xml_open_ns(&x, "Answer", "http://ec2.amazonaws.com/doc/2016-11-15/");
    write_all(&x, &texts, (struct fuzz){data, len});
    hold_document(&out, &texts);
    free_texts(&texts);
    hold_tree((struct fuzz){data, len});
    return 0;
}
