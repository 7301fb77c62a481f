/* rest_answer.c - from what a handler wrote to JSON, by the shapes (rest.h). */
#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/api/rest.h"
#include "proto/auth/digest.h"
#include "proto/wire/wire.h"

#include <string.h>

struct encoding {
    struct arena *arena;
    struct buf *out;
};

static void write_object(struct encoding *e, const struct cloud_shape *shape,
                         const struct cloud_branch *branch);

static const char *text_of(const struct cloud_branch *branch)
{
    return branch != NULL && branch->text != NULL ? branch->text : "";
}

/* A number that is none is quoted: the document then says that we are wrong, and JSON stays JSON.
 */
static void write_integer(struct buf *out, const char *text)
{
    int64_t number;
    if (str_parse_i64(text, INT64_MIN, INT64_MAX, &number))
        buf_i64(out, number);
    else
        wire_quote(out, text);
}

static void write_texts(struct encoding *e, const struct cloud_branches *items)
{
    buf_char(e->out, '[');
    for (size_t i = 0; i < items->len; i++) {
        buf_text(e->out, i > 0 ? "," : "");
        wire_quote(e->out, text_of(items->list[i]));
    }
    buf_char(e->out, ']');
}

static void write_list(struct encoding *e, enum cloud_shape_id shape,
                       const struct cloud_branches *items)
{
    buf_char(e->out, '[');
    for (size_t i = 0; i < items->len; i++) {
        buf_text(e->out, i > 0 ? "," : "");
        write_object(e, &cloud_shapes[shape], items->list[i]);
    }
    buf_char(e->out, ']');
}

static void write_tags(struct encoding *e, const struct cloud_branches *items)
{
    buf_char(e->out, '{');
    for (size_t i = 0; i < items->len; i++) {
        buf_text(e->out, i > 0 ? "," : "");
        wire_quote(e->out, text_of(cloud_branch_find(items->list[i], "key")));
        buf_char(e->out, ':');
        wire_quote(e->out, text_of(cloud_branch_find(items->list[i], "value")));
    }
    buf_char(e->out, '}');
}

static void write_many(struct encoding *e, const struct cloud_member *m,
                       const struct cloud_branch *branch)
{
    struct cloud_branches items = cloud_branch_all(e->arena, branch, m->path);
    if (m->kind == CLOUD_MEMBER_TEXTS)
        write_texts(e, &items);
    else if (m->kind == CLOUD_MEMBER_TAGS)
        write_tags(e, &items);
    else
        write_list(e, m->shape, &items);
}

static void write_value(struct encoding *e, const struct cloud_member *m,
                        const struct cloud_branch *branch)
{
    switch (m->kind) {
    case CLOUD_MEMBER_TEXT:
    case CLOUD_MEMBER_TIME:
        wire_quote(e->out, text_of(cloud_branch_find(branch, m->path)));
        return;
    case CLOUD_MEMBER_INTEGER:
        write_integer(e->out, text_of(cloud_branch_find(branch, m->path)));
        return;
    case CLOUD_MEMBER_BOOLEAN:
        buf_text(e->out,
                 str_eq(text_of(cloud_branch_find(branch, m->path)), "true") ? "true" : "false");
        return;
    case CLOUD_MEMBER_TEXTS:
    case CLOUD_MEMBER_LIST:
    case CLOUD_MEMBER_TAGS:
        write_many(e, m, branch);
        return;
    case CLOUD_MEMBER_OBJECT:
        write_object(e, &cloud_shapes[m->shape], cloud_branch_find(branch, m->path));
        return;
    }
    IMPOSSIBLE("kind of a member");
}

/* What is not there, or is empty and may be missing, is left out. */
static bool is_there(const struct cloud_member *m, const struct cloud_branch *branch)
{
    if (m->kind == CLOUD_MEMBER_TEXTS || m->kind == CLOUD_MEMBER_LIST ||
        m->kind == CLOUD_MEMBER_TAGS)
        return true;
    const struct cloud_branch *found = cloud_branch_find(branch, m->path);
    bool is_more = m->is_must || m->kind == CLOUD_MEMBER_OBJECT;
    return found != NULL && (is_more || *text_of(found) != '\0');
}

static void write_object(struct encoding *e, const struct cloud_shape *shape,
                         const struct cloud_branch *branch)
{
    bool is_first = true;
    buf_char(e->out, '{');
    for (size_t i = 0; i < shape->len; i++) {
        const struct cloud_member *m = &shape->members[i];
        if (!is_there(m, branch))
            continue;
        buf_printf(e->out, "%s\"%s\":", is_first ? "" : ",", m->name);
        write_value(e, m, branch);
        is_first = false;
    }
    buf_char(e->out, '}');
}

void cloud_rest_object(struct arena *arena, enum cloud_shape_id shape,
                       const struct cloud_branch *branch, struct buf *out)
{
    write_object(&(struct encoding){arena, out}, &cloud_shapes[shape], branch);
}

static void write_page(struct encoding *e, const struct cloud_route *route,
                       const struct cloud_tree *tree)
{
    struct cloud_branches items = cloud_branch_all(e->arena, tree->root, route->place);
    const struct cloud_branch *next = cloud_branch_find(tree->root, "nextToken");
    buf_text(e->out, "{\"items\":");
    write_list(e, route->shape, &items);
    if (next != NULL) {
        buf_text(e->out, ",\"next_cursor\":");
        wire_quote(e->out, text_of(next));
    }
    buf_char(e->out, '}');
}

enum err_code cloud_rest_encode(const struct cloud_rest *rest, const struct cloud_tree *tree,
                                struct buf *out, struct err *err)
{
    struct encoding e = {.arena = tree->arena, .out = out};
    const struct cloud_route *route = rest->route;
    if (cloud_route_is_list(route)) {
        write_page(&e, route, tree);
        return ERR_OK;
    }
    PRE(route->answer != CLOUD_ANSWER_STREAM);
    if (route->answer == CLOUD_ANSWER_EMPTY)
        return ERR_OK;
    const struct cloud_branch *one = cloud_branch_find(tree->root, route->place);
    if (one == NULL)
        return err_set(err, ERR_NOT_FOUND, "there is no '%.64s'", rest->id);
    write_object(&e, &cloud_shapes[route->shape], one);
    return ERR_OK;
}

/* ---- entity tags ---------------------------------------------------------------------------- */

void cloud_rest_etag(char out[CLOUD_ETAG_SIZE], const char *body, size_t len)
{
    char hash[DIGEST_SHA256_HEX_SIZE];
    digest_sha256_hex(hash, body, len);
    out[0] = out[CLOUD_ETAG_SIZE - 2] = '"';
    memcpy(out + 1, hash, CLOUD_ETAG_SIZE - 3);
    out[CLOUD_ETAG_SIZE - 1] = '\0';
}

/* Ours hold no comma, so a list may be read word by word. */
bool cloud_rest_etag_is_in(const char *header, const char *etag)
{
    while (*header != '\0') {
        header += strspn(header, " \t,");
        size_t len = strcspn(header, ",");
        while (len > 0 && (header[len - 1] == ' ' || header[len - 1] == '\t'))
            len--;
        const char *tag = len > 2 && memcmp(header, "W/", 2) == 0 ? header + 2 : header;
        size_t tag_len = len - (size_t)(tag - header);
        if ((tag_len == 1 && *tag == '*') ||
            (tag_len == strlen(etag) && memcmp(tag, etag, tag_len) == 0))
            return true;
        header += strcspn(header, ",");
    }
    return false;
}
