/* fetch.c - curl's multi interface, driven to the end in one call; see fetch.h. */
#include "computer-manager/effect/fetch.h"

#include "base/check.h"
#include "base/str.h"

#include <ctype.h>
#include <curl/curl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_MS = 500, LATER_MS = 100, URL_SIZE = 512 };

/* How long a peer is believed in. A transfer slower than low_bytes a second for low_s seconds has
 * failed. Where there is dos to fall back on, a neighbour has to be quick. */
static const struct patience {
    long connect_ms, low_bytes, low_s;
    int tries;
} of_dos = {5000, 1024, 15, HOST_FETCH_TRIES}, of_neighbour = {1000, 65536, 2, 1};

static const struct patience *patience_of(const struct host_fetch_peer *peer)
{
    return peer->is_neighbour ? &of_neighbour : &of_dos;
}

struct slot {
    CURL *easy;
    bool is_used;
    int tries;
    struct host_fetch_item item;
    struct buf body;
};

struct run {
    const struct host_fetch_peer *peer;
    const struct host_fetch_feed *feed;
    CURLM *multi;
    struct curl_slist *headers, *connect_to;
    enum host_fetch_next next; /* what the feed said last */
    struct slot slots[HOST_FETCH_PARALLEL];
};

static bool is_plain(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (!isgraph((unsigned char)*c))
            return false;
    return true;
}

bool host_fetch_is_url(const char *url)
{
    return str_has_prefix(url, "https://") && url[8] != '\0' && is_plain(url) &&
           strpbrk(url + 8, "/?#@\\") == NULL;
}

bool host_fetch_is_grant(const char *grant)
{
    return grant[0] != '\0' && is_plain(grant);
}

bool host_fetch_is_name(const char *name)
{
    return name[0] != '\0' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
               strlen(name);
}

static size_t on_body(char *data, size_t one, size_t len, void *self)
{
    struct slot *s = self;
    (void)one;
    if (len > s->item.size_max - s->body.len)
        return 0; /* longer than it may be: curl ends the transfer */
    buf_append(&s->body, data, len);
    return len;
}

static CURL *make_easy(const struct run *r, struct slot *s)
{
    const struct patience *p = patience_of(r->peer);
    CURL *e = curl_easy_init();
    PRE(e != NULL);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(e, CURLOPT_CAINFO, r->peer->ca_file);
    curl_easy_setopt(e, CURLOPT_SSLCERT, r->peer->cert_file);
    curl_easy_setopt(e, CURLOPT_SSLKEY, r->peer->key_file);
    curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, p->connect_ms);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, p->low_bytes);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, p->low_s);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, r->headers);
    curl_easy_setopt(e, CURLOPT_CONNECT_TO, r->connect_to);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(e, CURLOPT_PRIVATE, s);
    return e;
}

static const char *address_of(const char *url)
{
    return url + strlen("https://");
}

static void begin(struct run *r, struct slot *s)
{
    char leaf[65], url[URL_SIZE];
    const char *name = r->peer->name != NULL ? r->peer->name : address_of(r->peer->url);
    if (!str_copy(leaf, sizeof leaf, s->item.leaf) || *leaf == '\0')
        str_hex(leaf, s->item.hash, sizeof s->item.hash);
    int len = snprintf(url, sizeof url, "https://%s%s%s", name, s->item.path, leaf);
    PRE(len > 0 && (size_t)len < sizeof url);
    buf_clear(&s->body);
    s->is_used = true;
    s->tries++;
    curl_easy_setopt(s->easy, CURLOPT_URL, url);
    curl_multi_add_handle(r->multi, s->easy);
}

static void fill(struct run *r)
{
    if (r->next == HOST_FETCH_END)
        return;
    r->next = HOST_FETCH_ITEM;
    for (size_t i = 0; i < HOST_FETCH_PARALLEL && r->next == HOST_FETCH_ITEM; i++) {
        struct slot *s = &r->slots[i];
        if (s->is_used)
            continue;
        r->next = r->feed->next(r->feed->self, &s->item);
        s->tries = 0;
        if (r->next == HOST_FETCH_ITEM)
            begin(r, s);
    }
}

static bool is_right(const struct slot *s)
{
    unsigned char sum[32];
    unsigned len = sizeof sum;
    if (s->item.is_hearsay)
        return true;
    if (s->item.size != 0 && s->body.len != s->item.size)
        return false;
    int done = EVP_Digest(buf_str(&s->body), s->body.len, sum, &len, EVP_sha256(), NULL);
    POST(done == 1);
    return memcmp(sum, s->item.hash, sizeof sum) == 0;
}

/* What the peer's answer means. */
static enum err_code judge(const struct slot *s, CURLcode rc, struct err *err)
{
    long status = 0;
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    if (rc == CURLE_WRITE_ERROR)
        return err_set(err, ERR_IMAGE_INVALID, "the peer sent more than it should");
    if (rc != CURLE_OK)
        return err_set(err, ERR_UNAVAILABLE, "chunks: %s", curl_easy_strerror(rc));
    if (status == 401 || status == 403)
        return err_set(err, ERR_DENIED, "the peer refused the grant (%ld)", status);
    if (status == 404)
        return err_set(err, ERR_IMAGE_UNAVAILABLE, "the peer does not have it");
    if (status != 200)
        return err_set(err, ERR_UNAVAILABLE, "the peer answered %ld", status);
    if (!is_right(s))
        return err_set(err, ERR_IMAGE_INVALID, "the peer sent something else than was asked");
    return ERR_OK;
}

static enum err_code end(struct run *r, struct slot *s, CURLcode rc, struct err *err)
{
    struct err why = {0};
    enum err_code code = judge(s, rc, &why);
    curl_multi_remove_handle(r->multi, s->easy);
    s->is_used = false;
    if (code == ERR_OK)
        return r->feed->got(r->feed->self, &s->item, &s->body, err);
    bool may_retry = code == ERR_UNAVAILABLE || code == ERR_IMAGE_INVALID;
    if (!may_retry || s->tries >= patience_of(r->peer)->tries)
        return err_set(err, code, "%s", why.text);
    begin(r, s);
    return ERR_OK;
}

/* `any`: something has ended. */
static enum err_code reap(struct run *r, bool *any, struct err *err)
{
    int left;
    *any = false;
    for (CURLMsg *m; (m = curl_multi_info_read(r->multi, &left)) != NULL;) {
        char *self = NULL;
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode rc = m->data.result;
        *any = true;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &self);
        if (end(r, (struct slot *)(void *)self, rc, err) != ERR_OK)
            return err->code;
    }
    return ERR_OK;
}

static bool is_idle(const struct run *r)
{
    for (size_t i = 0; i < HOST_FETCH_PARALLEL; i++)
        if (r->slots[i].is_used)
            return false;
    return true;
}

/* What has ended is taken before anything is waited for: where all of them end in one step, nothing
 * is left that would end the wait. */
static enum err_code drive(struct run *r, struct err *err)
{
    for (;;) {
        int running;
        bool any;
        fill(r);
        if (r->next == HOST_FETCH_END && is_idle(r))
            return ERR_OK;
        if (atomic_load(r->peer->is_stopping))
            return err_set(err, ERR_UNAVAILABLE, "the manager is ending");
        if (curl_multi_perform(r->multi, &running) != CURLM_OK)
            return err_set(err, ERR_IO, "curl's loop failed");
        if (reap(r, &any, err) != ERR_OK)
            return err->code;
        int wait_ms = r->next == HOST_FETCH_LATER ? LATER_MS : STEP_MS;
        if (!any && curl_multi_poll(r->multi, NULL, 0, wait_ms, NULL) != CURLM_OK)
            return err_set(err, ERR_IO, "curl's loop failed");
    }
}

enum err_code host_fetch_run(const struct host_fetch_peer *peer, const struct host_fetch_feed *feed,
                             struct err *err)
{
    PRE(host_fetch_is_url(peer->url) && host_fetch_is_grant(peer->grant));
    CLEANUP(buf_fini) struct buf header = {0}, to = {0};
    struct run r = {.peer = peer, .feed = feed, .multi = curl_multi_init()};
    PRE(r.multi != NULL);
    buf_printf(&header, "x-tercet-grant: %s", peer->grant);
    r.headers = curl_slist_append(NULL, buf_str(&header));
    if (peer->name != NULL) { /* dial the address, speak to the name */
        buf_printf(&to, "::%s", address_of(peer->url));
        r.connect_to = curl_slist_append(NULL, buf_str(&to));
    }
    for (size_t i = 0; i < HOST_FETCH_PARALLEL; i++)
        r.slots[i].easy = make_easy(&r, &r.slots[i]);
    enum err_code code = drive(&r, err);
    for (size_t i = 0; i < HOST_FETCH_PARALLEL; i++) {
        if (r.slots[i].is_used)
            curl_multi_remove_handle(r.multi, r.slots[i].easy);
        curl_easy_cleanup(r.slots[i].easy);
        buf_fini(&r.slots[i].body);
    }
    curl_multi_cleanup(r.multi);
    curl_slist_free_all(r.headers);
    curl_slist_free_all(r.connect_to);
    return code;
}
