/* list.c - ListObjects, both versions. */
#include "dos/api/s3/exchange.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/api/s3/xml.h"
#include "dos/model/name.h"
#include "proto/auth/base64.h"

#include <string.h>

/* What the request said, kept for the answer. */
struct listing {
    bool is_v2, is_url, is_owner;
    const char *start; /* marker or start-after, as given */
    const char *token; /* continuation-token, as given, or NULL */
};

static struct listing listing_of(const struct s3_exchange *x)
{
    const char *type = s3_target_param(&x->target, "list-type");
    const char *encoding = s3_target_param(&x->target, "encoding-type");
    const char *owner = s3_target_param(&x->target, "fetch-owner");
    struct listing l = {.is_v2 = type != NULL && str_eq(type, "2"),
                        .is_url = encoding != NULL && str_eq(encoding, "url"),
                        .is_owner = owner != NULL && str_eq(owner, "true")};
    l.start = s3_target_param(&x->target, l.is_v2 ? "start-after" : "marker");
    l.token = l.is_v2 ? s3_target_param(&x->target, "continuation-token") : NULL;
    if (l.start == NULL)
        l.start = "";
    return l;
}

static const char *param(const struct s3_exchange *x, const char *name)
{
    const char *value = s3_target_param(&x->target, name);
    return value != NULL ? value : "";
}

/* Where to begin: a token is a seek in base64; a marker that is a common prefix of the last page
 * stands for all that it stood for. */
static enum err_code seek_of(struct s3_exchange *x, const struct listing *l, const char **after,
                             struct err *err)
{
    const char *delimiter = x->ask.op.list.delimiter;
    size_t len = strlen(l->start), cut = strlen(delimiter);
    CLEANUP(buf_fini) struct buf seek = {0};
    *after = l->start;
    if (l->token != NULL) {
        if (!base64_url_decode(&seek, l->token, strlen(l->token)) || seek.len == 0 ||
            seek.len > DOS_KEY_SIZE || strlen(buf_str(&seek)) != seek.len)
            return err_set(err, ERR_INVALID_PAGING_TOKEN,
                           "The continuation token provided is incorrect");
        *after = arena_strdup(&x->arena, buf_str(&seek));
    } else if (!l->is_v2 && cut > 0 && len >= cut && str_eq(l->start + len - cut, delimiter)) {
        *after = arena_printf(&x->arena, "%s\xff", l->start);
    }
    return ERR_OK;
}

enum err_code s3_list_objects_ask(struct s3_exchange *x, struct err *err)
{
    struct listing l = listing_of(x);
    struct dos_list *list = &x->ask.op.list;
    const char *max = s3_target_param(&x->target, "max-keys");
    x->ask.op.kind = DOS_OP_LIST_OBJECTS;
    *list = (struct dos_list){
        .prefix = param(x, "prefix"), .delimiter = param(x, "delimiter"), .max = DOS_LIST_MAX};
    if (max != NULL && !str_parse_i64(max, 0, INT32_MAX, &list->max))
        return err_set(err, ERR_INVALID_PARAMETER, "max-keys is not a number that fits");
    if (list->max > DOS_LIST_MAX)
        list->max = DOS_LIST_MAX;
    if (strlen(list->prefix) >= DOS_KEY_SIZE || strlen(l.start) >= DOS_KEY_SIZE)
        return err_set(err, ERR_KEY_TOO_LONG, "prefix or marker is longer than a key can be");
    return seek_of(x, &l, &list->after, err);
}

static void add_name(struct buf *xml, const struct listing *l, const char *element,
                     const char *text)
{
    if (!l->is_url) {
        dos_xml_element(xml, element, text);
        return;
    }
    buf_printf(xml, "<%s>", element);
    dos_url_encode(xml, text);
    buf_printf(xml, "</%s>", element);
}

static void add_object(struct buf *xml, const struct s3_exchange *x, const struct listing *l,
                       const char *key, struct dos_unpack *fields)
{
    int64_t size = dos_unpack_i64(fields);
    const char *etag = dos_unpack_text(fields);
    buf_text(xml, "<Contents>");
    add_name(xml, l, "Key", key);
    s3_xml_time(xml, "LastModified", dos_unpack_i64(fields));
    s3_xml_etag(xml, etag);
    dos_xml_element_i64(xml, "Size", size);
    if (l->is_owner || !l->is_v2) {
        buf_text(xml, "<Owner>");
        dos_xml_element(xml, "ID", x->account);
        dos_xml_element(xml, "DisplayName", x->account);
        buf_text(xml, "</Owner>");
    }
    buf_text(xml, "<StorageClass>STANDARD</StorageClass></Contents>");
}

/* Rows as XML: prefixes apart, since they stand behind the objects. `last` is the last name. */
static int64_t add_rows(struct buf *objects, struct buf *prefixes, const struct s3_exchange *x,
                        const struct listing *l, struct dos_unpack *fields, const char **last)
{
    int64_t count = 0;
    for (; dos_unpack_more(fields); count++) {
        bool is_prefix = dos_unpack_i64(fields) != 0;
        *last = dos_unpack_text(fields);
        if (!is_prefix) {
            add_object(objects, x, l, *last, fields);
            continue;
        }
        buf_text(prefixes, "<CommonPrefixes>");
        add_name(prefixes, l, "Prefix", *last);
        buf_text(prefixes, "</CommonPrefixes>");
    }
    return count;
}

static void add_paging(struct buf *xml, const struct s3_exchange *x, const struct listing *l,
                       const char *next, const char *last)
{
    const char *delimiter = x->ask.op.list.delimiter;
    CLEANUP(buf_fini) struct buf token = {0};
    base64_url_encode(&token, next, strlen(next));
    if (l->is_v2) {
        if (l->token != NULL)
            dos_xml_element(xml, "ContinuationToken", l->token);
        if (*next != '\0')
            dos_xml_element(xml, "NextContinuationToken", buf_str(&token));
        if (*l->start != '\0')
            add_name(xml, l, "StartAfter", l->start);
    } else {
        add_name(xml, l, "Marker", l->start);
        if (*next != '\0' && *delimiter != '\0')
            add_name(xml, l, "NextMarker", last);
    }
}

void s3_list_objects_answer(struct s3_exchange *x, struct dos_unpack *fields)
{
    struct listing l = listing_of(x);
    const struct dos_list *list = &x->ask.op.list;
    CLEANUP(buf_fini) struct buf xml = {0};
    CLEANUP(buf_fini) struct buf objects = {0};
    CLEANUP(buf_fini) struct buf prefixes = {0};
    const char *next = dos_unpack_text(fields), *last = "";
    int64_t count = add_rows(&objects, &prefixes, x, &l, fields, &last);
    s3_xml_begin(&xml, "ListBucketResult");
    dos_xml_element(&xml, "Name", x->target.bucket);
    add_name(&xml, &l, "Prefix", list->prefix);
    if (*list->delimiter != '\0')
        add_name(&xml, &l, "Delimiter", list->delimiter);
    dos_xml_element_i64(&xml, "MaxKeys", list->max);
    if (l.is_v2)
        dos_xml_element_i64(&xml, "KeyCount", count);
    if (l.is_url)
        dos_xml_element(&xml, "EncodingType", "url");
    dos_xml_element(&xml, "IsTruncated", *next != '\0' ? "true" : "false");
    add_paging(&xml, x, &l, next, last);
    buf_append(&xml, buf_str(&objects), objects.len);
    buf_append(&xml, buf_str(&prefixes), prefixes.len);
    buf_text(&xml, "</ListBucketResult>");
    s3_reply_xml(x, &xml);
}
