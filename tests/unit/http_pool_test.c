/* The pool: bodies stream to a handler that may wait and answer from a thread of its own. */
#include "proto/http/pool.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/unit/http_rig.h"

#include <curl/curl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka last: it wants the four above */
#include <cmocka.h>

enum { STEP = 10000, FILE_SIZE = 5 * 1024 * 1024, BODY = 1024 * 1024, WAITING_MAX = 64 };

/* The handler's own thread: resumes and answers. */
static struct worker {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct http_exchange *to_resume[WAITING_MAX], *to_answer[WAITING_MAX];
    size_t resume_len, answer_len;
    bool is_stopping;
    unsigned begun, ended, sent;
    int file;
} worker = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct note {
    uint64_t bytes, sum;
    bool may_take;
};

static void reply_text(struct http_exchange *x, int status, const char *text)
{
    http_exchange_reply(x, &(struct http_pool_reply){.status = status,
                                                     .content_type = "text/plain",
                                                     .body = text,
                                                     .body_len = strlen(text),
                                                     .fd = -1});
}

static void reply_sum(struct http_exchange *x)
{
    const struct note *n = http_exchange_user(x);
    char text[64];
    snprintf(text, sizeof text, "%llu %llu", (unsigned long long)n->bytes,
             (unsigned long long)n->sum);
    reply_text(x, 200, text);
}

static void put(struct http_exchange **queue, size_t *len, struct http_exchange *x)
{
    pthread_mutex_lock(&worker.mutex);
    INV(*len < WAITING_MAX);
    queue[(*len)++] = x;
    pthread_cond_broadcast(&worker.changed);
    pthread_mutex_unlock(&worker.mutex);
}

static void *work(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&worker.mutex);
    while (!worker.is_stopping || worker.resume_len + worker.answer_len > 0) {
        if (worker.resume_len > 0) {
            struct http_exchange *x = worker.to_resume[--worker.resume_len];
            pthread_mutex_unlock(&worker.mutex);
            http_exchange_resume(x);
            pthread_mutex_lock(&worker.mutex);
        } else if (worker.answer_len > 0) {
            struct http_exchange *x = worker.to_answer[--worker.answer_len];
            pthread_mutex_unlock(&worker.mutex);
            reply_sum(x);
            pthread_mutex_lock(&worker.mutex);
        } else {
            pthread_cond_wait(&worker.changed, &worker.mutex);
        }
    }
    pthread_mutex_unlock(&worker.mutex);
    return NULL;
}

static bool on_headers(void *self, struct http_exchange *x, const struct http_head *head)
{
    (void)self;
    pthread_mutex_lock(&worker.mutex);
    worker.begun++;
    pthread_mutex_unlock(&worker.mutex);
    http_exchange_set(x, check_alloc(sizeof(struct note)));
    if (str_eq(head->request.target, "/refuse")) {
        reply_text(x, 403, "not you");
        return false;
    }
    if (str_eq(head->request.target, "/decide")) {
        put(worker.to_resume, &worker.resume_len, x);
        return false;
    }
    if (str_eq(head->request.target, "/decide-no")) {
        put(worker.to_answer, &worker.answer_len, x);
        return false;
    }
    if (str_eq(head->request.target, "/early") && head->content_length > 0)
        reply_text(x, 400, "heard enough");
    return true;
}

/* Takes STEP bytes, then waits for the worker, and so on. */
static size_t on_data(void *self, struct http_exchange *x, const char *data, size_t len)
{
    struct note *n = http_exchange_user(x);
    (void)self;
    if (n->bytes > 0 && !n->may_take) {
        n->may_take = true;
        put(worker.to_resume, &worker.resume_len, x);
        return 0;
    }
    n->may_take = false;
    size_t taken = len < STEP ? len : STEP;
    for (size_t i = 0; i < taken; i++)
        n->sum = n->sum * 31 + (unsigned char)data[i];
    n->bytes += taken;
    if (taken < len) {
        n->may_take = true;
        put(worker.to_resume, &worker.resume_len, x);
    }
    return taken;
}

static void send_file(struct http_exchange *x, bool is_head)
{
    struct http_pool_reply reply = {.status = 206,
                                    .content_type = "application/octet-stream",
                                    .fd = is_head ? -1 : dup(worker.file),
                                    .fd_offset = 1000,
                                    .fd_size = FILE_SIZE - 1000,
                                    .is_length_only = is_head};
    http_exchange_reply(x, &reply);
}

static bool is_head;
static bool is_file;

static void on_body_end(void *self, struct http_exchange *x)
{
    (void)self;
    if (is_file)
        send_file(x, is_head);
    else
        put(worker.to_answer, &worker.answer_len, x);
}

static void on_end(void *self, struct http_exchange *x, bool is_sent)
{
    (void)self;
    free(http_exchange_user(x));
    pthread_mutex_lock(&worker.mutex);
    worker.ended++;
    worker.sent += is_sent;
    pthread_cond_broadcast(&worker.changed);
    pthread_mutex_unlock(&worker.mutex);
}

/* Fixtures. */

static struct rig_certs certs;
static struct http_pool *pool;
static size_t plain, tls;

static struct http_listen listen_options(const struct http_tls *material)
{
    return (struct http_listen){
        .address = "127.0.0.1",
        .tls = material,
        .limits = {
            .header_ms = 300, .body_window_ms = 300, .body_window_bytes = 10, .sweep_ms = 20}};
}

static int set_up(void **state)
{
    const struct http_pool_handler handler = {NULL, on_headers, on_data, on_body_end, on_end};
    struct err err = {0};
    (void)state;
    rig_certs_init(&certs);
    const struct http_tls material = {.cert_pem = buf_str(&certs.parent_cert),
                                      .key_pem = buf_str(&certs.parent_key)};
    const struct http_listen a = listen_options(NULL), b = listen_options(&material);
    char path[] = "/tmp/http_pool_test.XXXXXX";
    worker.file = mkstemp(path);
    unlink(path);
    for (int i = 0; i < FILE_SIZE; i += 8) {
        char text[9];
        snprintf(text, sizeof text, "%08d", i);
        INV(pwrite(worker.file, text, 8, i) == 8);
    }
    INV(pthread_create(&worker.thread, NULL, work, NULL) == 0);
    pool = http_pool_new(&handler, 2);
    INV(http_pool_listen(pool, &a, &plain, &err) == ERR_OK);
    INV(http_pool_listen(pool, &b, &tls, &err) == ERR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bool is_whole = http_pool_free(pool, 3000);
    pthread_mutex_lock(&worker.mutex);
    worker.is_stopping = true;
    pthread_cond_broadcast(&worker.changed);
    pthread_mutex_unlock(&worker.mutex);
    pthread_join(worker.thread, NULL);
    close(worker.file);
    rig_certs_fini(&certs);
    return is_whole ? 0 : -1;
}

struct counts {
    unsigned begun, sent;
};

/* Waits until every exchange has ended. */
static struct counts settle(void)
{
    pthread_mutex_lock(&worker.mutex);
    while (worker.begun != worker.ended)
        pthread_cond_wait(&worker.changed, &worker.mutex);
    struct counts counts = {worker.begun, worker.sent};
    pthread_mutex_unlock(&worker.mutex);
    return counts;
}

/* One transfer by curl; gives the status, the answer in `out`. */
static size_t keep(char *data, size_t size, size_t len, void *out)
{
    buf_append(out, data, size * len);
    return size * len;
}

static long transfer(const char *target, bool is_tls, const char *method, const char *body,
                     size_t len, struct buf *out)
{
    CURL *easy = curl_easy_init();
    char url[128], name[64];
    long status = 0;
    uint16_t tcp_port = http_pool_tcp_port(pool, is_tls ? tls : plain);
    snprintf(url, sizeof url, "%s:%u%s", is_tls ? "https://parent-1" : "http://127.0.0.1", tcp_port,
             target);
    snprintf(name, sizeof name, "parent-1:%u:127.0.0.1", tcp_port);
    struct curl_slist *resolve = curl_slist_append(NULL, name);
    struct curl_blob ca = {certs.root_cert.data, certs.root_cert.len, CURL_BLOB_COPY};
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve);
    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, out);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 20000L);
    if (body != NULL) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    }
    if (str_eq(method, "HEAD"))
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    if (curl_easy_perform(easy) == CURLE_OK)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_off_t length = -1;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (str_eq(method, "HEAD"))
        buf_printf(out, "%lld", (long long)length);
    curl_slist_free_all(resolve);
    curl_easy_cleanup(easy);
    return status;
}

static char *make_body(uint64_t *sum)
{
    char *body = check_alloc(BODY);
    *sum = 0;
    for (size_t i = 0; i < BODY; i++) {
        body[i] = (char)(i * 7 + i / 251);
        *sum = *sum * 31 + (unsigned char)body[i];
    }
    return body;
}

static void streams_a_body_in_steps(void **state)
{
    uint64_t sum;
    char *body = make_body(&sum), want[64];
    (void)state;
    is_file = false;
    snprintf(want, sizeof want, "%d %llu", BODY, (unsigned long long)sum);
    for (int i = 0; i < 4; i++) {
        CLEANUP(buf_fini) struct buf out = {0};
        const char *target = i < 2 ? "/a" : "/decide";
        assert_int_equal(transfer(target, i % 2 == 1, "PUT", body, BODY, &out), 200);
        assert_string_equal(buf_str(&out), want);
    }
    free(body);
}

static void sends_a_part_of_a_file(void **state)
{
    (void)state;
    is_file = true;
    for (int i = 0; i < 2; i++) {
        CLEANUP(buf_fini) struct buf out = {0};
        assert_int_equal(transfer("/file", i == 1, "GET", NULL, 0, &out), 206);
        assert_int_equal(out.len, FILE_SIZE - 1000);
        assert_memory_equal(out.data, "00001000", 8);
        assert_memory_equal(out.data + out.len - 8, "05242872", 8);
    }
}

static void tells_a_length_to_head(void **state)
{
    CLEANUP(buf_fini) struct buf out = {0};
    (void)state;
    is_file = is_head = true;
    assert_int_equal(transfer("/file", false, "HEAD", NULL, 0, &out), 206);
    assert_string_equal(buf_str(&out), "5241880");
    is_head = false;
}

/* Not a byte of the body is needed for the answer; nothing of it becomes a second request. */
static void refuses_before_the_body(void **state)
{
    static const char *const asked[] = {
        "PUT /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n",
        "PUT /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n",
        "PUT /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\nGET /a HTTP/1.1\r\nHost: "
        "a\r\n\r\n",
        "PUT /decide-no HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n",
    };
    (void)state;
    is_file = false;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        char *answer = rig_talk(http_pool_tcp_port(pool, plain), asked[i]);
        const char *want = i < 3 ? "HTTP/1.1 403" : "HTTP/1.1 200";
        assert_int_equal(strncmp(answer, want, 12), 0);
        assert_null(strstr(answer + 1, "HTTP/1.1"));
        assert_non_null(strstr(answer, "x-request-id: "));
        free(answer);
    }
}

static void answers_early_and_drops_the_rest(void **state)
{
    uint64_t sum;
    char *body = make_body(&sum);
    CLEANUP(buf_fini) struct buf out = {0};
    (void)state;
    assert_int_equal(transfer("/early", false, "PUT", body, BODY, &out), 400);
    assert_string_equal(buf_str(&out), "heard enough");
    free(body);
}

static void stands_at_the_same_gate(void **state)
{
    const struct counts before = settle();
    (void)state;
    char *answer = rig_talk(http_pool_tcp_port(pool, plain),
                            "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    assert_int_equal(strncmp(answer, "HTTP/1.1 400", 12), 0);
    assert_int_equal(settle().begun, before.begun); /* the handler never heard of it */
    free(answer);
}

/* Must 19, and the handler hears that it was not sent. */
static void sweeps_a_stalled_body(void **state)
{
    const struct counts before = settle();
    (void)state;
    char *answer = rig_talk(http_pool_tcp_port(pool, plain),
                            "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    assert_string_equal(answer, "");
    free(answer);
    assert_int_equal(settle().begun, before.begun + 1);
    assert_int_equal(settle().sent, before.sent);
}

static void *put_many(void *arg)
{
    uint64_t sum;
    char *body = make_body(&sum), want[64];
    snprintf(want, sizeof want, "%d %llu", BODY, (unsigned long long)sum);
    for (int i = 0; i < 4; i++) {
        CLEANUP(buf_fini) struct buf out = {0};
        bool is_fine = transfer("/a", i % 2 == 0, "PUT", body, BODY, &out) == 200 &&
                       str_eq(buf_str(&out), want);
        *(unsigned *)arg += is_fine;
    }
    free(body);
    return NULL;
}

static void serves_many_at_once(void **state)
{
    enum { CLIENTS = 6 };
    pthread_t threads[CLIENTS];
    unsigned fine[CLIENTS] = {0};
    (void)state;
    is_file = false;
    for (int i = 0; i < CLIENTS; i++)
        INV(pthread_create(&threads[i], NULL, put_many, &fine[i]) == 0);
    for (int i = 0; i < CLIENTS; i++)
        INV(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(fine[i], 4);
}

int main(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_a_body_in_steps),
        cmocka_unit_test(sends_a_part_of_a_file),
        cmocka_unit_test(tells_a_length_to_head),
        cmocka_unit_test(refuses_before_the_body),
        cmocka_unit_test(answers_early_and_drops_the_rest),
        cmocka_unit_test(stands_at_the_same_gate),
        cmocka_unit_test(sweeps_a_stalled_body),
        cmocka_unit_test(serves_many_at_once),
    };
    int failed = cmocka_run_group_tests(tests, set_up, tear_down);
    curl_global_cleanup();
    return failed;
}
