/* ec2_instances.c - DescribeInstances, Start, Stop, Reboot, Terminate, GetConsoleOutput,
 * GetPasswordData. */
#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/api/ec2_instance.h"
#include "cloud-manager/ops/console.h"

/* ---- DescribeInstances -------------------------------------------------------------------- */

struct listing {
    struct cloud_instance_view *views;
    size_t len;
    const struct cloud_page *page;
    struct cloud_walk walk;
};

/* By instances, but a reservation that has begun is given whole. */
static bool takes(struct cloud_call *call, struct listing *l, const struct cloud_instance *row)
{
    const struct cloud_instance *last = l->len > 0 ? l->views[l->len - 1].row : NULL;
    const char *key = cloud_instance_sort_key(call->op, row);
    if (last != NULL && str_eq(last->reservation, row->reservation)) {
        l->walk.given++;
        l->walk.last = key;
        return true;
    }
    if (l->walk.given > l->page->max)
        l->walk.given = l->page->max;
    return cloud_walk_takes(&l->walk, key);
}

static void select_views(struct cloud_call *call, const struct cloud_instances *rows,
                         const struct cloud_filters *filters, struct listing *l)
{
    for (size_t i = 0; i < rows->len && !l->walk.more; i++) {
        l->views = row_grow(call->op->arena, l->views, l->len, sizeof *l->views);
        struct cloud_instance_view *view = &l->views[l->len];
        struct cloud_facts facts = {.arena = call->op->arena};
        cloud_instance_view(call, &rows->list[i], view);
        if (filters->len > 0)
            cloud_instance_facts(call, view, &facts);
        if (cloud_filters_match(filters, &facts) && takes(call, l, view->row))
            l->len++;
    }
}

static void write_listing(struct cloud_call *call, const struct listing *l)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, "reservationSet");
    int depth = x->depth;
    for (size_t i = 0; i < l->len; i++) {
        const struct cloud_instance *row = l->views[i].row;
        if (i == 0 || !str_eq(l->views[i - 1].row->reservation, row->reservation)) {
            cloud_xml_close_to(x, depth);
            cloud_xml_open(x, "item");
            cloud_xml_text(x, "reservationId", row->reservation);
            cloud_xml_text(x, "ownerId", row->account);
            cloud_xml_open(x, "groupSet");
            cloud_xml_close(x);
            cloud_xml_open(x, "instancesSet");
        }
        cloud_write_instance(call, &l->views[i]);
    }
    cloud_xml_close_to(x, depth - 1);
    cloud_write_next(call, &l->walk);
}

enum err_code cloud_ec2_describe_instances(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, "InstanceId");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_instances rows;
    struct listing l = {.page = &page, .walk = {.page = &page}};
    if (cloud_filters_decode(&filters, call->query, cloud_instance_filters, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 1000, ids.len > 0, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    struct cloud_instance_span span = cloud_instance_span_of(call->op, &page);
    do {
        if (cloud_instances_describe(call->op, CLOUD_DO_DESCRIBE_INSTANCES, ids.list, ids.len,
                                     &span, &rows, err) != ERR_OK)
            return err->code;
        select_views(call, &rows, &filters, &l);
    } while (!span.is_over && !l.walk.more);
    write_listing(call, &l);
    return ERR_OK;
}

/* ---- what an owner asks ------------------------------------------------------------------- */

typedef enum err_code change(struct cloud_op *op, const char *const *ids, size_t len,
                             struct cloud_changes *out, struct err *err);

enum err_code cloud_decode_instance_ids(struct cloud_call *call, struct cloud_texts *ids,
                                        struct err *err)
{
    *ids = cloud_query_list(call->query, "InstanceId");
    if (cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    if (ids->len == 0)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter InstanceId");
    if (ids->len > CLOUD_QUERY_LIST_MAX)
        return err_set(err, ERR_INVALID_PARAMETER, "more than %d instances", CLOUD_QUERY_LIST_MAX);
    return ERR_OK;
}

static enum err_code change_states(struct cloud_call *call, change *apply, struct err *err)
{
    struct cloud_texts ids;
    struct cloud_changes changes;
    if (cloud_decode_instance_ids(call, &ids, err) != ERR_OK ||
        apply(call->op, ids.list, ids.len, &changes, err) != ERR_OK)
        return err->code;
    cloud_xml_open(call->xml, "instancesSet");
    for (size_t i = 0; i < changes.len; i++) {
        cloud_xml_open(call->xml, "item");
        cloud_xml_text(call->xml, "instanceId", changes.list[i].id);
        cloud_write_state(call->xml, "currentState",
                          (enum cloud_instance_state)changes.list[i].state);
        cloud_write_state(call->xml, "previousState", changes.before[i]);
        cloud_xml_close(call->xml);
    }
    cloud_xml_close(call->xml);
    return ERR_OK;
}

enum err_code cloud_ec2_start_instances(struct cloud_call *call, struct err *err)
{
    return change_states(call, cloud_instances_start, err);
}

enum err_code cloud_ec2_stop_instances(struct cloud_call *call, struct err *err)
{
    cloud_query_accept(call->query, "Force", "false");
    cloud_query_accept(call->query, "Hibernate", "false");
    return change_states(call, cloud_instances_stop, err);
}

enum err_code cloud_ec2_terminate_instances(struct cloud_call *call, struct err *err)
{
    return change_states(call, cloud_instances_terminate, err);
}

enum err_code cloud_ec2_reboot_instances(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids;
    struct cloud_changes changes;
    if (cloud_decode_instance_ids(call, &ids, err) != ERR_OK ||
        cloud_instances_reboot(call->op, ids.list, ids.len, &changes, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    return ERR_OK;
}

/* ---- console ------------------------------------------------------------------------------ */

/* The newest that there is: its cluster is asked, and the call is made again when it has told.
 * False with ERR_OK: it waits. */
static bool read_console(struct cloud_call *call, enum cloud_action_id action, const char *id,
                         struct cloud_console *out, struct err *err)
{
    if (cloud_console_read(call->op, action, id, out, err) != ERR_OK)
        return false;
    if (!out->can_ask || call->is_again)
        return true;
    call->wait = CLOUD_WAIT_NOTE;
    call->wait_note = "console";
    call->wait_id = id;
    call->wait_node = out->node;
    return false;
}

enum err_code cloud_ec2_get_console_output(struct cloud_call *call, struct err *err)
{
    struct cloud_console console;
    const char *id;
    bool latest;
    if (cloud_query_need(call->query, "InstanceId", &id, err) != ERR_OK ||
        cloud_query_bool(call->query, "Latest", false, &latest, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        !read_console(call, CLOUD_DO_GET_CONSOLE_OUTPUT, id, &console, err))
        return err->code;
    cloud_xml_text(call->xml, "instanceId", id);
    cloud_xml_time(call->xml, "timestamp", console.at_wall_ms);
    cloud_xml_text_if(call->xml, "output", console.base64);
    return ERR_OK;
}

enum err_code cloud_ec2_get_password_data(struct cloud_call *call, struct err *err)
{
    struct cloud_console console;
    const char *id;
    if (cloud_query_need(call->query, "InstanceId", &id, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        !read_console(call, CLOUD_DO_GET_PASSWORD_DATA, id, &console, err))
        return err->code;
    cloud_xml_text(call->xml, "instanceId", id);
    cloud_xml_time(call->xml, "timestamp", console.at_wall_ms);
    cloud_xml_text(call->xml, "passwordData", cloud_console_password(call->op, &console));
    return ERR_OK;
}
