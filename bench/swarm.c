/* swarm.c - many hosts of one cluster-manager, over real HTTPS, each with a certificate of its own.
 *
 *   swarm DATA PORT HOSTS SERVER_PID REST_SECONDS CHANGES PUBLIC_PORT BACKLOG KEY SECRET REGION
 * FORM
 *
 * DATA is the cluster-manager's folder, where one token for each host is left as its `token` verb
 * leaves one. Every host joins, then keeps a sync up and does nothing else. When all have been
 * answered twice it measures what SERVER_PID takes of a core while nothing changes, then asks the
 * cloud for CHANGES instances, one after the other by FORM, and notes how long each takes to reach
 * a host: from before the request is sent. Prints one line of name=value. Then somebody else asks
 * for BACKLOG instances at once, and a second line says at which CLOCK_MONOTONIC the hosts had
 * them. */
#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "bench/ec2.h"
#include "bench/tls_host.h"
#include "cluster-manager/core.h"
#include "proto/auth/token.h"
#include "proto/http/enroll.h"
#include "proto/sync/admit.h"
#include "proto/sync/item.h"
#include "proto/wire/messages.h"
#include "tests/unit/asking.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_FIRST = 2, CHANGE_PAUSE_MS = 20, CHANGE_PATIENCE_MS = 10000 };

struct host {
    struct tls_host tls;
    int64_t seq, applied, answers;
    char store_id[40], start_id[40];
    char address[16], url[64]; /* what it says of itself, as a real host does at its start */
};

struct swarm {
    struct host *hosts;
    size_t len, ready;
    int tcp_port, epoll;
    SSL_CTX *context;
    struct ec2_caller cloud;
    const char *form;
    char waited[64];          /* the instance whose wish is waited for; "" = none */
    int64_t arrived_us;       /* its wish; 0 = not yet */
    uint64_t answers, wishes; /* wishes: of instances, to be made */
    int launches;
};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- joining ------------------------------------------------------------------------------- */

static void leave_tokens(const char *data, int tcp_port, struct host *hosts, size_t len,
                         struct buf *tokens)
{
    struct err err = {0};
    char path[512], address[64], hash[DIGEST_SHA256_HEX_SIZE];
    struct enroll_identity id = {0};
    struct cert_info root;
    struct store *store = NULL;
    struct rng rng = rng_system();
    struct clock clock = clock_system();
    snprintf(path, sizeof path, "%.400s/identity", data);
    enum err_code code = enroll_load(&id, path, &err);
    INV(code == ERR_OK);
    code = cert_info_read(&root, buf_str(&id.ca), &err);
    INV(code == ERR_OK);
    snprintf(path, sizeof path, "%.400s/cluster.db", data);
    code = store_open(&store, path, &cluster_schema, &err);
    INV(code == ERR_OK);
    snprintf(address, sizeof address, "127.0.0.1:%d", tcp_port);
    store_begin(store);
    for (size_t i = 0; i < len; i++) {
        snprintf(hosts[i].tls.node, sizeof hosts[i].tls.node, "h%04zu", i);
        code = token_make(&tokens[i], address, root.fingerprint, hosts[i].tls.node, &rng, &err);
        INV(code == ERR_OK);
        token_hash(hash, buf_str(&tokens[i]));
        admit_token_add(store, hash, hosts[i].tls.node, "host",
                        clock.read(clock.self).wall_ms + ADMIT_TOKEN_LIFE_MS);
    }
    code = store_commit(store, &err);
    INV(code == ERR_OK);
    store_close(store);
    enroll_fini(&id);
}

static void join_all(struct swarm *s, const char *data)
{
    struct buf *tokens = check_alloc(s->len * sizeof *tokens);
    leave_tokens(data, s->tcp_port, s->hosts, s->len, tokens);
    for (size_t i = 0; i < s->len; i++) {
        tls_host_join(&s->hosts[i].tls, s->context, s->tcp_port, buf_str(&tokens[i]));
        buf_fini(&tokens[i]);
    }
    free(tokens);
}

/* ---- syncs --------------------------------------------------------------------------------- */

static const char room[] =
    "{\"room\":[{\"class\":\"memory_mib\",\"total\":262144,\"free\":262144},{\"class\":\"vcpu\","
    "\"total\":64,\"free\":64},{\"class\":\"disk_gib\",\"total\":4096,\"free\":4096}]}";

/* Where its tunnels end and where it gives images away: a launch is told to others by these. */
enum { FACTS = 2 };

static void state(const struct host *h, struct arena *arena, struct wire_item facts[FACTS])
{
    facts[0] = (struct wire_item){.kind = "tunnel",
                                  .body = arena_printf(arena, "{\"address\":\"%s\"}", h->address)};
    facts[1] = (struct wire_item){.kind = "share",
                                  .body = arena_printf(arena, "{\"url\":\"%s\"}", h->url)};
    for (int i = 0; i < FACTS; i++) {
        facts[i].id = "self";
        facts[i].gone = facts[i].error = "";
        facts[i].number = i + 1;
    }
}

/* The first one carries the facts, and is answered at once. */
static void ask(struct host *h)
{
    CLEANUP(buf_fini) struct buf message = {0};
    struct clock clock = clock_system();
    struct arena arena = {0};
    struct wire_item facts[FACTS];
    bool is_first = h->seq == 0;
    uint64_t sum = 0;
    state(h, &arena, facts);
    for (int i = 0; i < FACTS; i++)
        sum += sync_item_hash(facts[i].kind, facts[i].id, 0, 0, facts[i].number);
    struct wire_sync_request m = {.t_send = clock.read(clock.self).boot_ms,
                                  .busy = is_first,
                                  .store_id_seen = h->store_id,
                                  .start_id_seen = h->start_id,
                                  .applied_rev = h->applied,
                                  .facts_from = is_first ? 1 : FACTS + 1,
                                  .facts_to = FACTS,
                                  .facts_sum = sum,
                                  .seen = facts,
                                  .seen_len = is_first ? FACTS : 0,
                                  .capacity = room};
    asking_fill(&m, h->tls.node, h->tls.node, 1, ++h->seq);
    wire_encode(&message, &wire_sync_request_type, &m);
    arena_fini(&arena);
    tls_host_send(&h->tls, &message);
}

/* The value of a field that stands once before the wishes, as the table of the message has it. */
static const char *field(const char *body, const char *name)
{
    const char *at = strstr(body, name);
    INV(at != NULL);
    return at + strlen(name);
}

static void take_text(char *out, size_t size, const char *from)
{
    size_t len = strcspn(from, "\"");
    INV(len < size);
    memcpy(out, from, len);
    out[len] = '\0';
}

/* Looked through and not decoded: 2,000 hosts are told of 3,500 ports each, by one process. */
static void take(struct swarm *s, struct host *h, const char *body)
{
    static const char kind[] = "\"kind\":\"instance\",\"id\":\"";
    for (const char *at = body; (at = strstr(at, kind)) != NULL; s->wishes++) {
        at += sizeof kind - 1;
        if (*s->waited != '\0' && strncmp(at, s->waited, strlen(s->waited)) == 0)
            s->arrived_us = now_us();
    }
    h->applied = (int64_t)strtoull(field(body, "\"rev\":"), NULL, 10);
    take_text(h->store_id, sizeof h->store_id, field(body, "\"store_id\":\""));
    take_text(h->start_id, sizeof h->start_id, field(body, "\"start_id\":\""));
    s->answers++;
    s->ready += ++h->answers == ROUNDS_FIRST;
}

static void turn(struct swarm *s, int timeout_ms)
{
    struct epoll_event ready[256];
    int n = epoll_wait(s->epoll, ready, 256, timeout_ms);
    for (int i = 0; i < n; i++) {
        struct host *h = ready[i].data.ptr;
        const char *body;
        size_t len;
        if (!tls_host_take(&h->tls, &body, &len))
            continue;
        take(s, h, body);
        ask(h);
    }
}

static void begin(struct swarm *s)
{
    for (size_t i = 0; i < s->len; i++) {
        struct host *h = &s->hosts[i];
        snprintf(h->address, sizeof h->address, "10.255.%zu.%zu", i / 250 % 250, i % 250 + 1);
        snprintf(h->url, sizeof h->url, "https://%s:8784", h->address);
        tls_host_open(&h->tls, s->context, s->tcp_port);
        epoll_ctl(s->epoll, EPOLL_CTL_ADD, h->tls.fd,
                  &(struct epoll_event){.events = EPOLLIN, .data.ptr = h});
        ask(h);
        turn(s, 0);
    }
    int64_t patience_us = now_us() + 60000000;
    while (s->ready < s->len && now_us() < patience_us)
        turn(s, 100);
    INV(s->ready == s->len);
}

/* ---- at rest ------------------------------------------------------------------------------- */

/* CPU time of another process, in ticks of the kernel's clock. */
static int64_t cpu_us(long pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "re");
    INV(f != NULL);
    size_t len = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[len] = '\0';
    const char *end = strrchr(text, ')');
    INV(end != NULL);
    for (int field = 2; field < 14; field++) { /* proc(5): the name is 2, utime 14, stime 15 */
        end = strchr(end + 1, ' ');
        INV(end != NULL);
    }
    char *system;
    unsigned long user_ticks = strtoul(end, &system, 10), system_ticks = strtoul(system, NULL, 10);
    return (int64_t)(user_ticks + system_ticks) * 1000000 / sysconf(_SC_CLK_TCK);
}

static void rest(struct swarm *s, long pid, int64_t seconds)
{
    int64_t began_us = now_us(), cpu_before_us = cpu_us(pid);
    uint64_t before = s->answers;
    while (now_us() - began_us < seconds * 1000000)
        turn(s, 50);
    double took_us = (double)(now_us() - began_us),
           spent_us = (double)(cpu_us(pid) - cpu_before_us);
    printf("rest_share=%.4f rest_rate=%.0f rest_us=%.1f ", spent_us / took_us,
           (double)(s->answers - before) * 1e6 / took_us, spent_us / (double)(s->answers - before));
}

/* ---- changes ------------------------------------------------------------------------------- */

static void pause_ms(struct swarm *s, int64_t ms)
{
    for (int64_t end_us = now_us() + ms * 1000; now_us() < end_us;)
        turn(s, 5);
}

/* One call on a connection of its own; the answer is short and comes at once. */
static void launch(struct swarm *s)
{
    char answer[16384];
    size_t len = 0;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)s->cloud.tcp_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CLEANUP(buf_fini) struct buf request = {0};
    CLEANUP(buf_fini) struct buf form = {0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = connect(fd, (const struct sockaddr *)&to, sizeof to);
    INV(failed == 0);
    buf_printf(&form, "%s&ClientToken=swarm-%d", s->form, ++s->launches); /* no two are equal */
    ec2_request(&s->cloud, buf_str(&form), &request);
    ssize_t sent = send(fd, request.data, request.len, MSG_NOSIGNAL);
    INV(sent == (ssize_t)request.len);
    const char *id = NULL;
    while (id == NULL || strstr(id, "</instanceId>") == NULL) {
        ssize_t n = recv(fd, answer + len, sizeof answer - 1 - len, 0);
        if (n <= 0)
            check_failed("SWARM", answer, __FILE__, __LINE__, __func__);
        len += (size_t)n;
        answer[len] = '\0';
        id = strstr(answer, "<instanceId>");
    }
    close(fd);
    str_copy(s->waited, sizeof s->waited, id + strlen("<instanceId>"));
    s->waited[strcspn(s->waited, "<")] = '\0';
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void change(struct swarm *s, size_t count)
{
    int64_t *took_us = check_alloc(count * sizeof *took_us);
    for (size_t i = 0; i < count; i++) {
        pause_ms(s, CHANGE_PAUSE_MS);
        int64_t began_us = now_us();
        s->arrived_us = 0;
        launch(s);
        while (s->arrived_us == 0 && now_us() - began_us < CHANGE_PATIENCE_MS * 1000)
            turn(s, 5);
        INV(s->arrived_us != 0);
        took_us[i] = s->arrived_us - began_us;
        s->waited[0] = '\0';
    }
    qsort(took_us, count, sizeof *took_us, compare);
    size_t middle = count / 2, last = count * 99 / 100;
    printf("change_p50_ms=%.1f change_p99_ms=%.1f\n", (double)took_us[middle] / 1e3,
           (double)took_us[last] / 1e3);
    free(took_us);
}

static void drain(struct swarm *s, uint64_t count)
{
    uint64_t all = s->wishes + count;
    int64_t patience_us = now_us() + 120000000;
    while (s->wishes < all && now_us() < patience_us)
        turn(s, 5);
    INV(s->wishes >= all);
    printf("drained_at_s=%.6f\n", (double)now_us() / 1e6);
}

int main(int argc, char **argv)
{
    int64_t number[7];
    struct swarm s = {0};
    bool fine = argc == 13;
    for (int i = 0; fine && i < 7; i++)
        fine = str_parse_i64(argv[2 + i], 1, 10000000, &number[i]);
    if (!fine) {
        fprintf(stderr, "usage: swarm DATA PORT HOSTS SERVER_PID REST_SECONDS CHANGES PUBLIC_PORT "
                        "BACKLOG KEY SECRET REGION FORM\n");
        return 2;
    }
    struct rlimit files = {65536, 65536};
    setrlimit(RLIMIT_NOFILE, &files);
    s.tcp_port = (int)number[0];
    s.len = (size_t)number[1];
    s.cloud = (struct ec2_caller){(int)number[5], argv[9], argv[10], argv[11]};
    s.form = argv[12];
    s.hosts = check_alloc(s.len * sizeof *s.hosts);
    s.context = SSL_CTX_new(TLS_client_method());
    s.epoll = epoll_create1(EPOLL_CLOEXEC);
    INV(s.context != NULL && s.epoll >= 0);
    join_all(&s, argv[1]);
    begin(&s);
    rest(&s, (long)number[2], number[3]);
    change(&s, (size_t)number[4]);
    fflush(stdout);
    drain(&s, (uint64_t)number[6]);
    for (size_t i = 0; i < s.len; i++)
        tls_host_close(&s.hosts[i].tls);
    SSL_CTX_free(s.context);
    close(s.epoll);
    free(s.hosts);
    return 0;
}
