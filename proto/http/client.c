/* client.c - peers and calls; the multi handle is in client_multi.c. */
#include "proto/http/client.h"

#include "base/check.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/str.h"
#include "proto/http/acceptor.h"
#include "proto/http/client_multi.h"
#include "proto/http/tls_context.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_FLIGHT_MAX = 256 }; /* calls, and so connections */

struct peer {
    char *node_name; /* "" = what the address says */
    char *addresses[HTTP_CLIENT_ADDRESSES_MAX];
    size_t addresses_len, at;
    bool is_suspect; /* the last call failed: dial anew */
};

/* Own copies of struct http_tls. Replaced as a whole; calls under way keep theirs. */
struct material {
    unsigned users;
    char *cert_pem, *key_pem, *ca_pem, *ca_sha256;
    int64_t newest_ms;
};

struct http_client {
    struct loop *loop;
    struct http_multi *multi;
    struct map peers; /* name -> struct peer */
    struct material *material;
    struct list calls;
    size_t len;
    bool is_closing;
};

struct call {
    struct list link;
    struct http_client *client;
    struct material *material;
    uint64_t id;
    char *peer; /* name: the peer itself may be replaced meanwhile */
    CURL *easy;
    struct curl_slist *headers, *connect_to;
    struct buf body, answer;
    char why[CURL_ERROR_SIZE];
};

/* TLS material. */

static char *dup_or_empty(const char *text)
{
    return check_strdup(text != NULL ? text : "");
}

static struct material *material_new(const struct http_tls *tls)
{
    struct material *m = check_alloc(sizeof *m);
    *m = (struct material){.users = 1,
                           .cert_pem = dup_or_empty(tls->cert_pem),
                           .key_pem = dup_or_empty(tls->key_pem),
                           .ca_pem = dup_or_empty(tls->ca_pem),
                           .ca_sha256 = dup_or_empty(tls->ca_sha256),
                           .newest_ms = tls->newest_ms};
    return m;
}

static void material_drop(struct material *m)
{
    if (--m->users > 0)
        return;
    free(m->cert_pem);
    memset(m->key_pem, 0, strlen(m->key_pem));
    free(m->key_pem);
    free(m->ca_pem);
    free(m->ca_sha256);
    free(m);
}

void http_client_tls(struct http_client *client, const struct http_tls *tls)
{
    material_drop(client->material);
    client->material = material_new(tls);
}

static CURLcode on_context(CURL *easy, void *context, void *self)
{
    const struct material *m = self;
    (void)easy;
    http_tls_client_context(context, m->ca_pem[0] == '\0' ? m->ca_sha256 : NULL, m->newest_ms);
    return CURLE_OK;
}

static void set_blob(CURL *easy, CURLoption option, char *pem)
{
    if (*pem == '\0')
        return;
    struct curl_blob blob = {.data = pem, .len = strlen(pem), .flags = CURL_BLOB_COPY};
    curl_easy_setopt(easy, option, &blob);
}

/* curl matches kept connections by these, so a new certificate means a new connection. */
static void set_material(CURL *easy, struct material *m)
{
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    set_blob(easy, CURLOPT_CAINFO_BLOB, m->ca_pem);
    if (*m->key_pem != '\0') {
        set_blob(easy, CURLOPT_SSLCERT_BLOB, m->cert_pem);
        set_blob(easy, CURLOPT_SSLKEY_BLOB, m->key_pem);
    }
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, m);
}

/* Peers. */

static void peer_free(struct peer *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->addresses_len; i++)
        free(p->addresses[i]);
    free(p->node_name);
    free(p);
}

/* Scheme, host and port of "scheme://host:port", nothing else. */
static bool split(const char *address, char *host, size_t host_size, char *port, size_t port_size)
{
    CURLU *url = curl_url();
    char *scheme = NULL, *name = NULL, *number = NULL, *path = NULL;
    bool is_fit = curl_url_set(url, CURLUPART_URL, address, 0) == CURLUE_OK &&
                  curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                  curl_url_get(url, CURLUPART_HOST, &name, 0) == CURLUE_OK &&
                  curl_url_get(url, CURLUPART_PORT, &number, 0) == CURLUE_OK &&
                  curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK;
    if (is_fit) {
        char bare[256];
        size_t len = strlen(name);
        bool is_v6 = name[0] == '[' && len > 2;
        is_fit = str_copy(bare, sizeof bare, is_v6 ? name + 1 : name);
        if (is_fit && is_v6)
            bare[len - 2] = '\0';
        is_fit = is_fit && str_eq(path, "/") && address[strlen(address) - 1] != '/' &&
                 (str_eq(scheme, "https") ||
                  (str_eq(scheme, "http") && http_address_is_loopback(bare))) &&
                 str_copy(host, host_size, name) && str_copy(port, port_size, number);
    }
    curl_free(scheme);
    curl_free(name);
    curl_free(number);
    curl_free(path);
    curl_url_cleanup(url);
    return is_fit;
}

enum err_code http_client_peer(struct http_client *client, const char *name, const char *node_name,
                               const char *const *addresses, size_t addresses_len, struct err *err)
{
    char host[256], port[8];
    if (addresses_len == 0 || addresses_len > HTTP_CLIENT_ADDRESSES_MAX)
        return err_set(err, ERR_CONFIG, "peer %s has %zu addresses, not 1 to %d", name,
                       addresses_len, HTTP_CLIENT_ADDRESSES_MAX);
    for (size_t i = 0; i < addresses_len; i++)
        if (!split(addresses[i], host, sizeof host, port, sizeof port))
            return err_set(err, ERR_CONFIG,
                           "%s is not https://host:port, nor http:// to a loopback address",
                           addresses[i]);
    struct peer *p = check_alloc(sizeof *p);
    p->node_name = dup_or_empty(node_name);
    p->addresses_len = addresses_len;
    for (size_t i = 0; i < addresses_len; i++)
        p->addresses[i] = check_strdup(addresses[i]);
    peer_free(map_put(&client->peers, name, p));
    return ERR_OK;
}

/* Calls. */

static void call_free(struct call *call)
{
    list_remove(&call->link);
    call->client->len--;
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    curl_slist_free_all(call->connect_to);
    material_drop(call->material);
    buf_fini(&call->body);
    buf_fini(&call->answer);
    free(call->peer);
    free(call);
}

static void tell(struct http_client *client, uint64_t call_id, int status, const struct buf *answer)
{
    struct event ev = {.kind = EVENT_REPLY,
                       .reply = {.call_id = call_id,
                                 .status = status,
                                 .body = answer != NULL ? buf_str(answer) : "",
                                 .body_len = answer != NULL ? answer->len : 0}};
    loop_post(client->loop, &ev);
}

/* Whoever failed is dialled anew, at its next address. */
static void note(const struct call *call, CURLcode result)
{
    struct peer *p = map_get(&call->client->peers, call->peer);
    if (result != CURLE_OK)
        log_info("http.no_answer", "peer", call->peer, "why",
                 *call->why != '\0' ? call->why : curl_easy_strerror(result), NULL);
    if (p == NULL)
        return;
    p->is_suspect = result != CURLE_OK;
    if (p->is_suspect)
        p->at = (p->at + 1) % p->addresses_len;
}

static void on_done(void *self, CURL *easy, CURLcode result)
{
    struct call *call = self;
    long status = 0;
    PRE(call->easy == easy);
    note(call, result);
    if (result == CURLE_OK)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    tell(call->client, call->id, (int)status, status > 0 ? &call->answer : NULL);
    call_free(call);
}

static size_t on_write(char *data, size_t size, size_t len, void *self)
{
    struct call *call = self;
    if (call->answer.len + size * len > HTTP_CLIENT_BODY_MAX)
        return 0;
    buf_append(&call->answer, data, size * len);
    return size * len;
}

static void add_header(struct call *call, const char *line)
{
    call->headers = curl_slist_append(call->headers, line);
    INV(call->headers != NULL);
}

/* The name that the certificate must carry goes into the URL, the address beside it. */
static void set_target(struct call *call, const struct peer *p, const char *target)
{
    char host[256], port[8];
    const char *address = p->addresses[p->at];
    CLEANUP(buf_fini) struct buf url = {0};
    INV(split(address, host, sizeof host, port, sizeof port));
    if (*p->node_name == '\0' || str_has_prefix(address, "http:")) {
        buf_printf(&url, "%s%s", address, target);
    } else {
        CLEANUP(buf_fini) struct buf route = {0};
        buf_printf(&url, "https://%s:%s%s", p->node_name, port, target);
        buf_printf(&route, "%s:%s:%s:%s", p->node_name, port, host, port);
        call->connect_to = curl_slist_append(NULL, buf_str(&route));
        curl_easy_setopt(call->easy, CURLOPT_CONNECT_TO, call->connect_to);
    }
    curl_easy_setopt(call->easy, CURLOPT_URL, buf_str(&url));
    curl_easy_setopt(call->easy, CURLOPT_PATH_AS_IS, 1L);
}

static void set_body(struct call *call, const struct effect_call *effect)
{
    if (effect->body_len > 0 || str_eq(effect->method, "POST") || str_eq(effect->method, "PUT")) {
        buf_append(&call->body, effect->body, effect->body_len);
        curl_easy_setopt(call->easy, CURLOPT_POST, 1L);
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, buf_str(&call->body));
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
        add_header(call, "Content-Type: application/json");
        add_header(call, "Expect:");
    }
    if (str_eq(effect->method, "HEAD"))
        curl_easy_setopt(call->easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, effect->method);
}

static void set_manners(struct call *call, const struct peer *p, int64_t timeout_ms)
{
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, p->is_suspect ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->why);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
}

static struct call *call_new(struct http_client *client, const struct effect_call *effect)
{
    struct call *call = check_alloc(sizeof *call);
    call->client = client;
    call->id = effect->call_id;
    call->peer = check_strdup(effect->peer);
    call->easy = curl_easy_init();
    INV(call->easy != NULL);
    call->material = client->material;
    call->material->users++;
    list_append(&client->calls, &call->link);
    client->len++;
    return call;
}

void http_client_call(struct http_client *client, const struct effect_call *effect)
{
    PRE(!client->is_closing && effect->timeout_ms > 0 && effect->target[0] == '/');
    const struct peer *p = map_get(&client->peers, effect->peer);
    if (p == NULL || client->len >= IN_FLIGHT_MAX) {
        log_warn("http.not_called", "peer", effect->peer, "why",
                 p == NULL ? "unknown peer" : "too many calls", NULL);
        tell(client, effect->call_id, 0, NULL);
        return;
    }
    struct call *call = call_new(client, effect);
    set_material(call->easy, call->material);
    set_target(call, p, effect->target);
    set_body(call, effect);
    set_manners(call, p, effect->timeout_ms);
    http_multi_add(client->multi, call->easy);
}

size_t http_client_len(const struct http_client *client)
{
    return client->len;
}

/* Life. */

struct http_client *http_client_new(struct loop *loop)
{
    struct http_client *client = check_alloc(sizeof *client);
    client->loop = loop;
    client->multi = http_multi_new(loop_uv(loop), on_done);
    client->material = material_new(&(struct http_tls){0});
    list_init(&client->calls);
    return client;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL)
        return;
    client->is_closing = true;
    LIST_EACH_SAFE (it, &client->calls) {
        struct call *call = LIST_ENTRY(it, struct call, link);
        http_multi_remove(client->multi, call->easy);
        call_free(call);
    }
    http_multi_free(client->multi);
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(&client->peers, &at)) != NULL;)
        peer_free(e->value);
    map_fini(&client->peers);
    material_drop(client->material);
    free(client);
}
