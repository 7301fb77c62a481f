/* renewal.c - looks, runs `renew`, says so. */
#include "proto/http/renewal.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "proto/http/enroll.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* Twenty looks in the life of a certificate, and at least two a minute: one that was made while a
 * clock was ahead is good for nothing once the clock is right. */
enum { LOOKS = 20, LOOK_MOST_MS = 30 * 1000, LOOK_LEAST_MS = 200 };
/* Whose new certificate is of tomorrow too, whose own clock is behind: an hour until the next. */
enum { LOOKS_PASSED = 120 };

struct renewal {
    struct renewal_config config;
    uv_timer_t timer;
    uv_process_t process;
    bool is_running, is_closing;
    unsigned pass; /* so many looks, at one whose life has not begun */
    char **argv;   /* of `renew`; owned, its texts are not */
};

static void look(uv_timer_t *timer);

static void look_again(struct renewal *r, int64_t wait_ms)
{
    if (wait_ms > LOOK_MOST_MS)
        wait_ms = LOOK_MOST_MS;
    if (wait_ms < LOOK_LEAST_MS)
        wait_ms = LOOK_LEAST_MS;
    uv_timer_start(&r->timer, look, (uint64_t)wait_ms, 0);
}

static void on_process_closed(uv_handle_t *handle)
{
    struct renewal *r = handle->data;
    r->is_running = false;
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
    struct renewal *r = process->data;
    uv_close((uv_handle_t *)process, on_process_closed);
    r->pass = status == 0 && signal == 0 ? LOOKS_PASSED : 0;
    if (r->pass > 0 && !r->is_closing)
        r->config.renewed(r->config.self);
    else
        log_warn("certificate.not_renewed", "folder", r->config.folder, NULL);
}

static void run(struct renewal *r)
{
    uv_process_options_t options = {.file = "/proc/self/exe", .args = r->argv, .exit_cb = on_ended};
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_INHERIT_FD, .data.fd = 2}};
    options.stdio = stdio;
    options.stdio_count = 3;
    int code = uv_spawn(r->timer.loop, &r->process, &options);
    r->process.data = r;
    r->is_running = true;
    if (code != 0) {
        log_warn("certificate.not_renewed", "why", uv_strerror(code), NULL);
        uv_close((uv_handle_t *)&r->process, on_process_closed);
    }
}

static bool is_due(struct renewal *r, const struct enroll_identity *id, int64_t now_ms)
{
    bool is_early = now_ms < id->info.not_before_ms;
    if (r->is_running || (is_early && r->pass > 0)) {
        r->pass -= r->pass > 0;
        return false;
    }
    return cert_renew_due(id->info.not_before_ms, id->info.not_after_ms, now_ms);
}

static void look(uv_timer_t *timer)
{
    struct renewal *r = timer->data;
    struct clock clock = clock_system();
    struct enroll_identity id;
    struct err err = {0};
    int64_t wait_ms = LOOK_MOST_MS;
    if (enroll_load(&id, r->config.folder, &err) == ERR_OK) {
        int64_t now = clock.read(clock.self).wall_ms;
        wait_ms = (id.info.not_after_ms - id.info.not_before_ms) / LOOKS;
        if (is_due(r, &id, now))
            run(r);
    } else {
        log_warn("certificate.unreadable", "why", err.text, NULL);
    }
    enroll_fini(&id);
    look_again(r, wait_ms);
}

struct renewal *renewal_new(struct uv_loop_s *uv, const struct renewal_config *config)
{
    static char verb[] = "renew";
    struct renewal *r = check_alloc(sizeof *r);
    r->config = *config;
    r->argv = check_alloc((unsigned long)(config->options_len + 2) * sizeof *r->argv);
    memcpy(r->argv, config->argv, (size_t)config->options_len * sizeof *r->argv);
    r->argv[config->options_len] = verb;
    INV(uv_timer_init(uv, &r->timer) == 0);
    r->timer.data = r;
    uv_unref((uv_handle_t *)&r->timer);
    look_again(r, 0);
    return r;
}

static void on_closed(uv_handle_t *handle)
{
    struct renewal *r = handle->data;
    free(r->argv);
    free(r);
}

void renewal_close(struct renewal *r)
{
    if (r == NULL)
        return;
    r->is_closing = true;
    if (r->is_running)
        uv_process_kill(&r->process, SIGKILL);
    uv_close((uv_handle_t *)&r->timer, on_closed);
}
