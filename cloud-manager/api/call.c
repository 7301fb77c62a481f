/* call.c - what several handlers decode or write. */
#include "cloud-manager/api/call.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "cloud-manager/model/address.h"
#include "cloud-manager/store/row.h"

static enum err_code check_type(const char *type, const char *const *types, struct err *err)
{
    for (const char *const *t = types; *t != NULL; t++)
        if (str_eq(*t, type))
            return ERR_OK;
    return err_set(err, ERR_INVALID_PARAMETER,
                   "'%.64s' is not a valid taggable resource type for this operation.", type);
}

static enum err_code decode_spec(struct cloud_call *call, unsigned n, const char *const *types,
                                 struct cloud_tag_specs *out, struct err *err)
{
    struct cloud_query *q = call->query;
    const char *type = cloud_query_getf(q, "TagSpecification.%u.ResourceType", n);
    struct cloud_indices at = cloud_query_indices(
        q, arena_printf(q->arena, "TagSpecification.%u.Tag", n));
    if (type == NULL)
        return err_set(err, ERR_MISSING_PARAMETER, "Tag specification must have a resource type");
    if (check_type(type, types, err) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < at.len; i++) {
        const char *key = cloud_query_getf(q, "TagSpecification.%u.Tag.%u.Key", n, at.list[i]);
        const char *value = cloud_query_getf(q, "TagSpecification.%u.Tag.%u.Value", n, at.list[i]);
        out->list = row_grow(q->arena, out->list, out->len, sizeof *out->list);
        out->list[out->len++] = (struct cloud_tag_spec){type, key != NULL ? key : "",
                                                        value != NULL ? value : ""};
    }
    return ERR_OK;
}

enum err_code cloud_decode_tag_specs(struct cloud_call *call, const char *const *types,
                                     struct cloud_tag_specs *out, struct err *err)
{
    struct cloud_indices at = cloud_query_indices(call->query, "TagSpecification");
    *out = (struct cloud_tag_specs){0};
    for (size_t i = 0; i < at.len; i++)
        if (decode_spec(call, at.list[i], types, out, err) != ERR_OK)
            return err->code;
    return ERR_OK;
}

void cloud_write_tags(struct cloud_xml *xml, const struct cloud_tags *tags)
{
    if (tags->len == 0)
        return;
    cloud_xml_open(xml, "tagSet");
    for (size_t i = 0; i < tags->len; i++) {
        cloud_xml_open(xml, "item");
        cloud_xml_text(xml, "key", tags->list[i].key);
        cloud_xml_text(xml, "value", tags->list[i].value);
        cloud_xml_close(xml);
    }
    cloud_xml_close(xml);
}

void cloud_write_done(struct cloud_xml *xml)
{
    cloud_xml_bool(xml, "return", true);
}

void cloud_write_next(struct cloud_call *call, const struct cloud_walk *walk)
{
    CLEANUP(buf_fini) struct buf token = {0};
    if (!walk->more)
        return;
    cloud_page_token(&token, walk->page, walk->last);
    cloud_xml_text(call->xml, "nextToken", buf_str(&token));
}

const char *cloud_text_address(const struct cloud_op *op, int64_t address)
{
    char text[CLOUD_ADDRESS_SIZE];
    cloud_address_format(text, address);
    return arena_strdup(op->arena, text);
}

const char *cloud_text_dns(const struct cloud_op *op, int64_t address)
{
    char name[CLOUD_HOSTNAME_SIZE];
    cloud_hostname_format(name, address);
    return arena_printf(op->arena, "%s.%s.compute.internal", name, op->config->region);
}

const char *cloud_text_public_name(const struct cloud_op *op, int64_t address)
{
    char name[CLOUD_PUBLIC_NAME_SIZE];
    cloud_public_name_format(name, address, op->config->public_domain);
    return arena_strdup(op->arena, name);
}

const char *cloud_text_arn(const struct cloud_op *op, const char *type, const char *id)
{
    return arena_printf(op->arena, "arn:aws:ec2:%s:%s:%s/%s", op->config->region, op->account, type,
                        id);
}

const char *cloud_text_time(const struct cloud_op *op, int64_t wall_ms)
{
    char text[CLOCK_ISO_SIZE];
    clock_format_iso(text, wall_ms);
    return arena_strdup(op->arena, text);
}
