/* timer.c - a libuv timer. */
#include "cloud-manager/effect/timer.h"

#include "base/check.h"
#include "base/loop.h"

#include <stdlib.h>
#include <uv.h>

struct cloud_timer {
    uv_timer_t handle;
    void (*fn)(void *self);
    void *self;
};

static void on_time(uv_timer_t *handle)
{
    struct cloud_timer *timer = handle->data;
    PRE(timer != NULL);
    timer->fn(timer->self);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct cloud_timer *cloud_timer_open(struct loop *loop, int64_t every_ms, void (*fn)(void *self),
                                     void *self)
{
    PRE(every_ms > 0);
    struct cloud_timer *timer = check_alloc(sizeof *timer);
    *timer = (struct cloud_timer){.fn = fn, .self = self};
    uv_timer_init(loop_uv(loop), &timer->handle);
    timer->handle.data = timer;
    uv_timer_start(&timer->handle, on_time, (uint64_t)every_ms, (uint64_t)every_ms);
    return timer;
}

void cloud_timer_close(struct cloud_timer *timer)
{
    uv_close((uv_handle_t *)&timer->handle, on_closed);
}
