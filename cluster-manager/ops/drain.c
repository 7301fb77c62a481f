/* drain.c - see drain.h. */
#include "cluster-manager/ops/drain.h"

#include "base/log.h"

void cluster_drain(struct cluster_core *c, const struct wire_item *wish, const struct event *ev)
{
    if (*wish->gone != '\0') {
        store_run(c->store, "DELETE FROM drained WHERE host=?", "s", wish->id);
        sync_child_gone(&c->up, "drain", wish->id, wish->generation, wish->pepoch, ev);
    } else {
        store_run(c->store, "INSERT INTO drained VALUES(?) ON CONFLICT DO NOTHING", "s", wish->id);
    }
    log_info(*wish->gone != '\0' ? "host.undrained" : "host.drained", "host", wish->id, NULL);
}
