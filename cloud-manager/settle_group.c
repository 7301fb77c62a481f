/* settle_group.c - which clusters know of a security group, and what: its rules as one item, its
 * members by pages, one item each (store/members.h). What is told as it should be already writes
 * nothing. */
#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/api/wish.h"
#include "cloud-manager/state.h"

/* Nothing is made from a page that would have to be ended in order; its revision orders it. */
enum { NO_PEPOCH = 0, PAGE_GENERATION = 1 };

enum { PAGES_EVERY_MS = 250 };

static bool is_in(const char *const *names, size_t len, const char *name)
{
    for (size_t i = 0; i < len; i++)
        if (str_eq(names[i], name))
            return true;
    return false;
}

/* Who must know a group, and who does. */
struct audience {
    const char **need, **told;
    size_t need_len, told_len;
};

static struct audience audience_of(struct cloud_core *c, struct cloud_op *op, const char *group)
{
    struct audience a;
    a.need = cloud_group_nodes(c->store, op->arena, group, &a.need_len);
    a.told = cloud_wished_nodes(c->store, op->arena, "group", group, &a.told_len);
    return a;
}

/* ---- pages --------------------------------------------------------------------------------- */

static void tell_page(struct cloud_core *c, struct cloud_op *op, const struct cloud_group *group,
                      const struct cloud_members_page *page, const char *const *nodes, size_t len)
{
    CLEANUP(buf_fini) struct buf body = {0};
    const char *id = cloud_wish_members_id(op, page);
    bool has_any = cloud_wish_members(op, group, page, &body);
    for (size_t i = 0; i < len; i++) {
        if (!has_any)
            sync_parent_drop(&c->parent, nodes[i], "members", id);
        else if (!sync_parent_wishes(&c->parent, nodes[i], "members", id, buf_str(&body)))
            sync_parent_want(&c->parent, nodes[i], "members", id, PAGE_GENERATION, NO_PEPOCH,
                             buf_str(&body));
    }
}

static void tell_all_pages(struct cloud_core *c, struct cloud_op *op,
                           const struct cloud_group *group, const char *node)
{
    size_t len;
    const struct cloud_members_page *pages = cloud_members_list(c->store, op->arena, group->id,
                                                                &len);
    for (size_t i = 0; i < len; i++)
        tell_page(c, op, group, &pages[i], &node, 1);
}

static void settle_page(struct cloud_core *c, struct cloud_op *op,
                        const struct cloud_members_page *page)
{
    struct cloud_group group;
    size_t len;
    const char **nodes = cloud_wished_nodes(c->store, op->arena, "group", page->grp, &len);
    if (len > 0 && cloud_group_any(c->store, op->arena, page->grp, &group))
        tell_page(c, op, &group, page, nodes, len);
}

/* Of many launches in a row only some tell a page anew. */
static void settle_pages(struct cloud_core *c, struct cloud_op *op)
{
    size_t len;
    if (op->mono_ms < c->pages_due_mono_ms) {
        c->pages_wait = cloud_members_any_changed(c->store);
        return;
    }
    c->pages_wait = false;
    const struct cloud_members_page *changed = cloud_members_take_changed(c->store, op->arena,
                                                                          &len);
    for (size_t i = 0; i < len; i++)
        settle_page(c, op, &changed[i]);
    if (len > 0)
        c->pages_due_mono_ms = op->mono_ms + PAGES_EVERY_MS;
}

/* ---- groups -------------------------------------------------------------------------------- */

/* To every cluster that needs it and has it otherwise. */
static void tell_group(struct cloud_core *c, struct cloud_op *op, const struct cloud_group *row,
                       const struct audience *a)
{
    CLEANUP(buf_fini) struct buf body = {0};
    for (size_t i = 0; i < a->need_len; i++) {
        const char *node = a->need[i];
        if (cloud_wished_get(c->store, node, "group", row->id) == row->generation)
            continue;
        if (body.len == 0)
            cloud_wish_group(op, row, &body);
        sync_parent_want(&c->parent, node, "group", row->id, row->generation, NO_PEPOCH,
                         buf_str(&body));
        cloud_wished_set(c->store, node, "group", row->id, row->generation);
        if (!is_in(a->told, a->told_len, node))
            tell_all_pages(c, op, row, node);
    }
}

/* By all clusters where none of its ports is left, and none of a group that refers to it. */
static void withdraw_group(struct cloud_core *c, const char *group, const struct audience *a)
{
    for (size_t i = 0; i < a->told_len; i++) {
        if (is_in(a->need, a->need_len, a->told[i]))
            continue;
        sync_parent_drop(&c->parent, a->told[i], "group", group);
        sync_parent_drop_under(&c->parent, a->told[i], "members", group);
        cloud_wished_drop(c->store, a->told[i], "group", group);
    }
}

static void settle_group(struct cloud_core *c, struct cloud_op *op, const struct cloud_group *row)
{
    struct audience audience = audience_of(c, op, row->id);
    tell_group(c, op, row, &audience);
    withdraw_group(c, row->id, &audience);
    if (row->is_gone && audience.need_len == 0)
        cloud_group_delete(c->store, row->id);
    else
        cloud_group_settled(c->store, row->id);
}

void cloud_settle_groups(struct cloud_core *c, struct cloud_op *op)
{
    size_t len;
    const struct cloud_group *dirty = cloud_group_list_dirty(c->store, op->arena, &len);
    for (size_t i = 0; i < len; i++)
        settle_group(c, op, &dirty[i]);
    settle_pages(c, op);
}
