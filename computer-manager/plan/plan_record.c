/* plan_record.c - what to do next, by what is wished and what is. */
#include "computer-manager/plan/plan_record.h"

#include "base/check.h"

#include <stddef.h>

enum { CRASHES_MAX = 3 };
static const int64_t CRASH_WINDOW_MS = 600000;

static bool is_given_up(const struct host_record *r)
{
    return r->crashes > CRASHES_MAX;
}

static bool is_on(const struct host_record *r)
{
    return r->dom == HOST_DOM_RUNNING || r->dom == HOST_DOM_PAUSED || r->dom == HOST_DOM_STOPPING;
}

/* An end that nobody asked for: the host's and the hypervisor's faults are mended here, the
 * guest's own wish is the parent's to judge (PROTOCOL 8). */
static bool stays_off(const struct host_record *r, const struct host_view *v)
{
    if (!host_record_ended_alone(r))
        return false;
    switch (r->why) {
    case OFF_HOST:
        return false;
    case OFF_CRASH:
        return is_given_up(r) && v->now_ms - r->crash_ms < CRASH_WINDOW_MS;
    case OFF_NONE:
    case OFF_ASKED:
    case OFF_GUEST:
    case OFF_UNKNOWN:
    case OFF_COUNT:
        return true;
    }
    IMPOSSIBLE("off why");
}

/* After its end, once: the parent keeps it. */
static bool has_last_words(const struct host_record *r)
{
    return r->ever_ran && !r->is_console_told && !is_on(r);
}

/* What does not run is left as it is, but for a public address: somebody else waits for that. */
static enum host_action plan_idle(const struct host_record *r, const struct host_view *v)
{
    bool yields = r->public_address != 0 && r->public_address != v->public_address;
    if (yields)
        return HOST_ACT_PORT;
    return has_last_words(r) ? HOST_ACT_CONSOLE : HOST_ACT_NONE;
}

/* A first start has so much time, and the time in the queue is not its own. */
static bool is_late(const struct host_record *r, const struct host_view *v)
{
    int64_t taken_ms = v->now_ms - r->wished_ms - r->waited_ms;
    return !r->ever_ran && !r->is_queued && taken_ms > v->start_ms;
}

/* What each step on the way to running does, and the record's job that does it; the others wait. */
static const struct {
    enum host_action action;
    int job_kind;
} on_step[STEP_COUNT] = {
    [STEP_IMAGE] = {HOST_ACT_BASE, 0},
    [STEP_DISK] = {HOST_ACT_ROOT, HOST_JOB_DISK_ROOT},
    [STEP_NETWORK] = {HOST_ACT_PORT, HOST_JOB_NET_PORT},
    [STEP_TURN] = {HOST_ACT_QUEUE, 0},
    [STEP_START] = {HOST_ACT_START, HOST_JOB_HV_START},
};

static enum instance_step next_step(const struct host_record *r, const struct host_view *v)
{
    if (!v->has_room)
        return STEP_ROOM;
    if (!r->is_root_made)
        return v->has_base ? STEP_DISK : STEP_IMAGE;
    if (r->port_sum != v->port_sum)
        return STEP_NETWORK;
    if (!v->may_start)
        return STEP_NEWS;
    if (!v->is_alone)
        return STEP_FORMER;
    return v->has_turn ? STEP_START : STEP_TURN;
}

static enum host_action plan_start(const struct host_record *r, const struct host_view *v)
{
    return is_late(r, v) ? HOST_ACT_REFUSE : on_step[next_step(r, v)].action;
}

/* Its disk had no room, or an error that may have passed. Too early, it only pauses again. */
static bool may_go_on(const struct host_record *r, const struct host_view *v)
{
    return r->dom == HOST_DOM_PAUSED && r->is_disk_error && v->has_room &&
           v->now_ms >= r->resume_ms;
}

/* It was asked to stop: it ends, by itself or by force, before anything else is done with it. An
 * order that a crash may have lost is given again: by force alone a guest would lose what it has
 * not written yet. */
static enum host_action plan_stopping(const struct host_record *r, const struct host_view *v)
{
    if (v->now_ms - r->stop_ms >= v->stop_ms)
        return HOST_ACT_DESTROY;
    return r->dom == HOST_DOM_RUNNING && !r->is_asked ? HOST_ACT_SHUTDOWN : HOST_ACT_NONE;
}

static enum host_action plan_running(const struct host_record *r, const struct host_view *v)
{
    if (may_go_on(r, v))
        return HOST_ACT_RESUME;
    if (is_on(r) && r->stop_ms != 0)
        return plan_stopping(r, v);
    if (is_on(r)) {
        if (r->reboot_n > r->reboot_done)
            return HOST_ACT_REBOOT;
        return r->port_sum != v->port_sum ? HOST_ACT_PORT : HOST_ACT_NONE;
    }
    if (r->is_refused || stays_off(r, v))
        return plan_idle(r, v);
    return plan_start(r, v);
}

static enum host_action plan_stopped(const struct host_record *r, const struct host_view *v)
{
    if (!is_on(r))
        return plan_idle(r, v);
    if (may_go_on(r, v))
        return HOST_ACT_RESUME; /* it hears of its end only then */
    return r->stop_ms == 0 ? HOST_ACT_SHUTDOWN : plan_stopping(r, v);
}

/* In this order: what a guest may still use goes after the guest. */
static enum host_action plan_gone(const struct host_record *r)
{
    if (is_on(r) || r->dom == HOST_DOM_OFF)
        return HOST_ACT_ERASE;
    if (r->has_port)
        return HOST_ACT_UNPORT;
    if (r->has_root && has_last_words(r))
        return HOST_ACT_CONSOLE;
    if (r->has_root)
        return HOST_ACT_UNDISK;
    return HOST_ACT_GONE;
}

enum host_action host_plan(const struct host_record *r, const struct host_view *v)
{
    if (r->job_id != 0 || r->dom == HOST_DOM_UNLISTED || v->now_ms < r->next_ms)
        return HOST_ACT_NONE;
    switch (r->want) {
    case HOST_WANT_RUNNING:
        return plan_running(r, v);
    case HOST_WANT_STOPPED:
        return plan_stopped(r, v);
    case HOST_WANT_GONE:
        return plan_gone(r);
    }
    IMPOSSIBLE("want");
}

/* The step whose job is out, or has ended and no listing has said yet what came of it. */
static enum instance_step step_under_way(const struct host_record *r)
{
    if (r->job_id == 0 && r->dom != HOST_DOM_UNLISTED)
        return STEP_NONE;
    for (unsigned i = 0; i < STEP_COUNT; i++)
        if (on_step[i].job_kind != 0 && on_step[i].job_kind == r->job_kind)
            return (enum instance_step)i;
    return STEP_NONE;
}

enum instance_step host_plan_step(const struct host_record *r, const struct host_view *v)
{
    if (r->want != HOST_WANT_RUNNING)
        return STEP_NONE;
    if (is_on(r))
        return r->stop_ms != 0 ? STEP_END : STEP_NONE;
    if (r->is_refused || stays_off(r, v))
        return STEP_NONE;
    enum instance_step step = step_under_way(r);
    if (step != STEP_NONE || r->dom == HOST_DOM_UNLISTED)
        return step;
    return next_step(r, v);
}

int64_t host_plan_due_ms(const struct host_record *r, const struct host_view *v)
{
    const struct {
        bool counts;
        int64_t at_ms;
    } dues[] = {
        {true, r->next_ms},
        {r->stop_ms != 0, r->stop_ms + v->stop_ms},
        {r->is_disk_error, r->resume_ms},
        {!r->ever_ran && !r->is_queued, r->wished_ms + r->waited_ms + v->start_ms + 1},
        {is_given_up(r), r->crash_ms + CRASH_WINDOW_MS},
    };
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < sizeof dues / sizeof dues[0]; i++)
        if (dues[i].counts && dues[i].at_ms > v->now_ms && dues[i].at_ms < first)
            first = dues[i].at_ms;
    return first;
}

const char *host_action_name(enum host_action action)
{
    static const char *const names[HOST_ACT_COUNT] = {
        "none",   "base",   "root",  "port",    "queue",  "start",  "shutdown", "destroy",
        "reboot", "resume", "erase", "console", "unport", "undisk", "gone",     "refuse"};
    PRE((unsigned)action < HOST_ACT_COUNT);
    return names[action];
}
