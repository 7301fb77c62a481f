/* ec2_tags.c - CreateTags, DeleteTags, DescribeTags. */
#include "base/str.h"
#include "cloud-manager/api/call.h"

static struct cloud_tags decode_tags(struct cloud_call *call)
{
    struct cloud_indices at = cloud_query_indices(call->query, "Tag");
    struct cloud_tags tags = {
        .list = arena_alloc(call->op->arena, (at.len + 1) * sizeof *tags.list)};
    for (size_t i = 0; i < at.len; i++) {
        const char *key = cloud_query_getf(call->query, "Tag.%u.Key", at.list[i]);
        const char *value = cloud_query_getf(call->query, "Tag.%u.Value", at.list[i]);
        tags.list[tags.len++] = (struct cloud_tag){"", key != NULL ? key : "", value};
    }
    return tags;
}

static enum err_code decode(struct cloud_call *call, struct cloud_texts *ids,
                            struct cloud_tags *tags, struct err *err)
{
    *ids = cloud_query_list(call->query, "ResourceId");
    *tags = decode_tags(call);
    if (cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    if (ids->len == 0)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter resourceIdSet");
    return ERR_OK;
}

enum err_code cloud_ec2_create_tags(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids;
    struct cloud_tags tags;
    if (decode(call, &ids, &tags, err) != ERR_OK)
        return err->code;
    if (tags.len == 0)
        return err_set(err, ERR_MISSING_PARAMETER, "The request must contain the parameter tagSet");
    for (size_t i = 0; i < tags.len; i++)
        if (tags.list[i].value == NULL)
            tags.list[i].value = "";
    if (cloud_tags_create(call->op, ids.list, ids.len, &tags, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}

enum err_code cloud_ec2_delete_tags(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids;
    struct cloud_tags tags;
    if (decode(call, &ids, &tags, err) != ERR_OK ||
        cloud_tags_delete(call->op, ids.list, ids.len, &tags, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}

static bool matches(struct cloud_call *call, const struct cloud_tag *tag, const char *type,
                    const struct cloud_filters *filters)
{
    struct cloud_facts facts = {.arena = call->op->arena};
    cloud_facts_add(&facts, "resource-id", tag->resource);
    cloud_facts_add(&facts, "resource-type", type);
    cloud_facts_add(&facts, "key", tag->key);
    cloud_facts_add(&facts, "value", tag->value);
    cloud_facts_add_tags(&facts, &(struct cloud_tags){(struct cloud_tag[]){*tag}, 1});
    return cloud_filters_match(filters, &facts);
}

static const char *sort_key(struct cloud_call *call, const struct cloud_tag *tag)
{
    return arena_printf(call->op->arena, "%s=%s", tag->resource, tag->key);
}

static void write_tag(struct cloud_xml *x, const struct cloud_tag *tag, const char *type)
{
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "resourceId", tag->resource);
    cloud_xml_text(x, "resourceType", type);
    cloud_xml_text(x, "key", tag->key);
    cloud_xml_text(x, "value", tag->value);
    cloud_xml_close(x);
}

static void write_tags(struct cloud_call *call, const struct cloud_tags *tags,
                       const struct cloud_filters *filters, const struct cloud_page *page)
{
    struct cloud_walk walk = {.page = page};
    cloud_xml_open(call->xml, "tagSet");
    for (size_t i = 0; i < tags->len && !walk.more; i++) {
        const struct cloud_tag *tag = &tags->list[i];
        const char *type = cloud_resource_type(tag->resource);
        if (type != NULL && matches(call, tag, type, filters) &&
            cloud_walk_takes(&walk, sort_key(call, tag)))
            write_tag(call->xml, tag, type);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
}

enum err_code cloud_ec2_describe_tags(struct cloud_call *call, struct err *err)
{
    static const char *const known[] = {"resource-id", "resource-type", "key",
                                        "value",       "tag-key",       NULL};
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_tags tags;
    if (cloud_filters_decode(&filters, call->query, known, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 1000, false, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_tags_describe(call->op, &tags, err) != ERR_OK)
        return err->code;
    write_tags(call, &tags, &filters, &page);
    return ERR_OK;
}
