/* The loop and the job pool: one turn per iteration, effects after COMMIT, completions later,
 * deadlines told once. */
#include "tests/unit/http_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <pthread.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka last: it wants the four above */
#include <cmocka.h>

enum kind { KIND_ADD, KIND_FAIL, KIND_HANG };

/* Lets a hung handler go. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_open;
    int running, most; /* handlers at once */
} valve = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void open_valve(void)
{
    pthread_mutex_lock(&valve.mutex);
    valve.is_open = true;
    pthread_cond_broadcast(&valve.changed);
    pthread_mutex_unlock(&valve.mutex);
}

static enum err_code add(void *ctx, const void *spec, size_t size, struct buf *result,
                         struct err *err)
{
    int numbers[2];
    (void)ctx;
    (void)err;
    INV(size == sizeof numbers);
    memcpy(numbers, spec, size);
    buf_printf(result, "%d", numbers[0] + numbers[1]);
    buf_char(result, '\0');
    return ERR_OK;
}

static enum err_code fail_always(void *ctx, const void *spec, size_t size, struct buf *result,
                                 struct err *err)
{
    (void)spec;
    (void)size;
    (void)result;
    return err_set(err, ERR_IO, "%s", (const char *)ctx);
}

static enum err_code hang(void *ctx, const void *spec, size_t size, struct buf *result,
                          struct err *err)
{
    (void)ctx;
    (void)spec;
    (void)size;
    (void)err;
    pthread_mutex_lock(&valve.mutex);
    valve.most = ++valve.running > valve.most ? valve.running : valve.most;
    while (!valve.is_open)
        pthread_cond_wait(&valve.changed, &valve.mutex);
    valve.running--;
    pthread_mutex_unlock(&valve.mutex);
    buf_text(result, "at last");
    return ERR_OK;
}

static char ctx_text[] = "no disk";
static const struct job_handler handlers[] = {
    {KIND_ADD, NULL, add}, {KIND_FAIL, ctx_text, fail_always}, {KIND_HANG, NULL, hang}};

static void init(struct rig *rig, const struct job_options *options)
{
    rig_init(rig, NULL);
    rig->jobs = job_pool_new(rig->loop, handlers, 3, options);
    valve.is_open = false;
    valve.most = 0;
}

static void want_job(struct rig *rig, enum kind kind, int64_t timeout_ms)
{
    static const int numbers[2] = {40, 2};
    struct effect_job *job = &rig->jobs_wanted[rig->jobs_len++];
    *job = (struct effect_job){.job_id = rig->jobs_len,
                               .kind = (int)kind,
                               .spec = numbers,
                               .spec_size = sizeof numbers,
                               .timeout_ms = timeout_ms};
    rig->ends_wanted++;
}

static void brings_results_back(void **state)
{
    struct rig rig;
    (void)state;
    init(&rig, NULL);
    for (int i = 0; i < 10; i++)
        want_job(&rig, i % 2 == 0 ? KIND_ADD : KIND_FAIL, 5000);
    rig_run(&rig);
    assert_int_equal(rig.starts, 1);
    for (uint64_t id = 1; id <= 10; id++) {
        assert_int_equal(rig_end(&rig, id)->status, id % 2 == 1 ? ERR_OK : ERR_IO);
        assert_string_equal(rig_end(&rig, id)->body, id % 2 == 1 ? "42" : "no disk");
    }
    assert_int_equal(job_pool_len(rig.jobs), 0);
    rig_fini(&rig);
}

/* A job past its deadline is told once; its late result is dropped; those behind it in the line
 * pass their own deadlines there. */
static void tells_a_deadline_once(void **state)
{
    struct rig rig;
    const struct job_options options = {.running_max = 2};
    (void)state;
    init(&rig, &options);
    for (int i = 0; i < 4; i++)
        want_job(&rig, KIND_HANG, 50 + i);
    rig_run(&rig);
    assert_int_equal(rig.ends_len, 4);
    for (uint64_t id = 1; id <= 4; id++)
        assert_int_equal(rig_end(&rig, id)->status, ERR_TIMEOUT);
    assert_in_range(loop_now(rig.loop).mono_ms - rig.began_ms, 50, 2500);
    assert_int_equal(job_pool_len(rig.jobs), 0);
    open_valve();
    rig_fini(&rig);
    assert_int_equal(rig.ends_len, 4);
    assert_int_equal(valve.most, 2);
}

static void bounds_the_line(void **state)
{
    struct rig rig;
    const struct job_options options = {.running_max = 1, .waiting_max = 1};
    (void)state;
    init(&rig, &options);
    for (int i = 0; i < 3; i++)
        want_job(&rig, KIND_HANG, 60);
    rig_run(&rig);
    assert_int_equal(rig_end(&rig, 3)->status, ERR_UNAVAILABLE);
    assert_int_equal(rig_end(&rig, 1)->status, ERR_TIMEOUT);
    open_valve();
    rig_fini(&rig);
}

/* Requests that find the inbox full hear 503 in the core's own spelling. */
static void refuses_what_finds_no_room(void **state)
{
    struct rig rig;
    const struct loop_options options = {.bytes_max = 5};
    const struct http_listen listen = {.name = "test", .address = "127.0.0.1"};
    struct err err = {0};
    char address[64];
    const char *addresses[] = {address};
    size_t at;
    (void)state;
    rig_init(&rig, &options);
    INV(http_server_listen(rig.server, &listen, &at, &err) == ERR_OK);
    snprintf(address, sizeof address, "http://127.0.0.1:%u", http_server_tcp_port(rig.server, at));
    INV(http_client_peer(rig.client, "parent", NULL, addresses, 1, &err) == ERR_OK);
    for (uint64_t i = 0; i < 2; i++)
        rig.calls[i] = (struct effect_call){.call_id = i + 1,
                                            .peer = "parent",
                                            .method = "POST",
                                            .target = "/",
                                            .body = "123456",
                                            .body_len = 5 + i,
                                            .timeout_ms = 3000};
    rig.calls_len = rig.ends_wanted = 2;
    rig_run(&rig);
    assert_int_equal(rig_end(&rig, 1)->status, 200);
    assert_int_equal(rig_end(&rig, 2)->status, 503);
    assert_int_equal(rig.fails, 1);
    assert_int_equal(rig_rows(&rig), 1);
    rig_fini(&rig);
}

static void wait_a_little(void *arg)
{
    (void)arg;
    poll(NULL, 0, 300);
}

/* What is due and cannot be done for want of room is not tried a thousand times a second. */
static void rests_after_a_lost_turn(void **state)
{
    struct rig rig;
    (void)state;
    rig_init(&rig, NULL);
    rig.is_full = true;
    rig_run_beside(&rig, wait_a_little, NULL);
    assert_in_range(rig.ticks, 1, 2);
    assert_true(loop_stats(rig.loop).is_lost);
    rig_fini(&rig);
}

/* In a process of its own; `what` ends it. */
static int status_of(void (*what)(void *arg))
{
    pid_t child = fork();
    INV(child >= 0);
    if (child == 0) {
        struct rig rig;
        const struct loop_options options = {.lag_warn_ms = 50, .lag_abort_ms = 200};
        rig_init(&rig, &options);
        loop_defer(rig.loop, what, NULL);
        rig_run(&rig);
        rig_fini(&rig);
        _exit(rig.starts == 1 ? 0 : 1);
    }
    int status;
    INV(waitpid(child, &status, 0) == child);
    return status;
}

static void term(void *arg)
{
    (void)arg;
    kill(getpid(), SIGTERM);
}

static void stand_still(void *arg)
{
    (void)arg;
    signal(SIGABRT, SIG_DFL);
    for (;;)
        pause();
}

static void ends_well_on_a_signal(void **state)
{
    (void)state;
    int status = status_of(term);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void aborts_when_it_stands(void **state)
{
    (void)state;
    int status = status_of(stand_still);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* For a supervisor: the loop itself says that it turns, not the thread that watches it. */
static void says_that_it_turns(void **state)
{
    struct rig rig;
    const struct loop_options options = {.lag_warn_ms = 50, .lag_abort_ms = 60000};
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    char said[32];
    int heard = 0, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)state;
    snprintf(to.sun_path, sizeof to.sun_path, "/tmp/tct-alive-%d", (int)getpid());
    unlink(to.sun_path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&to, sizeof to), 0);
    setenv("NOTIFY_SOCKET", to.sun_path, 1);
    setenv("WATCHDOG_USEC", "60000", 1);
    rig_init(&rig, &options);
    rig_run_beside(&rig, wait_a_little, NULL);
    rig_fini(&rig);
    unsetenv("WATCHDOG_USEC");
    unsetenv("NOTIFY_SOCKET");
    for (ssize_t n; (n = recv(fd, said, sizeof said, 0)) > 0; heard++)
        assert_memory_equal(said, "WATCHDOG=1", (size_t)n);
    assert_in_range(heard, 2, 16); /* of 300 ms, every 20 */
    close(fd);
    unlink(to.sun_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* those that fork, before there are threads */
        cmocka_unit_test(ends_well_on_a_signal),   cmocka_unit_test(aborts_when_it_stands),
        cmocka_unit_test(brings_results_back),     cmocka_unit_test(tells_a_deadline_once),
        cmocka_unit_test(bounds_the_line),         cmocka_unit_test(refuses_what_finds_no_room),
        cmocka_unit_test(rests_after_a_lost_turn), cmocka_unit_test(says_that_it_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
