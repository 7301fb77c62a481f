/* network_server_test.c - the metadata server on real sockets of the loopback: who asks decides
 * what is told, tokens leave with the instance's hop limit, slow and many connections are bounded
 * (must 12, must 19, I21). Time of deadlines is the loop's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/rng.h"
#include "computer-manager/effect/metadata_server.h"
#include "tests/unit/network_facts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum { VNI = 10, TURNS_MAX = 20000 };

struct rig {
    uv_loop_t loop;
    struct metadata_server *server;
    struct metadata_instance instance;
    struct sockaddr_in at;
    int64_t asked_vni;
    uint32_t asked_address;
};

static const struct metadata_instance *find(void *self, int64_t vni, uint32_t address)
{
    struct rig *rig = self;
    rig->asked_vni = vni;
    rig->asked_address = address;
    return address == 0x7f000001 ? &rig->instance : NULL;
}

/* A listening socket on a loopback address, as computer-network would send it. */
static int listening(struct sockaddr_in *at)
{
    socklen_t len = sizeof *at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof *at), 0);
    assert_int_equal(listen(fd, 512), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
    return fd;
}

static int set_up(void **state)
{
    static struct rig rig;
    struct rng rng = rng_system();
    struct clock clock = clock_system();
    rig = (struct rig){.instance = network_facts_instance()};
    uv_loop_init(&rig.loop);
    rig.server = metadata_server_new(&rig.loop, find, &rig, &rng, &clock);
    metadata_server_listen(rig.server, VNI, listening(&rig.at));
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    metadata_server_free(rig->server);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    return uv_loop_close(&rig->loop); /* busy: a handle leaked */
}

/* A guest at 127.0.0.`host`. */
static int dial(struct rig *rig, uint32_t host)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 + host)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&rig->at, sizeof rig->at), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* Turns the loop until the other end has closed; what it said is in `out`. Its TTL is kept. */
static void hear(struct rig *rig, int fd, struct buf *out)
{
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        char part[512];
        uv_run(&rig->loop, UV_RUN_NOWAIT);
        ssize_t got = recv(fd, part, sizeof part, 0);
        if (got > 0)
            buf_append(out, part, (size_t)got);
        else if (got == 0 || errno != EAGAIN)
            return;
        else
            poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 1); /* TURNS_MAX bounds these */
    }
    fail_msg("no end of the answer");
}

static void ask(struct rig *rig, uint32_t host, const char *request, struct buf *out)
{
    int fd = dial(rig, host);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (int)strlen(request));
    hear(rig, fd, out);
    close(fd);
}

static void the_peer_decides_who_it_is(void **state)
{
    struct rig *rig = *state;
    CLEANUP(buf_fini) struct buf out = {0};
    ask(rig, 1,
        "GET /latest/meta-data/local-ipv4 HTTP/1.1\r\nX-Forwarded-For: 10.0.0.1\r\n"
        "X-Instance-Id: i-11111111\r\n\r\n",
        &out);
    assert_int_equal(rig->asked_vni, VNI);
    assert_int_equal(rig->asked_address, 0x7f000001);
    assert_non_null(strstr(buf_str(&out), "HTTP/1.1 200 OK\r\n"));
    assert_non_null(
        strstr(buf_str(&out), "Content-Length: 10\r\nConnection: close\r\n\r\n172.31.0.5"));
    buf_clear(&out);
    ask(rig, 2, "GET /latest/meta-data/local-ipv4 HTTP/1.1\r\n\r\n", &out);
    assert_non_null(strstr(buf_str(&out), "HTTP/1.1 404 "));
}

static void a_head_has_no_body(void **state)
{
    struct rig *rig = *state;
    CLEANUP(buf_fini) struct buf out = {0};
    ask(rig, 1, "HEAD /latest/meta-data/local-ipv4 HTTP/1.1\r\n\r\n", &out);
    assert_non_null(strstr(buf_str(&out), "Content-Length: 10\r\n"));
    assert_string_equal(strstr(buf_str(&out), "\r\n\r\n"), "\r\n\r\n");
}

static void refusals_are_answered_and_closed(void **state)
{
    struct rig *rig = *state;
    CLEANUP(buf_fini) struct buf out = {0};
    ask(rig, 1, "POST / HTTP/1.1\r\n\r\n", &out);
    assert_non_null(strstr(buf_str(&out), "HTTP/1.1 405 Method Not Allowed\r\n"));
}

/* A whole conversation of version 2, byte by byte. */
static void a_token_opens(void **state)
{
    struct rig *rig = *state;
    static const char request[] = "PUT /latest/api/token HTTP/1.1\r\n"
                                  "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n";
    CLEANUP(buf_fini) struct buf out = {0}, next = {0};
    rig->instance.tokens = METADATA_TOKENS_REQUIRED;
    int fd = dial(rig, 1);
    for (size_t i = 0; i < sizeof request - 1; i++) {
        assert_int_equal(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    }
    hear(rig, fd, &out);
    close(fd);
    assert_non_null(strstr(buf_str(&out), "X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 60\r\n"));
    buf_printf(&next, "GET /latest/meta-data/mac HTTP/1.1\r\nX-aws-ec2-metadata-token: %s\r\n\r\n",
               strstr(buf_str(&out), "\r\n\r\n") + 4);
    buf_clear(&out);
    ask(rig, 1, next.data, &out);
    assert_non_null(strstr(buf_str(&out), "02:00:00:00:00:05"));
}

/* Lets only segments from that port in: the loopback is everybody's. */
static void only_from(int raw, uint16_t tcp_port)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), /* length of the IP header */
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 0),  /* source port */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, tcp_port, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    assert_int_equal(setsockopt(raw, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
}

/* TTL of the segment that carries the answer, as the guest's stack receives it. */
static int ttl_of(struct rig *rig, const char *request)
{
    CLEANUP(buf_fini) struct buf out = {0};
    int raw = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP), ttl = -1;
    if (raw < 0)
        return -2;
    only_from(raw, ntohs(rig->at.sin_port));
    ask(rig, 1, request, &out);
    unsigned char packet[2048];
    for (ssize_t got; (got = recv(raw, packet, sizeof packet, 0)) > 0;) {
        size_t head = (size_t)(packet[0] & 15) * 4, tcp = (size_t)(packet[head + 12] >> 4) * 4;
        bool ours = memcmp(packet + head, &rig->at.sin_port, 2) == 0;
        if (ours && (size_t)got > head + tcp)
            ttl = packet[8];
    }
    close(raw);
    return ttl;
}

static void tokens_travel_one_hop(void **state)
{
    struct rig *rig = *state;
    int ttl = ttl_of(rig, "PUT /latest/api/token HTTP/1.1\r\n"
                          "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n");
    if (ttl == -2)
        fail_msg("a raw socket is needed: run as root");
    assert_int_equal(ttl, 1);
    rig->instance.hop_limit = 3;
    assert_int_equal(ttl_of(rig, "PUT /latest/api/token HTTP/1.1\r\n"
                                 "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n"),
                     3);
    assert_in_range(ttl_of(rig, "GET / HTTP/1.1\r\n\r\n"), 32, 255);
}

static void one_guest_cannot_hold_all(void **state)
{
    struct rig *rig = *state;
    int fds[METADATA_PEER_MAX + 8];
    size_t len = sizeof fds / sizeof *fds;
    CLEANUP(buf_fini) struct buf out = {0};
    for (size_t i = 0; i < len; i++) {
        fds[i] = dial(rig, 3);
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    }
    for (int turn = 0; turn < 100; turn++)
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    assert_int_equal(metadata_server_connections(rig->server), METADATA_PEER_MAX);
    ask(rig, 1, "GET /latest/meta-data/mac HTTP/1.1\r\n\r\n", &out);
    assert_non_null(strstr(buf_str(&out), "02:00:00:00:00:05"));
    for (size_t i = 0; i < len; i++)
        close(fds[i]);
}

static void all_guests_together_are_bounded(void **state)
{
    struct rig *rig = *state;
    static int fds[METADATA_CONNECTIONS_MAX + 40];
    size_t len = sizeof fds / sizeof *fds;
    for (size_t i = 0; i < len; i++) {
        fds[i] = dial(rig, 10 + (uint32_t)(i / 30));
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    }
    for (int turn = 0; turn < 100; turn++)
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    assert_int_equal(metadata_server_connections(rig->server), METADATA_CONNECTIONS_MAX);
    for (size_t i = 0; i < len; i++)
        close(fds[i]);
}

/* A head that never ends is not waited for. */
static void a_slow_head_is_cut(void **state)
{
    struct rig *rig = *state;
    CLEANUP(buf_fini) struct buf out = {0};
    int fd = dial(rig, 1);
    assert_int_equal(send(fd, "GET / HT", 8, MSG_NOSIGNAL), 8);
    uint64_t start = uv_hrtime();
    hear(rig, fd, &out);
    uint64_t ms = (uv_hrtime() - start) / 1000000;
    assert_int_equal(out.len, 0);
    assert_in_range(ms, METADATA_HEAD_MS - 100, METADATA_HEAD_MS + 10000);
    close(fd);
}

/* Sockets follow the messages: replaced, dropped, gone with an earlier channel. */
static void listeners_come_and_go(void **state)
{
    struct rig *rig = *state;
    struct sockaddr_in second;
    CLEANUP(buf_fini) struct buf out = {0};
    int held = dial(rig, 1);
    uv_run(&rig->loop, UV_RUN_NOWAIT);
    metadata_server_age(rig->server);
    metadata_server_listen(rig->server, VNI, listening(&second));
    hear(rig, held, &out); /* its connections go with the listener that is replaced */
    close(held);
    rig->at = second;
    metadata_server_settle(rig->server);
    ask(rig, 1, "GET /latest/meta-data/mac HTTP/1.1\r\n\r\n", &out);
    assert_non_null(strstr(buf_str(&out), "02:00:00:00:00:05"));
    metadata_server_age(rig->server);
    metadata_server_settle(rig->server);
    for (int turn = 0; turn < 10; turn++)
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&second, sizeof second), -1);
    close(fd);
    metadata_server_drop(rig->server, VNI); /* again is fine */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_peer_decides_who_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_head_has_no_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals_are_answered_and_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_token_opens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tokens_travel_one_hop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_guest_cannot_hold_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_guests_together_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_head_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(listeners_come_and_go, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
