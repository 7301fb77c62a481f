/* ec2_status.c - DescribeInstanceStatus, DescribeInstanceCreditSpecifications. */
#include "base/str.h"
#include "cloud-manager/api/ec2_instance.h"
#include "cloud-manager/model/instance_check.h"
#include "cloud-manager/ops/room.h"
#include "proto/wire/states.h"

static const char *const status_filters[] = {
    "availability-zone",         "event.code",
    "event.description",         "event.instance-event-id",
    "event.not-after",           "event.not-before",
    "event.not-before-deadline", "instance-state-code",
    "instance-state-name",       "instance-status.reachability",
    "instance-status.status",    "system-status.reachability",
    "system-status.status",      NULL};

/* An instance and what is known of its health. */
struct status {
    const struct cloud_instance *row;
    struct cloud_checks checks;
};

static enum cloud_reach reach_of(const struct cloud_instance *row)
{
    switch (guest_status_parse(row->status)) {
    case GUEST_OK:
        return CLOUD_REACH_OK;
    case GUEST_IMPAIRED:
        return CLOUD_REACH_FAILED;
    case GUEST_NONE:
    case GUEST_INITIALIZING:
    case GUEST_COUNT:
        break;
    }
    return CLOUD_REACH_UNKNOWN;
}

static struct status status_of(struct cloud_call *call, const struct cloud_instance *row)
{
    return (struct status){.row = row,
                           .checks = cloud_checks_of((enum cloud_instance_state)row->state,
                                                     cloud_room_is_fresh(call->op, row->node),
                                                     reach_of(row))};
}

static void add_check(struct cloud_call *call, const char *name, enum cloud_check check,
                      struct cloud_facts *f)
{
    const char *reachability = cloud_check_reachability(check);
    cloud_facts_add(f, arena_printf(call->op->arena, "%s.status", name), cloud_check_status(check));
    if (reachability != NULL)
        cloud_facts_add(f, arena_printf(call->op->arena, "%s.reachability", name), reachability);
}

static void add_facts(struct cloud_call *call, const struct status *s, struct cloud_facts *f)
{
    cloud_facts_add(f, "availability-zone", cloud_zone_name(call->op, s->row->letter));
    cloud_facts_add_i64(f, "instance-state-code", s->row->state);
    cloud_facts_add(f, "instance-state-name",
                    cloud_instance_state_text((enum cloud_instance_state)s->row->state));
    add_check(call, "instance-status", s->checks.instance, f);
    add_check(call, "system-status", s->checks.system, f);
}

static void write_check(struct cloud_xml *x, const char *name, enum cloud_check check,
                        int64_t since_wall_ms)
{
    cloud_xml_open(x, name);
    cloud_xml_text(x, "status", cloud_check_status(check));
    if (cloud_check_reachability(check) != NULL) {
        cloud_xml_open(x, "details");
        cloud_xml_open(x, "item");
        cloud_xml_text(x, "name", "reachability");
        cloud_xml_text(x, "status", cloud_check_reachability(check));
        if (check == CLOUD_CHECK_IMPAIRED)
            cloud_xml_time(x, "impairedSince", since_wall_ms);
        cloud_xml_close(x);
        cloud_xml_close(x);
    }
    cloud_xml_close(x);
}

static void write_status(struct cloud_call *call, const struct status *s)
{
    struct cloud_xml *x = call->xml;
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "instanceId", s->row->id);
    cloud_xml_text(x, "availabilityZone", cloud_zone_name(call->op, s->row->letter));
    cloud_write_state(x, "instanceState", (enum cloud_instance_state)s->row->state);
    write_check(x, "systemStatus", s->checks.system, s->row->status_wall_ms);
    write_check(x, "instanceStatus", s->checks.instance, s->row->status_wall_ms);
    cloud_xml_open(x, "eventsSet");
    cloud_xml_close(x);
    cloud_xml_close(x);
}

static void write_statuses(struct cloud_call *call, const struct cloud_instances *rows,
                           const struct cloud_filters *filters, bool all, struct cloud_walk *walk)
{
    for (size_t i = 0; i < rows->len && !walk->more; i++) {
        struct status s = status_of(call, &rows->list[i]);
        struct cloud_facts facts = {.arena = call->op->arena};
        add_facts(call, &s, &facts);
        if ((all || s.row->state == CLOUD_INSTANCE_RUNNING) &&
            cloud_filters_match(filters, &facts) &&
            cloud_walk_takes(walk, cloud_instance_sort_key(call->op, s.row)))
            write_status(call, &s);
    }
}

enum err_code cloud_ec2_describe_instance_status(struct cloud_call *call, struct err *err)
{
    struct cloud_texts ids = cloud_query_list(call->query, "InstanceId");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_instances rows;
    bool all;
    if (cloud_filters_decode(&filters, call->query, status_filters, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 1000, ids.len > 0, err) != ERR_OK ||
        cloud_query_bool(call->query, "IncludeAllInstances", false, &all, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    struct cloud_instance_span span = cloud_instance_span_of(call->op, &page);
    cloud_xml_open(call->xml, "instanceStatusSet");
    do {
        if (cloud_instances_describe(call->op, CLOUD_DO_DESCRIBE_INSTANCE_STATUS, ids.list, ids.len,
                                     &span, &rows, err) != ERR_OK)
            return err->code;
        write_statuses(call, &rows, &filters, all, &walk);
    } while (!span.is_over && !walk.more);
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}

/* No type is burstable, so nobody has credits: the list is empty, and to ask for one by its id is
 * EC2's error. */
enum err_code cloud_ec2_describe_credits(struct cloud_call *call, struct err *err)
{
    static const char *const known[] = {"instance-id", NULL};
    struct cloud_texts ids = cloud_query_list(call->query, "InstanceId");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_instances rows;
    struct cloud_instance_span none = {.reservation = ""};
    if (cloud_filters_decode(&filters, call->query, known, err) != ERR_OK ||
        cloud_page_decode(&page, call->query, 5, 1000, ids.len > 0, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_instances_describe(call->op, CLOUD_DO_DESCRIBE_CREDITS, ids.list, ids.len, &none,
                                 &rows, err) != ERR_OK)
        return err->code;
    if (ids.len > 0)
        return err_set(err, ERR_UNSUPPORTED,
                       "The type %s of the instance '%s' is not burstable: it has no credits",
                       rows.list[0].type, rows.list[0].id);
    cloud_xml_open(call->xml, "instanceCreditSpecificationSet");
    cloud_xml_close(call->xml);
    return ERR_OK;
}
