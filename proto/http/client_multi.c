/* client_multi.c - curl_multi_socket_action, driven by uv_poll and uv_timer. */
#include "proto/http/client_multi.h"

#include "base/check.h"

#include <stdlib.h>
#include <uv.h>

enum { KEPT = 32 }; /* idle connections */

struct http_multi {
    uv_loop_t *uv;
    CURLM *curl;
    uv_timer_t timer;
    void (*done)(void *self, CURL *easy, CURLcode result);
};

/* One socket of curl's. */
struct watched {
    struct http_multi *multi;
    uv_poll_t poll;
    curl_socket_t fd;
    int events; /* that curl waits for */
};

static void deliver(struct http_multi *multi)
{
    int left;
    for (CURLMsg *msg; (msg = curl_multi_info_read(multi->curl, &left)) != NULL;) {
        if (msg->msg != CURLMSG_DONE)
            continue;
        CURL *easy = msg->easy_handle;
        CURLcode result = msg->data.result;
        void *self = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
        curl_multi_remove_handle(multi->curl, easy);
        multi->done(self, easy, result);
    }
}

static void act(struct http_multi *multi, curl_socket_t fd, int flags)
{
    int running;
    curl_multi_socket_action(multi->curl, fd, flags, &running);
    deliver(multi);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watched *w = poll->data;
    int flags = 0;
    if (status < 0) {
        /* curl is to read and write, and so find out what happened, an alert say; libuv has
         * stopped the poll by itself */
        flags = CURL_CSELECT_IN | CURL_CSELECT_OUT;
        uv_poll_start(&w->poll, w->events, on_poll);
    }
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(w->multi, w->fd, flags);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_watched_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watched *watch(struct http_multi *multi, curl_socket_t fd)
{
    struct watched *w = check_alloc(sizeof *w);
    w->multi = multi;
    w->fd = fd;
    INV(uv_poll_init_socket(multi->uv, &w->poll, fd) == 0);
    w->poll.data = w;
    curl_multi_assign(multi->curl, fd, w);
    return w;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *self, void *watched)
{
    struct http_multi *multi = self;
    struct watched *w = watched;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w != NULL) {
            curl_multi_assign(multi->curl, fd, NULL);
            uv_close((uv_handle_t *)&w->poll, on_watched_closed);
        }
        return 0;
    }
    if (w == NULL)
        w = watch(multi, fd);
    w->events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    uv_poll_start(&w->poll, w->events, on_poll);
    return 0;
}

/* Asks for a call in so many ms; 0 too comes from the loop, never from inside curl_multi_*. */
static int on_timeout(CURLM *curl, long timeout_ms, void *self)
{
    struct http_multi *multi = self;
    (void)curl;
    if (timeout_ms < 0) {
        uv_timer_stop(&multi->timer);
        return 0;
    }
    uv_update_time(multi->uv);
    uv_timer_start(&multi->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

struct http_multi *http_multi_new(struct uv_loop_s *uv,
                                  void (*done)(void *self, CURL *easy, CURLcode result))
{
    INV(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    struct http_multi *multi = check_alloc(sizeof *multi);
    multi->uv = uv;
    multi->done = done;
    multi->curl = curl_multi_init();
    INV(multi->curl != NULL);
    uv_timer_init(uv, &multi->timer);
    multi->timer.data = multi;
    curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi->curl, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(multi->curl, CURLMOPT_TIMERDATA, multi);
    /* No limits of curl's own: a transfer that waits for a connection there has no deadline. */
    curl_multi_setopt(multi->curl, CURLMOPT_MAXCONNECTS, (long)KEPT);
    curl_multi_setopt(multi->curl, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    return multi;
}

void http_multi_add(struct http_multi *multi, CURL *easy)
{
    INV(curl_multi_add_handle(multi->curl, easy) == CURLM_OK);
}

void http_multi_remove(struct http_multi *multi, CURL *easy)
{
    curl_multi_remove_handle(multi->curl, easy);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void http_multi_free(struct http_multi *multi)
{
    curl_multi_cleanup(multi->curl);
    uv_close((uv_handle_t *)&multi->timer, on_closed);
    curl_global_cleanup();
}
