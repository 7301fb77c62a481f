/* reboot.c - the table of reboots that are waited for. */
#include "computer-manager/hypervisor/reboot.h"

#include "base/check.h"
#include "base/map.h"
#include "base/str.h"

#include <pthread.h>
#include <stdlib.h>

struct host_reboots {
    pthread_mutex_t lock;
    struct map waiting; /* instance -> struct host_guest_run, owned */
};

struct host_reboots *host_reboots_new(void)
{
    struct host_reboots *w = check_alloc(sizeof *w);
    *w = (struct host_reboots){0};
    pthread_mutex_init(&w->lock, NULL);
    return w;
}

void host_reboots_free(struct host_reboots *w)
{
    if (w == NULL)
        return;
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&w->waiting, &at)) != NULL;)
        free(e->value);
    map_fini(&w->waiting);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

bool host_reboots_expect(struct host_reboots *w, const struct host_guest_run *r)
{
    pthread_mutex_lock(&w->lock);
    struct host_guest_run *known = map_get(&w->waiting, r->instance);
    bool has_room = known != NULL || w->waiting.live < HOST_DOMAINS_MAX;
    if (known != NULL && known->run != r->run)
        *known = *r;
    if (known == NULL && has_room) {
        known = check_alloc(sizeof *known);
        *known = *r;
        map_put(&w->waiting, r->instance, known);
    }
    pthread_mutex_unlock(&w->lock);
    return has_room;
}

void host_reboots_heard(struct host_reboots *w, const char *instance)
{
    pthread_mutex_lock(&w->lock);
    free(map_remove(&w->waiting, instance));
    pthread_mutex_unlock(&w->lock);
}

bool host_reboots_take_due(struct host_reboots *w, int64_t now_ms, struct host_guest_run *out)
{
    bool found = false;
    pthread_mutex_lock(&w->lock);
    size_t at = 0;
    for (struct map_entry *e; !found && (e = map_next(&w->waiting, &at)) != NULL;) {
        struct host_guest_run *r = e->value;
        if (r->at_ms > now_ms)
            continue;
        *out = *r;
        found = true;
    }
    if (found)
        free(map_remove(&w->waiting, out->instance));
    pthread_mutex_unlock(&w->lock);
    return found;
}
