/* group.c - see group.h. */
#include "computer-manager/network/group.h"

#include "base/check.h"
#include "computer-manager/model/filter.h"
#include "computer-manager/model/pages.h"
#include "computer-manager/network/cut.h"
#include "computer-manager/network/guard.h"
#include "computer-manager/network/ruleset.h"
#include "computer-manager/network/survey.h"

/* Large, and one job is done after the other. */
static struct survey seen;
static uint32_t in[HOST_MEMBERS_MAX], out[HOST_MEMBERS_MAX];

static enum err_code load(struct network *net, const struct host_net_group *group,
                          const struct host_filter_change *change, struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    uint32_t before;
    host_filter_group(&text, net->prefix, group, change);
    if (text.len == 0)
        return ERR_OK;
    if (ruleset_generation(&before, err) != ERR_OK || ruleset_load(text.data, err) != ERR_OK)
        return err->code;
    return guard_learn_group(net, group, change, before, err);
}

enum err_code group_apply(struct network *net, const struct host_net_group *group, struct err *err)
{
    if (survey_read(net, &seen, err) != ERR_OK)
        return err->code;
    const struct survey_network *n = survey_network(&seen, group->vni);
    if (n == NULL || survey_count(&seen, group->vni) == 0)
        return err_set(err, ERR_VPC_NOT_FOUND, "network %lld has no port on this host",
                       (long long)group->vni);
    const struct host_net_group *was = cut_known(group->vni, group->group);
    bool is_anew = group->is_anew != 0 || was == NULL;
    size_t lost = was != NULL ? host_pages_others(out, was, group) : 0;
    struct host_filter_change change = {
        .is_anew = is_anew,
        .in = in,
        .in_len = host_pages_others(in, group, is_anew ? NULL : was),
        .out = out,
        .out_len = is_anew ? 0 : lost};
    if (load(net, group, &change, err) != ERR_OK)
        return err->code;
    return cut_group(group, lost > 0, n->slot, err);
}
