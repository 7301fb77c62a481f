/* load.c - asks one HTTP server as fast as it answers, over many kept connections.
 *
 *   load WHAT PORT CONNECTIONS COUNT SECONDS [NAME=VALUE]...
 *
 * WHAT is a row of `kinds` below. Requests are made and signed before the clock starts. It ends
 * after COUNT answers or SECONDS, whichever comes first, and prints one line of name=value. Used by
 * bench/run against 127.0.0.1 only. */
#include "base/buf.h"
#include "base/check.h"
#include "base/str.h"
#include "bench/ec2.h"

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

enum { CONNECTIONS_MAX = 1024, ANSWER_MAX = 64 * 1024, KEPT_MAX = 1 << 20, ZONES_MAX = 16 };

struct load {
    const struct kind *kind;
    int tcp_port;
    size_t connections, count;
    int64_t deadline_us;
    const char *key_id, *secret, *region, *image, *id, *form;
    const char *zones;  /* letters, taken in turn */
    const char *target; /* of a GET or PUT; an object that is put gets its number behind */
    const char *bytes;  /* of a body */
    const char *each;   /* instances that a call asks for */
    const char *tokens; /* client tokens begin so: a second run is none of repeats */
    struct buf *requests;
    size_t next, done, failed;
    int64_t *took_us;
    bool shows; /* the first answer goes to stdout */
};

struct kind {
    const char *name;
    void (*form)(const struct load *l, size_t i, struct buf *out);
    const char *method;
    bool is_signed, is_s3;
};

struct connection {
    int fd;
    const struct buf *request;
    size_t sent, got, need; /* bytes of its answer; need is known when its head is here */
    int64_t began_us;
    struct buf answer; /* its beginning */
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
               "Action=RunInstances&Version=2016-11-15&ImageId=%s&InstanceType=t1.nano&MinCount=%s"
               "&MaxCount=%s&ClientToken=%s-%zu",
               l->image, l->each, l->each, l->tokens, i);
    if (zones > 0)
        buf_printf(out, "&Placement.AvailabilityZone=%s%c", l->region, l->zones[i % zones]);
}

static void form_describe(const struct load *l, size_t i, struct buf *out)
{
    (void)i;
    buf_printf(out, "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=%s", l->id);
}

static void form_page(const struct load *l, size_t i, struct buf *out)
{
    (void)l, (void)i;
    buf_text(out, "Action=DescribeInstances&Version=2016-11-15&MaxResults=100");
}

static void form_given(const struct load *l, size_t i, struct buf *out)
{
    (void)i;
    buf_text(out, l->form);
}

/* As many bytes as asked for, no two bodies alike. */
static void form_row(const struct load *l, size_t i, struct buf *out)
{
    size_t bytes = (size_t)strtoul(l->bytes, NULL, 10);
    buf_printf(out, "{\"id\":\"row-%zu\",\"text\":\"", i);
    while (out->len + 2 < bytes)
        buf_char(out, 'x');
    buf_text(out, "\"}");
}

static void form_none(const struct load *l, size_t i, struct buf *out)
{
    (void)l, (void)i, (void)out;
}

static const struct kind kinds[] = {
    {"run-instances", form_run, "POST", true, false},
    {"describe-instance", form_describe, "POST", true, false},
    {"describe-page", form_page, "POST", true, false},
    {"ec2", form_given, "POST", true, false},
    {"s3-get", form_none, "GET", true, true},
    {"s3-put", form_row, "PUT", true, true},
    {"s3-make", form_none, "PUT", true, true},
    {"row", form_row, "POST", false, false},
    {"get", form_none, "GET", false, false},
};

static void make_request(const struct load *l, size_t i, struct buf *out)
{
    struct ec2_caller caller = {l->tcp_port, l->key_id, l->secret, l->region};
    char target[512];
    CLEANUP(buf_fini) struct buf form = {0};
    l->kind->form(l, i, &form);
    if (l->kind->form == form_row && l->kind->is_s3)
        snprintf(target, sizeof target, "%.400s-%zu", l->target, i);
    else
        snprintf(target, sizeof target, "%.400s", l->target);
    if (l->kind->is_s3)
        s3_request(&caller, l->kind->method, target, &form, out);
    else if (l->kind->is_signed)
        ec2_request(&caller, buf_str(&form), out);
    else
        buf_printf(out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: %zu\r\n\r\n%s",
                   l->kind->method, target, l->tcp_port, form.len, buf_str(&form));
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
    c->got = c->need = 0;
    buf_clear(&c->answer);
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

/* How long the answer is; 0 while its head is not here. Only Content-Length is known here. */
static size_t length_of(const struct connection *c)
{
    const char *end = strstr(buf_str(&c->answer), "\r\n\r\n");
    const char *length = strcasestr(buf_str(&c->answer), "\r\ncontent-length:");
    if (end == NULL)
        return 0;
    size_t head = (size_t)(end - c->answer.data) + 4;
    return head + (length != NULL && length < end ? (size_t)strtoul(length + 17, NULL, 10) : 0);
}

static void finish(struct load *l, struct connection *c)
{
    bool fine = strncmp(buf_str(&c->answer), "HTTP/1.1 200", 12) == 0;
    if (!fine && l->failed++ == 0)
        fprintf(stderr, "load: first refusal:\n%.600s\n", buf_str(&c->answer));
    if (l->shows)
        puts(buf_str(&c->answer));
    l->took_us[l->done++] = now_us() - c->began_us;
}

/* False: this connection has nothing more to do. */
static bool on_readable(struct load *l, struct connection *c)
{
    static char piece[ANSWER_MAX];
    ssize_t n = recv(c->fd, piece, sizeof piece, 0);
    if (n <= 0)
        check_failed("LOAD", "the server closed a connection", __FILE__, __LINE__, __func__);
    c->got += (size_t)n;
    if (c->answer.len < KEPT_MAX)
        buf_append(&c->answer, piece, (size_t)n);
    if (c->need == 0)
        c->need = length_of(c);
    if (c->need == 0 || c->got < c->need)
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
        buf_fini(&all[i]->answer);
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
    } options[] = {{"key=", &l->key_id},    {"secret=", &l->secret}, {"region=", &l->region},
                   {"image=", &l->image},   {"id=", &l->id},         {"form=", &l->form},
                   {"zones=", &l->zones},   {"tokens=", &l->tokens}, {"each=", &l->each},
                   {"target=", &l->target}, {"bytes=", &l->bytes}};
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
                     .target = "/",
                     .bytes = "600",
                     .each = "1",
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
