/* The TLS front and the client: who may connect, as whom, to whom. */
#include "tests/unit/http_rig.h"

#include "base/check.h"
#include "base/str.h"

#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
/* cmocka last: it wants the four above */
#include <cmocka.h>

enum { BODY_MAX = 3 * 1024 * 1024 };

static struct rig_certs certs;
static int64_t handshake_ms; /* 0 = the usual */

static struct http_tls parent_tls(void)
{
    return (struct http_tls){.cert_pem = buf_str(&certs.parent_cert),
                             .key_pem = buf_str(&certs.parent_key),
                             .ca_pem = buf_str(&certs.root_cert)};
}

static struct http_tls child_tls(void)
{
    return (struct http_tls){.cert_pem = buf_str(&certs.child_cert),
                             .key_pem = buf_str(&certs.child_key),
                             .ca_pem = buf_str(&certs.root_cert)};
}

static uint16_t listen_tier(struct rig *rig, enum http_client_cert client_cert)
{
    const struct http_tls tls = parent_tls();
    const struct http_listen listen = {.face = FACE_TIER,
                                       .address = "127.0.0.1",
                                       .tls = &tls,
                                       .client_cert = client_cert,
                                       .body_max_bytes = BODY_MAX,
                                       .limits = {.handshake_ms = handshake_ms, .sweep_ms = 20}};
    struct err err = {0};
    size_t at;
    if (http_server_listen(rig->server, &listen, &at, &err) != ERR_OK)
        fail_msg("%s", err.text);
    return http_server_tcp_port(rig->server, at);
}

static void name_parent(struct rig *rig, const char *node_name, uint16_t tcp_port)
{
    char address[64];
    const char *addresses[] = {address};
    struct err err = {0};
    snprintf(address, sizeof address, "https://127.0.0.1:%u", tcp_port);
    INV(http_client_peer(rig->client, "parent", node_name, addresses, 1, &err) == ERR_OK);
}

static void want_call(struct rig *rig, const char *method, const char *target, const char *body,
                      size_t body_len, int64_t timeout_ms)
{
    struct effect_call *call = &rig->calls[rig->calls_len++];
    *call = (struct effect_call){.call_id = rig->calls_len,
                                 .peer = "parent",
                                 .method = method,
                                 .target = target,
                                 .body = body,
                                 .body_len = body_len,
                                 .timeout_ms = timeout_ms};
    rig->ends_wanted++;
}

/* One call under `tls` to a listener; the answer's status, and its body in `body`. */
static int call_as(const struct http_tls *tls, const char *node_name,
                   enum http_client_cert client_cert, char body[256])
{
    struct rig rig;
    rig_init(&rig, NULL);
    name_parent(&rig, node_name, listen_tier(&rig, client_cert));
    http_client_tls(rig.client, tls);
    want_call(&rig, "GET", "/x", "", 0, 3000);
    rig_run(&rig);
    int status = rig_end(&rig, 1)->status;
    str_copy(body, 256, rig_end(&rig, 1)->body);
    assert_int_equal(rig_rows(&rig), status == 0 ? 0 : 1);
    rig_fini(&rig);
    return status;
}

/* Must 1. */
static void knows_the_client_by_its_certificate(void **state)
{
    char body[256];
    const struct http_tls child = child_tls();
    (void)state;
    assert_int_equal(call_as(&child, "parent-1", HTTP_CERT_REQUIRED, body), 200);
    assert_string_equal(body, "GET /x child-1 ");
}

static void refuses_a_client_without_one(void **state)
{
    char body[256];
    struct http_tls none = child_tls();
    none.cert_pem = none.key_pem = NULL;
    (void)state;
    assert_int_equal(call_as(&none, "parent-1", HTTP_CERT_REQUIRED, body), 0);
    assert_int_equal(call_as(&none, "parent-1", HTTP_CERT_OPTIONAL, body), 200);
    assert_string_equal(body, "GET /x  ");
}

/* The same name, signed by somebody else. */
static void refuses_a_stranger(void **state)
{
    char body[256];
    struct http_tls stranger = child_tls();
    stranger.cert_pem = buf_str(&certs.stranger_cert);
    stranger.key_pem = buf_str(&certs.stranger_key);
    (void)state;
    assert_int_equal(call_as(&stranger, "parent-1", HTTP_CERT_REQUIRED, body), 0);
    assert_int_equal(call_as(&stranger, "parent-1", HTTP_CERT_OPTIONAL, body), 0);
}

/* PROTOCOL 10: an expired certificate may renew; the core sees its dates. */
static void lets_an_expired_one_in(void **state)
{
    char body[256];
    struct http_tls old = child_tls();
    old.cert_pem = buf_str(&certs.old_cert);
    (void)state;
    assert_int_equal(call_as(&old, "parent-1", HTTP_CERT_REQUIRED, body), 200);
    assert_string_equal(body, "GET /x child-1 ");
}

static void refuses_a_parent_of_another_name(void **state)
{
    char body[256];
    const struct http_tls child = child_tls();
    (void)state;
    assert_int_equal(call_as(&child, "parent-2", HTTP_CERT_REQUIRED, body), 0);
}

static void refuses_a_parent_of_another_root(void **state)
{
    char body[256];
    struct http_tls child = child_tls();
    child.ca_pem = buf_str(&certs.stranger_cert);
    (void)state;
    assert_int_equal(call_as(&child, "parent-1", HTTP_CERT_REQUIRED, body), 0);
    child.ca_pem = NULL; /* and never the machine's own roots */
    assert_int_equal(call_as(&child, "parent-1", HTTP_CERT_REQUIRED, body), 0);
}

/* Joining: the token carries nothing but the root's fingerprint. */
static void trusts_a_root_by_its_fingerprint(void **state)
{
    char body[256], wrong[65];
    struct http_tls joining = {.ca_sha256 = certs.root_sha256};
    (void)state;
    assert_int_equal(call_as(&joining, "parent-1", HTTP_CERT_OPTIONAL, body), 200);
    assert_int_equal(call_as(&joining, "parent-2", HTTP_CERT_OPTIONAL, body), 0);
    str_copy(wrong, sizeof wrong, certs.root_sha256);
    wrong[0] = wrong[0] == '0' ? '1' : '0';
    joining.ca_sha256 = wrong;
    assert_int_equal(call_as(&joining, "parent-1", HTTP_CERT_OPTIONAL, body), 0);
}

/* PROTOCOL 10: by the later of the wall clock and the newest time known. */
static void judges_by_the_newest_time_known(void **state)
{
    char body[256];
    const struct clock clock = clock_system();
    struct http_tls child = child_tls();
    (void)state;
    child.newest_ms = clock.read(clock.self).wall_ms + 7200 * 1000; /* parent-1's is over by then */
    assert_int_equal(call_as(&child, "parent-1", HTTP_CERT_REQUIRED, body), 0);
    child.newest_ms = 1;
    assert_int_equal(call_as(&child, "parent-1", HTTP_CERT_REQUIRED, body), 200);
}

static void carries_large_bodies_and_many_calls(void **state)
{
    struct rig rig;
    const struct http_tls child = child_tls();
    char *body = check_alloc(BODY_MAX + 1);
    (void)state;
    memset(body, 'b', BODY_MAX);
    rig_init(&rig, NULL);
    name_parent(&rig, "parent-1", listen_tier(&rig, HTTP_CERT_REQUIRED));
    http_client_tls(rig.client, &child);
    for (int i = 0; i < 4; i++)
        want_call(&rig, "POST", "/big", body, BODY_MAX, 20000);
    for (int i = 0; i < 8; i++)
        want_call(&rig, "GET", "/small", "", 0, 20000);
    rig_run(&rig);
    for (uint64_t id = 1; id <= rig.calls_len; id++)
        assert_int_equal(rig_end(&rig, id)->status, 200);
    assert_memory_equal(rig_end(&rig, 1)->body, "POST /big child-1 bbbb", 22);
    rig_fini(&rig);
    free(body);
}

static void ends_a_call_at_its_deadline(void **state)
{
    struct rig rig;
    const struct http_tls child = child_tls();
    (void)state;
    rig_init(&rig, NULL);
    name_parent(&rig, "parent-1", listen_tier(&rig, HTTP_CERT_REQUIRED));
    http_client_tls(rig.client, &child);
    want_call(&rig, "GET", "/never", "", 0, 150);
    want_call(&rig, "GET", "/held", "", 0, 3000);
    rig_run(&rig);
    assert_int_equal(rig_end(&rig, 1)->status, 0);
    assert_int_equal(rig_end(&rig, 2)->status, 200);
    assert_string_equal(rig_end(&rig, 2)->body, "late");
    assert_in_range(loop_now(rig.loop).mono_ms - rig.began_ms, 150, 2500);
    assert_int_equal(http_client_len(rig.client), 0);
    rig_fini(&rig);
}

static void ends_a_call_to_nobody(void **state)
{
    struct rig rig;
    const struct http_tls child = child_tls();
    const char *const addresses[] = {"https://127.0.0.1:1", "https://127.0.0.1:1"};
    struct err err = {0};
    (void)state;
    rig_init(&rig, NULL);
    http_client_tls(rig.client, &child);
    INV(http_client_peer(rig.client, "parent", "parent-1", addresses, 2, &err) == ERR_OK);
    want_call(&rig, "GET", "/", "", 0, 3000);
    want_call(&rig, "GET", "/", "", 0, 3000);
    rig.calls[1].peer = "nobody";
    rig_run(&rig);
    assert_int_equal(rig_end(&rig, 1)->status, 0);
    assert_int_equal(rig_end(&rig, 2)->status, 0);
    rig_fini(&rig);
}

static void dials_only_what_is_safe(void **state)
{
    struct rig rig;
    struct err err = {0};
    const char *const bad[] = {"http://192.0.2.1:80",
                               "http://example.org",
                               "ftp://127.0.0.1",
                               "https://a/path",
                               "127.0.0.1:80",
                               "https://a/",
                               ""};
    const char *const good[] = {"http://127.0.0.1:80", "http://[::1]:80", "https://a.example:8781"};
    (void)state;
    rig_init(&rig, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(http_client_peer(rig.client, "p", NULL, &bad[i], 1, &err), ERR_CONFIG);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(http_client_peer(rig.client, "p", NULL, &good[i], 1, &err), ERR_OK);
    rig_fini(&rig);
}

static void takes_new_certificates(void **state)
{
    struct rig rig;
    struct err err = {0};
    const struct http_tls child = child_tls(), bad = {.cert_pem = "x", .key_pem = "y"};
    struct http_tls renewed = parent_tls();
    (void)state;
    rig_init(&rig, NULL);
    name_parent(&rig, "child-1", listen_tier(&rig, HTTP_CERT_REQUIRED));
    http_client_tls(rig.client, &child);
    assert_int_equal(http_server_reload(rig.server, 0, &bad, &err), ERR_CONFIG);
    renewed.key_pem = buf_str(&certs.child_key);
    assert_int_equal(http_server_reload(rig.server, 0, &renewed, &err), ERR_CONFIG);
    renewed.cert_pem = buf_str(&certs.child_cert);
    assert_int_equal(http_server_reload(rig.server, 0, &renewed, &err), ERR_OK);
    want_call(&rig, "GET", "/x", "", 0, 3000);
    rig_run(&rig);
    assert_int_equal(rig_end(&rig, 1)->status, 200);
    rig_fini(&rig);
}

/* Must 19, before there is TLS: a connection that never shakes hands, and one that speaks HTTP. */
static void stall(void *arg)
{
    const uint16_t *tcp_port = arg;
    int silent = rig_connect(*tcp_port);
    char *from_silent = rig_read_all(silent);
    char *from_plain = rig_talk(*tcp_port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_string_equal(from_silent, "");
    assert_null(strstr(from_plain, "HTTP/1.1"));
    close(silent);
    free(from_silent);
    free(from_plain);
}

static void sweeps_stalled_handshakes(void **state)
{
    struct rig rig;
    (void)state;
    rig_init(&rig, NULL);
    handshake_ms = 100;
    uint16_t tcp_port = listen_tier(&rig, HTTP_CERT_REQUIRED);
    handshake_ms = 0;
    rig_run_beside(&rig, stall, &tcp_port);
    assert_in_range(loop_now(rig.loop).mono_ms - rig.began_ms, 80, 2500);
    assert_int_equal(rig_rows(&rig), 0);
    rig_fini(&rig);
}

/* Bytes as they are, over TLS. */
struct raw {
    uint16_t tcp_port;
    const char *text;
    struct buf answer;
};

static void talk_tls(void *arg)
{
    struct raw *r = arg;
    char part[4096];
    int fd = rig_connect(r->tcp_port);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    INV(SSL_set_fd(ssl, fd) == 1 && SSL_connect(ssl) == 1);
    INV(SSL_write(ssl, r->text, (int)strlen(r->text)) == (int)strlen(r->text));
    for (int n; (n = SSL_read(ssl, part, sizeof part)) > 0;)
        buf_append(&r->answer, part, (size_t)n);
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(fd);
}

/* What libmicrohttpd would read kindly: a folded header, a bare LF. The request before it is
 * answered, it and what follows are not executed. */
static void refuses_malformed_bytes(void **state)
{
    static const char *const bad[] = {
        "GET /bad HTTP/1.1\r\nHost: a\r\nx: y\r\n z\r\n\r\n",
        "GET /bad HTTP/1.1\nHost: a\n\n",
        "GET /bad  HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
        "POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "POST /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CLEANUP(buf_fini) struct buf text = {0};
        struct rig rig;
        rig_init(&rig, NULL);
        buf_printf(&text,
                   "GET /good HTTP/1.1\r\nHost: a\r\n\r\n%sGET /after HTTP/1.1\r\nHost: a\r\n\r\n",
                   bad[i]);
        struct raw raw = {.tcp_port = listen_tier(&rig, HTTP_CERT_OPTIONAL),
                          .text = buf_str(&text)};
        rig_run_beside(&rig, talk_tls, &raw);
        assert_int_equal(rig_rows(&rig), 1);
        assert_non_null(strstr(buf_str(&raw.answer), "GET /good"));
        assert_non_null(strstr(buf_str(&raw.answer), "HTTP/1.1 400"));
        assert_null(strstr(buf_str(&raw.answer), "/bad"));
        assert_null(strstr(buf_str(&raw.answer), "/after"));
        buf_fini(&raw.answer);
        rig_fini(&rig);
    }
}

static int make_certs(void **state)
{
    (void)state;
    rig_certs_init(&certs);
    return 0;
}

static int drop_certs(void **state)
{
    (void)state;
    rig_certs_fini(&certs);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_client_by_its_certificate),
        cmocka_unit_test(refuses_a_client_without_one),
        cmocka_unit_test(refuses_a_stranger),
        cmocka_unit_test(lets_an_expired_one_in),
        cmocka_unit_test(refuses_a_parent_of_another_name),
        cmocka_unit_test(refuses_a_parent_of_another_root),
        cmocka_unit_test(trusts_a_root_by_its_fingerprint),
        cmocka_unit_test(judges_by_the_newest_time_known),
        cmocka_unit_test(carries_large_bodies_and_many_calls),
        cmocka_unit_test(ends_a_call_at_its_deadline),
        cmocka_unit_test(ends_a_call_to_nobody),
        cmocka_unit_test(dials_only_what_is_safe),
        cmocka_unit_test(takes_new_certificates),
        cmocka_unit_test(sweeps_stalled_handshakes),
        cmocka_unit_test(refuses_malformed_bytes),
    };
    return cmocka_run_group_tests(tests, make_certs, drop_certs);
}
