/* loop_watch.c - a beat from the loop, a thread that listens for it. */
#include "base/loop_watch.h"

#include "base/check.h"
#include "base/log.h"
#include "base/notify.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

struct loop_watch {
    uv_timer_t beat_timer;
    atomic_uint beats;
    uv_thread_t thread;
    uv_mutex_t mutex;
    uv_cond_t wake;
    bool stopping; /* under mutex */
    int64_t period_ms, warn_ms, abort_ms;
    uint64_t alive_ms; /* systemd is told at least that often; 0 = it does not ask */
    uint64_t told_ms;  /* when it was, on the loop's clock */
};

static void on_beat(uv_timer_t *timer)
{
    struct loop_watch *w = timer->data;
    uint64_t now_ms = uv_now(timer->loop);
    atomic_fetch_add(&w->beats, 1);
    if (w->alive_ms == 0 || now_ms - w->told_ms < w->alive_ms)
        return;
    w->told_ms = now_ms;
    notify_alive();
}

static void say(const char *event, int64_t lag_ms)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)lag_ms);
    log_error(event, "lag_ms", text, NULL);
}

static int64_t judge(const struct loop_watch *w, int64_t before_ms)
{
    int64_t lag_ms = before_ms + w->period_ms;
    if (before_ms < w->warn_ms && lag_ms >= w->warn_ms)
        say("loop.lags", lag_ms);
    if (lag_ms >= w->abort_ms) {
        say("loop.stands", lag_ms);
        abort();
    }
    return lag_ms;
}

static void listen_for_beats(void *arg)
{
    struct loop_watch *w = arg;
    unsigned heard = atomic_load(&w->beats);
    int64_t lag_ms = 0;
    uv_mutex_lock(&w->mutex);
    while (!w->stopping) {
        if (uv_cond_timedwait(&w->wake, &w->mutex, (uint64_t)w->period_ms * 1000000) == 0)
            continue;
        unsigned now = atomic_load(&w->beats);
        lag_ms = now != heard ? 0 : judge(w, lag_ms);
        heard = now;
    }
    uv_mutex_unlock(&w->mutex);
}

struct loop_watch *loop_watch_start(struct uv_loop_s *uv, int64_t warn_ms, int64_t abort_ms)
{
    PRE(warn_ms > 0 && abort_ms > 0);
    struct loop_watch *w = check_alloc(sizeof *w);
    w->warn_ms = warn_ms;
    w->abort_ms = abort_ms;
    w->period_ms = warn_ms / 5 > 0 ? warn_ms / 5 : 1;
    uv_timer_init(uv, &w->beat_timer);
    w->beat_timer.data = w;
    w->alive_ms = (uint64_t)notify_watchdog_ms() / 3;
    uint64_t beat_ms = (uint64_t)(w->period_ms / 2 > 0 ? w->period_ms / 2 : 1);
    uv_timer_start(&w->beat_timer, on_beat, beat_ms, beat_ms);
    INV(uv_mutex_init(&w->mutex) == 0 && uv_cond_init(&w->wake) == 0);
    INV(uv_thread_create(&w->thread, listen_for_beats, w) == 0);
    return w;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void loop_watch_stop(struct loop_watch *w)
{
    uv_mutex_lock(&w->mutex);
    w->stopping = true;
    uv_cond_signal(&w->wake);
    uv_mutex_unlock(&w->mutex);
    uv_thread_join(&w->thread);
    uv_cond_destroy(&w->wake);
    uv_mutex_destroy(&w->mutex);
    uv_close((uv_handle_t *)&w->beat_timer, on_closed);
}
