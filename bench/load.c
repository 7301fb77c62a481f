/* load.c - asks one HTTP server as fast as it answers, over many kept connections.
 *
 *   load WHAT PORT CONNECTIONS COUNT SECONDS [NAME=VALUE]...
 *
 * WHAT is a row of `kinds` below. Requests are made and signed before the clock starts. It ends
 * after COUNT answers or SECONDS, whichever comes first, and prints one line of name=value. Used by
 * bench/run against 127.0.0.1 only. */
#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "proto/auth/sigv4.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, ANSWER_MAX = 64 * 1024, ROW_BYTES = 600, ZONES_MAX = 16 };

struct load {
    const struct kind *kind;
    int tcp_port;
    size_t connections, count;
    int64_t deadline_us;
    const char *key_id, *secret, *region, *image, *id, *form;
    const char *zones;  /* letters, taken in turn */
    const char *tokens; /* client tokens begin so: a second run is none of repeats */
    struct buf *requests;
    size_t next, done, failed;
    int64_t *took_us;
    bool shows; /* the first answer goes to stdout */
};

struct kind {
    const char *name;
    void (*form)(const struct load *l, size_t i, struct buf *out);
    bool is_signed, is_post;
};

struct connection {
    int fd;
    const struct buf *request;
    size_t sent, got;
    int64_t began_us;
    char answer[ANSWER_MAX];
};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- what is asked ----------------------------------------------------------------------------
 */

static void form_run(const struct load *l, size_t i, struct buf *out)
{
    size_t zones = strlen(l->zones);
    buf_printf(out,
               "Action=RunInstances&Version=2016-11-15&ImageId=%s&InstanceType=t1.nano&MinCount=1"
               "&MaxCount=1&ClientToken=%s-%zu",
               l->image, l->tokens, i);
    if (zones > 0)
        buf_printf(out, "&Placement.AvailabilityZone=%s%c", l->region, l->zones[i % zones]);
}

static void form_describe(const struct load *l, size_t i, struct buf *out)
{
    (void)i;
    buf_printf(out, "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=%s", l->id);
}

static void form_given(const struct load *l, size_t i, struct buf *out)
{
    (void)i;
    buf_text(out, l->form);
}

static void form_row(const struct load *l, size_t i, struct buf *out)
{
    (void)l;
    buf_printf(out, "{\"id\":\"row-%zu\",\"text\":\"", i);
    while (out->len < ROW_BYTES - 2)
        buf_char(out, 'x');
    buf_text(out, "\"}");
}

static void form_none(const struct load *l, size_t i, struct buf *out)
{
    (void)l, (void)i, (void)out;
}

static const struct kind kinds[] = {
    {"run-instances", form_run, true, true}, {"describe-instance", form_describe, true, true},
    {"ec2", form_given, true, true},         {"row", form_row, false, true},
    {"get", form_none, false, false},
};

static void add_signature(const struct load *l, const struct buf *form, const char *host,
                          struct buf *out)
{
    struct err err = {0};
    char date[SIGV4_DATE_SIZE], hash[DIGEST_SHA256_HEX_SIZE];
    struct clock clock = clock_system();
    CLEANUP(buf_fini) struct buf authorization = {0};
    digest_sha256_hex(hash, buf_str(form), form->len);
    enum err_code code = sigv4_sign(&(struct sigv4_sign){.method = "POST",
                                                         .target = "/",
                                                         .host = host,
                                                         .payload = hash,
                                                         .key_id = l->key_id,
                                                         .secret = l->secret,
                                                         .region = l->region,
                                                         .service = "ec2",
                                                         .wall_ms = clock.read(clock.self).wall_ms},
                                    date, &authorization, &err);
    INV(code == ERR_OK);
    buf_printf(out, "X-Amz-Date: %s\r\nAuthorization: %s\r\n", date, authorization.data);
}

static void make_request(const struct load *l, size_t i, struct buf *out)
{
    CLEANUP(buf_fini) struct buf form = {0};
    char host[32];
    snprintf(host, sizeof host, "127.0.0.1:%d", l->tcp_port);
    l->kind->form(l, i, &form);
    buf_printf(out, "%s / HTTP/1.1\r\nHost: %s\r\n", l->kind->is_post ? "POST" : "GET", host);
    if (l->kind->is_signed)
        add_signature(l, &form, host, out);
    if (l->kind->is_post)
        buf_printf(out,
                   "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n",
                   form.len);
    buf_printf(out, "\r\n%s", buf_str(&form));
}

/* ---- one connection
 * ------------------------------------------------------------------------------ */

static int dial(int tcp_port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)tcp_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    INV(fd >= 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        fprintf(stderr, "load: cannot connect to 127.0.0.1:%d\n", tcp_port);
        exit(1);
    }
    return fd;
}

/* Sends the next request; false when there is none. Requests are far smaller than a socket's room.
 */
static bool begin(struct load *l, struct connection *c)
{
    if (l->next == l->count)
        return false;
    c->request = &l->requests[l->next++];
    c->got = 0;
    c->began_us = now_us();
    for (c->sent = 0; c->sent < c->request->len;) {
        ssize_t n = send(c->fd, c->request->data + c->sent, c->request->len - c->sent,
                         MSG_NOSIGNAL);
        if (n <= 0)
            check_failed("LOAD", "the server closed a connection", __FILE__, __LINE__, __func__);
        c->sent += (size_t)n;
    }
    return true;
}

/* Is the answer whole? Only Content-Length is known here. */
static bool is_whole(const struct connection *c)
{
    const char *end = strstr(c->answer, "\r\n\r\n");
    const char *length = strcasestr(c->answer, "\r\ncontent-length:");
    if (end == NULL)
        return false;
    size_t head = (size_t)(end - c->answer) + 4;
    size_t body = length != NULL && length < end ? (size_t)strtoul(length + 17, NULL, 10) : 0;
    return c->got >= head + body;
}

static void finish(struct load *l, struct connection *c)
{
    bool fine = strncmp(c->answer, "HTTP/1.1 200", 12) == 0;
    if (!fine && l->failed++ == 0)
        fprintf(stderr, "load: first refusal:\n%.600s\n", c->answer);
    if (l->shows)
        puts(c->answer);
    l->took_us[l->done++] = now_us() - c->began_us;
}

/* False: this connection has nothing more to do. */
static bool on_readable(struct load *l, struct connection *c)
{
    ssize_t n = recv(c->fd, c->answer + c->got, sizeof c->answer - 1 - c->got, 0);
    if (n <= 0)
        check_failed("LOAD", "the server closed a connection", __FILE__, __LINE__, __func__);
    c->got += (size_t)n;
    c->answer[c->got] = '\0';
    if (!is_whole(c))
        return true;
    finish(l, c);
    return now_us() < l->deadline_us && begin(l, c);
}

/* ---- all of them
 * ------------------------------------------------------------------------------------ */

static void run(struct load *l)
{
    static struct connection *all[CONNECTIONS_MAX];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    size_t open = 0;
    for (size_t i = 0; i < l->connections; i++) {
        all[i] = check_alloc(sizeof **all);
        all[i]->fd = dial(l->tcp_port);
        epoll_ctl(epoll, EPOLL_CTL_ADD, all[i]->fd,
                  &(struct epoll_event){.events = EPOLLIN, .data.ptr = all[i]});
    }
    for (size_t i = 0; i < l->connections; i++)
        open += begin(l, all[i]);
    while (open > 0) {
        struct epoll_event ready[64];
        int n = epoll_wait(epoll, ready, 64, 30000);
        if (n == 0)
            check_failed("LOAD", "no answer in 30 s", __FILE__, __LINE__, __func__);
        for (int i = 0; i < n; i++)
            open -= !on_readable(l, ready[i].data.ptr);
    }
    for (size_t i = 0; i < l->connections; i++) {
        close(all[i]->fd);
        free(all[i]);
    }
    close(epoll);
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void report(struct load *l, int64_t took_us)
{
    qsort(l->took_us, l->done, sizeof *l->took_us, compare);
    printf("answers=%zu failed=%zu seconds=%.3f rate=%.0f p50_us=%lld p99_us=%lld\n", l->done,
           l->failed, (double)took_us / 1e6, (double)(l->done - l->failed) * 1e6 / (double)took_us,
           (long long)l->took_us[l->done / 2], (long long)l->took_us[l->done * 99 / 100]);
}

/* ---- the command line
 * --------------------------------------------------------------------------------- */

static bool take_option(struct load *l, const char *option)
{
    const struct {
        const char *name;
        const char **value;
    } options[] = {{"key=", &l->key_id},  {"secret=", &l->secret}, {"region=", &l->region},
                   {"image=", &l->image}, {"id=", &l->id},         {"form=", &l->form},
                   {"zones=", &l->zones}, {"tokens=", &l->tokens}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (str_has_prefix(option, options[i].name)) {
            *options[i].value = option + strlen(options[i].name);
            return true;
        }
    return false;
}

static bool read_line(struct load *l, int argc, char **argv)
{
    int64_t number[4];
    for (int i = 0; i < 4; i++)
        if (argc < 6 || !str_parse_i64(argv[2 + i], 1, 10000000, &number[i]))
            return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(argv[1], kinds[i].name))
            l->kind = &kinds[i];
    l->tcp_port = (int)number[0];
    l->connections = (size_t)number[1];
    l->count = (size_t)number[2];
    l->deadline_us = number[3] * 1000000;
    l->shows = l->count == 1;
    for (int i = 6; i < argc; i++)
        if (!take_option(l, argv[i]))
            return false;
    return l->kind != NULL && l->connections <= CONNECTIONS_MAX;
}

int main(int argc, char **argv)
{
    struct load l = {.key_id = "",
                     .secret = "",
                     .region = "local",
                     .image = "",
                     .id = "",
                     .form = "",
                     .zones = "",
                     .tokens = "bench"};
    if (!read_line(&l, argc, argv)) {
        fprintf(stderr, "usage: load WHAT PORT CONNECTIONS COUNT SECONDS [NAME=VALUE]...\n");
        return 2;
    }
    l.requests = check_alloc(l.count * sizeof *l.requests);
    l.took_us = check_alloc(l.count * sizeof *l.took_us);
    for (size_t i = 0; i < l.count; i++)
        make_request(&l, i, &l.requests[i]);
    int64_t began_us = now_us();
    l.deadline_us += began_us;
    run(&l);
    report(&l, now_us() - began_us);
    for (size_t i = 0; i < l.count; i++)
        buf_fini(&l.requests[i]);
    free(l.requests);
    free(l.took_us);
    return l.failed > 0;
}
