/* ARCHITECTURE 6: a helper that hangs or dies is replaced, and no job is answered twice, never,
 * or as done when nobody knows. The test is its own helper: see be_helper. */
#include "tests/unit/hypervisor_cmocka.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/effect/helper.h"
#include "computer-manager/effect/tether.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

/* What the helper is asked to do, by kind. */
enum { REPEAT = 1, FAIL, HANG, DIE, SAY, GARBAGE, PASS_FD, DIE_AFTER_ANSWER, STUCK };
enum { JOBS = 64, WAIT_MS = 30000 };

static char self_path[256];

static void act(const struct channel_message *m)
{
    struct channel_head head = {.kind = m->head.kind};
    struct err err = {.code = ERR_NO_CAPACITY, .text = "no"};
    int fds[2];
    switch (m->head.kind) {
    case DIE:
        raise(SIGKILL);
        break;
    case HANG:
        return;
    case STUCK: /* as within a call of libvirt: it reads its channel no more */
        for (;;)
            pause();
    case FAIL:
        channel_answer(CHANNEL_FD, &m->head, &err, NULL, 0);
        return;
    case SAY:
        channel_send(CHANNEL_FD, &head, NULL, -1);
        break;
    case PASS_FD:
        if (pipe(fds) == 0)
            channel_send(CHANNEL_FD, &head, NULL, fds[0]);
        break;
    case GARBAGE:
        if (write(CHANNEL_FD, "garbage", 7) != 7)
            _exit(3);
        return;
    default:
        break;
    }
    channel_answer(CHANNEL_FD, &m->head, NULL, m->body, m->head.size);
    if (m->head.kind == DIE_AFTER_ANSWER)
        _exit(0);
}

static int be_helper(void)
{
    static struct channel_message m;
    fcntl(CHANNEL_FD, F_SETFL, 0);
    if (tether_is_given())
        tether_hold();
    while (channel_recv(CHANNEL_FD, &m) == CHANNEL_OK)
        act(&m);
    return 0;
}

struct seen {
    int times;
    enum err_code code;
    char text[ERR_TEXT_SIZE];
    size_t size;
};

static struct bench {
    uv_loop_t uv;
    uv_timer_t bound;
    struct host_helper *helper;
    struct seen seen[JOBS];
    int done_len, said_len, started_len, fds_len;
    uint64_t chained; /* a job submitted from the callback of job `chain_from` */
    uint64_t chain_from;
    bool is_late;
} b;

static void submit(uint64_t id, int kind, const void *spec, size_t size, int64_t timeout_ms)
{
    struct effect_job job = {
        .job_id = id, .kind = kind, .spec = spec, .spec_size = size, .timeout_ms = timeout_ms};
    host_helper_submit(b.helper, &job);
}

static void on_done(void *self, const struct job_done *done)
{
    (void)self;
    struct seen *s = &b.seen[done->job_id];
    s->times++;
    s->code = done->code;
    s->size = done->result_size;
    str_copy(s->text, sizeof s->text, done->text);
    b.done_len++;
    if (b.chained != 0 && done->job_id == b.chain_from)
        submit(b.chained, REPEAT, "x", 1, WAIT_MS);
}

static void on_said(void *self, struct channel_message *m)
{
    (void)self;
    b.said_len++;
    b.fds_len += m->fd >= 0;
}

static void on_started(void *self)
{
    (void)self;
    b.started_len++;
}

static void on_late(uv_timer_t *timer)
{
    (void)timer;
    b.is_late = true;
}

static void run_until(const int *value, int least)
{
    b.is_late = false;
    uv_update_time(&b.uv);
    uv_timer_start(&b.bound, on_late, WAIT_MS, 0);
    while (*value < least && !b.is_late)
        uv_run(&b.uv, UV_RUN_ONCE);
    uv_timer_stop(&b.bound);
    if (*value < least)
        fail_msg("only %d of %d", *value, least);
}

static const char *argv_good[] = {self_path, "--helper", NULL};
static const char *argv_absent[] = {"/nonexistent/helper", NULL};

static void open_bench_at(const char *const *argv, const char *socket_path)
{
    b = (struct bench){0};
    uv_loop_init(&b.uv);
    uv_timer_init(&b.uv, &b.bound);
    struct host_helper_config config = {.name = "test",
                                        .argv = argv,
                                        .socket_path = socket_path,
                                        .respawn_min_ms = 1,
                                        .respawn_max_ms = 50,
                                        .done = on_done,
                                        .said = on_said,
                                        .started = on_started};
    b.helper = host_helper_new(&b.uv, &config);
}

static void open_bench(const char *const *argv)
{
    open_bench_at(argv, NULL);
}

static void close_bench(void)
{
    host_helper_close(b.helper);
    uv_close((uv_handle_t *)&b.bound, NULL);
    uv_run(&b.uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&b.uv), 0); /* nothing is left open */
}

static void jobs_are_answered(void **state)
{
    (void)state;
    static char large[HOST_MESSAGE_MAX];
    open_bench(argv_good);
    submit(1, REPEAT, "hello", 5, WAIT_MS);
    submit(2, FAIL, NULL, 0, WAIT_MS);
    submit(3, SAY, NULL, 0, WAIT_MS);
    submit(4, PASS_FD, NULL, 0, WAIT_MS);
    for (uint64_t id = 5; id < 40; id++) /* more than the pipe holds at once */
        submit(id, REPEAT, large, sizeof large, WAIT_MS);
    assert_int_equal(b.done_len, 0); /* nothing is delivered inside the call */
    run_until(&b.done_len, 39);
    assert_int_equal(b.seen[1].code, ERR_OK);
    assert_int_equal(b.seen[1].size, 5);
    assert_int_equal(b.seen[2].code, ERR_NO_CAPACITY);
    assert_string_equal(b.seen[2].text, "no");
    assert_int_equal(b.seen[39].size, sizeof large);
    assert_int_equal(b.said_len, 2);
    assert_int_equal(b.fds_len, 1);
    for (uint64_t id = 1; id < 40; id++)
        assert_int_equal(b.seen[id].times, 1);
    close_bench();
}

/* R7 begins here: whatever a dead process had been given has an unknown outcome. */
static void a_death_leaves_outcomes_unknown(void **state)
{
    (void)state;
    open_bench(argv_good);
    b.chain_from = 2;
    b.chained = 4;
    submit(1, HANG, NULL, 0, WAIT_MS);
    submit(2, DIE, NULL, 0, WAIT_MS);
    run_until(&b.done_len, 3);
    assert_int_equal(b.seen[1].code, ERR_TIMEOUT);
    assert_int_equal(b.seen[2].code, ERR_TIMEOUT);
    assert_int_equal(b.seen[4].code, ERR_OK); /* by the next process */
    assert_int_equal(b.started_len, 2);
    close_bench();
}

static void a_hung_process_is_killed_and_replaced(void **state)
{
    (void)state;
    open_bench(argv_good);
    submit(1, REPEAT, NULL, 0, WAIT_MS);
    run_until(&b.done_len, 1);
    pid_t first = host_helper_pid(b.helper);
    submit(2, HANG, NULL, 0, 20);
    submit(3, HANG, NULL, 0, WAIT_MS); /* not late itself, but of the same process */
    run_until(&b.done_len, 3);
    assert_int_equal(b.seen[2].code, ERR_TIMEOUT);
    assert_int_equal(b.seen[3].code, ERR_TIMEOUT);
    submit(5, REPEAT, NULL, 0, WAIT_MS);
    run_until(&b.done_len, 4);
    assert_int_equal(b.seen[5].code, ERR_OK);
    assert_int_not_equal(host_helper_pid(b.helper), first);
    assert_int_equal(host_helper_len(b.helper), 0);
    close_bench();
}

static void last_words_are_heard(void **state)
{
    (void)state;
    open_bench(argv_good);
    for (uint64_t id = 1; id <= 10; id++) {
        submit(id, DIE_AFTER_ANSWER, NULL, 0, WAIT_MS);
        run_until(&b.done_len, (int)id);
        assert_int_equal(b.seen[id].code, ERR_OK);
        run_until(&b.started_len, (int)id + 1);
    }
    close_bench();
}

static void garbage_ends_the_process(void **state)
{
    (void)state;
    open_bench(argv_good);
    submit(1, GARBAGE, NULL, 0, WAIT_MS);
    submit(2, REPEAT, NULL, 0, WAIT_MS);
    run_until(&b.done_len, 2);
    assert_int_equal(b.seen[1].code, ERR_TIMEOUT);
    run_until(&b.started_len, 2);
    close_bench();
}

static void what_was_never_sent_is_known_not_done(void **state)
{
    (void)state;
    open_bench(argv_absent);
    submit(1, REPEAT, NULL, 0, 30);
    run_until(&b.done_len, 1);
    assert_int_equal(b.seen[1].code, ERR_UNAVAILABLE);
    close_bench();
}

static void too_many_jobs_are_refused(void **state)
{
    (void)state;
    open_bench(argv_absent);
    for (int i = 0; i < HOST_HELPER_JOBS_MAX; i++)
        submit(1, REPEAT, NULL, 0, WAIT_MS);
    submit(2, REPEAT, NULL, 0, WAIT_MS);
    assert_int_equal(b.done_len, 0);
    run_until(&b.done_len, 1);
    assert_int_equal(b.seen[2].code, ERR_UNAVAILABLE);
    assert_int_equal(b.seen[1].times, 0);
    close_bench();
}

/* ---- helpers that are services --------------------------------------------------------------- */

static char socket_path[64];
static pid_t listener;

/* What systemd does with a socket of Accept=yes. */
_Noreturn static void serve_connection(int fd)
{
    char pid[16];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1", 1);
    if (dup2(fd, CHANNEL_FD) == CHANNEL_FD)
        execl(self_path, self_path, "--helper", (char *)NULL);
    _exit(127);
}

static void listen_as_systemd(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(socket_path, sizeof socket_path, "/tmp/tercet-helper-test.%d", (int)getpid());
    str_copy(at.sun_path, sizeof at.sun_path, socket_path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    unlink(socket_path);
    assert_true(bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 8) == 0);
    listener = fork();
    assert_true(listener >= 0);
    if (listener != 0) {
        close(fd);
        return;
    }
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        if (fork() == 0)
            serve_connection(connection);
        close(connection);
    }
}

static void stop_listening(void)
{
    kill(listener, SIGKILL);
    waitpid(listener, NULL, 0);
    unlink(socket_path);
}

static void a_service_does_what_a_child_does(void **state)
{
    (void)state;
    static char large[HOST_MESSAGE_MAX];
    listen_as_systemd();
    open_bench_at(NULL, socket_path);
    submit(1, REPEAT, "hello", 5, WAIT_MS);
    submit(2, FAIL, NULL, 0, WAIT_MS);
    submit(3, PASS_FD, NULL, 0, WAIT_MS);
    for (uint64_t id = 4; id < 20; id++)
        submit(id, REPEAT, large, sizeof large, WAIT_MS);
    submit(20, DIE, NULL, 0, WAIT_MS);
    run_until(&b.done_len, 20);
    assert_int_equal(b.seen[1].size, 5);
    assert_int_equal(b.seen[2].code, ERR_NO_CAPACITY);
    assert_int_equal(b.fds_len, 1);
    assert_int_equal(b.seen[19].size, sizeof large);
    assert_int_equal(b.seen[20].code, ERR_TIMEOUT);
    submit(21, REPEAT, NULL, 0, WAIT_MS);
    run_until(&b.done_len, 21);
    assert_int_equal(b.seen[21].code, ERR_OK); /* by the next one */
    close_bench();
    stop_listening();
}

/* Nobody may kill it: it hears that the channel was given up, and only when it is gone is another
 * one asked for. */
static void a_stuck_service_ends_before_the_next_begins(void **state)
{
    (void)state;
    listen_as_systemd();
    open_bench_at(NULL, socket_path);
    submit(1, STUCK, NULL, 0, 200);
    run_until(&b.done_len, 1);
    assert_int_equal(b.seen[1].code, ERR_TIMEOUT);
    submit(2, REPEAT, NULL, 0, WAIT_MS);
    run_until(&b.done_len, 2);
    assert_int_equal(b.seen[2].code, ERR_OK);
    assert_int_equal(b.started_len, 2);
    close_bench();
    stop_listening();
}

static void a_service_that_nobody_offers_is_asked_for_again(void **state)
{
    (void)state;
    open_bench_at(NULL, "/nonexistent/helper.sock");
    submit(1, REPEAT, NULL, 0, 30);
    run_until(&b.done_len, 1);
    assert_int_equal(b.seen[1].code, ERR_UNAVAILABLE);
    assert_int_equal(b.started_len, 0);
    close_bench();
}

int main(int argc, char **argv)
{
    if (argc > 1 && str_eq(argv[1], "--helper"))
        return be_helper();
    char *path = realpath("/proc/self/exe", NULL);
    PRE(path != NULL && str_copy(self_path, sizeof self_path, path));
    free(path);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_answered),
        cmocka_unit_test(a_death_leaves_outcomes_unknown),
        cmocka_unit_test(a_hung_process_is_killed_and_replaced),
        cmocka_unit_test(last_words_are_heard),
        cmocka_unit_test(garbage_ends_the_process),
        cmocka_unit_test(what_was_never_sent_is_known_not_done),
        cmocka_unit_test(too_many_jobs_are_refused),
        cmocka_unit_test(a_service_does_what_a_child_does),
        cmocka_unit_test(a_stuck_service_ends_before_the_next_begins),
        cmocka_unit_test(a_service_that_nobody_offers_is_asked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
