/* object.c - operations on objects and listings. */
#include "dos/store/object.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/ops/ops.h"
#include "dos/store/part.h"

#include <string.h>

enum err_code dos_put_object(struct dos_call *c)
{
    const struct dos_op *op = c->op;
    struct dos_object old;
    PRE(op->put.body.kind != DOS_BODY_PARTS && op->put.body.size_bytes >= 0);
    if (op->put.if_absent && dos_object_find(c->core->store, op->bucket, op->key, &old, NULL))
        return err_set(c->err, ERR_PRECONDITION, "The object exists");
    dos_object_put(c->core->store, op->bucket, op->key, &op->put, c->event->at.wall_ms,
                   c->event->now_ms);
    return ERR_OK;
}

/* Finds the object and packs what HEAD and GET have in common. */
static enum err_code pack_head(struct dos_call *c, struct dos_object *object)
{
    CLEANUP(buf_fini) struct buf headers = {0};
    if (!dos_object_find(c->core->store, c->op->bucket, c->op->key, object, &headers))
        return err_set(c->err, ERR_NO_SUCH_KEY, "The specified key does not exist.");
    dos_pack_i64(c->fields, (int64_t)object->kind);
    dos_pack_i64(c->fields, object->size_bytes);
    dos_pack_text(c->fields, object->etag);
    dos_pack_i64(c->fields, object->modified_ms);
    dos_pack_text(c->fields, buf_str(&headers));
    return ERR_OK;
}

enum err_code dos_head_object(struct dos_call *c)
{
    struct dos_object object;
    return pack_head(c, &object);
}

/* The parts that hold any of the wanted bytes. */
static void pack_parts(struct dos_call *c, const struct dos_object *object)
{
    int64_t offset, len;
    if (!dos_range_resolve(&c->op->range, object->size_bytes, &offset, &len))
        return;
    struct query q;
    struct dos_part_row part;
    dos_part_query_bytes(c->core->store, &q, object->ref, offset, len);
    while (query_next(&q)) {
        dos_part_read(&q, &part);
        dos_pack_text(c->fields, part.ref);
        dos_pack_i64(c->fields, part.start);
        dos_pack_i64(c->fields, part.size_bytes);
    }
}

enum err_code dos_get_object(struct dos_call *c)
{
    struct dos_object object;
    enum err_code code = pack_head(c, &object);
    if (code != ERR_OK)
        return code;
    CLEANUP(buf_fini) struct buf bytes = {0};
    switch (object.kind) {
    case DOS_BODY_INLINE:
        dos_object_inline(c->core->store, object.inline_id, &bytes);
        dos_pack_blob(c->fields, bytes.data, bytes.len);
        break;
    case DOS_BODY_FILE:
        dos_pack_text(c->fields, object.ref);
        break;
    case DOS_BODY_PARTS:
        pack_parts(c, &object);
        break;
    }
    return ERR_OK;
}

enum err_code dos_delete_objects(struct dos_call *c)
{
    PRE(c->op->remove.len <= DOS_LIST_MAX);
    for (size_t i = 0; i < c->op->remove.len; i++)
        dos_object_delete(c->core->store, c->op->bucket, c->op->remove.keys[i], c->event->now_ms);
    return ERR_OK;
}

/* A listing under way. `seek` is where the next page begins: above everything that was said. */
struct page {
    struct dos_call *c;
    struct query query;
    struct buf rows;
    int64_t count;
    char seek[DOS_KEY_SIZE + 8];
};

static void add_object(struct page *page)
{
    const struct query *q = &page->query;
    dos_pack_i64(&page->rows, 0);
    dos_pack_text(&page->rows, query_text(q, 0));
    dos_pack_i64(&page->rows, query_i64(q, 1));
    dos_pack_text(&page->rows, query_text(q, 2));
    dos_pack_i64(&page->rows, query_i64(q, 3));
    INV(str_copy(page->seek, sizeof page->seek, query_text(q, 0)));
}

/* A run of keys with a common prefix is one row, and an index seek leads behind it: 0xff stands in
 * no key and is above every byte that does. */
static void add_prefix(struct page *page, size_t len)
{
    char prefix[DOS_KEY_SIZE];
    INV(len < sizeof prefix);
    memcpy(prefix, query_text(&page->query, 0), len);
    prefix[len] = '\0';
    query_close(&page->query);
    dos_pack_i64(&page->rows, 1);
    dos_pack_text(&page->rows, prefix);
    memcpy(page->seek, prefix, len);
    page->seek[len] = '\xff';
    page->seek[len + 1] = '\0';
    dos_object_query(page->c->core->store, &page->query, page->c->op->bucket,
                     page->c->op->list.prefix, page->seek);
}

/* Length of the common prefix that `key` belongs to, 0 = none. */
static size_t prefix_len(const struct dos_list *list, const char *key)
{
    if (*list->delimiter == '\0')
        return 0;
    const char *at = strstr(key + strlen(list->prefix), list->delimiter);
    return at != NULL ? (size_t)(at - key) + strlen(list->delimiter) : 0;
}

enum err_code dos_list_objects(struct dos_call *c)
{
    const struct dos_list *list = &c->op->list;
    PRE(list->max >= 0 && list->max <= DOS_LIST_MAX);
    PRE(strlen(list->prefix) < DOS_KEY_SIZE && strlen(list->after) < DOS_KEY_SIZE + 2);
    struct page page = {.c = c};
    bool is_more = false;
    dos_object_query(c->core->store, &page.query, c->op->bucket, list->prefix, list->after);
    while (list->max > 0 && query_next(&page.query)) {
        is_more = page.count == list->max;
        if (is_more)
            break;
        size_t len = prefix_len(list, query_text(&page.query, 0));
        if (len > 0)
            add_prefix(&page, len);
        else
            add_object(&page);
        page.count++;
    }
    query_close(&page.query);
    dos_pack_text(c->fields, is_more ? page.seek : "");
    buf_append(c->fields, buf_str(&page.rows), page.rows.len);
    buf_fini(&page.rows);
    return ERR_OK;
}
