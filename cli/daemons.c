/* daemons.c - /version, /readyz and /metrics of a daemon on this machine. */
#include "cli/daemons.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/str.h"
#include "cli/safe.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A page is a few KiB; whoever sends more is none of ours. */
enum { PAGE_MAX = 4 * 1024 * 1024, PATIENCE_MS = 2000 };

static size_t take(char *data, size_t size, size_t len, void *self)
{
    struct buf *page = self;
    if (page->len + size * len > PAGE_MAX)
        return 0;
    buf_append(page, data, size * len);
    return size * len;
}

/* The status; 0 = no answer. */
static long get(const char *where, const char *target, struct arena *arena, struct buf *page)
{
    CURL *easy = curl_easy_init();
    long status = 0;
    if (easy == NULL)
        return 0;
    curl_easy_setopt(easy, CURLOPT_URL, arena_printf(arena, "http://%s%s", where, target));
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)PATIENCE_MS);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, page);
    if (curl_easy_perform(easy) == CURLE_OK)
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    return status;
}

/* What a terminal may see. */
static const char *safe(struct arena *arena, const char *text)
{
    CLEANUP(buf_fini) struct buf out = {0};
    cli_safe_text(&out, text != NULL ? text : "");
    return arena_strdup(arena, buf_str(&out));
}

static bool ask_version(struct cli_daemon *d, struct arena *arena)
{
    CLEANUP(buf_fini) struct buf page = {0};
    if (get(d->where, "/version", arena, &page) != 200)
        return false;
    json_t *said = json_loadb(buf_str(&page), page.len, 0, NULL);
    d->name = safe(arena, json_string_value(json_object_get(said, "daemon")));
    d->version = safe(arena, json_string_value(json_object_get(said, "version")));
    json_decref(said);
    return str_has_prefix(d->name, "tercet-");
}

/* Lines "ok NAME" and "no NAME: WHY". */
static bool ask_checks(struct cli_daemon *d, struct arena *arena)
{
    CLEANUP(buf_fini) struct buf page = {0};
    long status = get(d->where, "/readyz", arena, &page);
    const char *line = buf_str(&page);
    d->unfit = "";
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        if (strncmp(line, "no ", 3) == 0)
            d->unfit = arena_printf(arena, "%s%s%.*s", d->unfit, *d->unfit != '\0' ? "; " : "",
                                    (int)len - 3, line + 3);
        line += len + (line[len] == '\n');
    }
    d->unfit = safe(arena, d->unfit);
    return status == 200 || status == 503;
}

static void ask_certificate(struct cli_daemon *d, struct arena *arena)
{
    static const char name[] = "\ntercet_certificate_expires_seconds ";
    CLEANUP(buf_fini) struct buf page = {0};
    const char *line = get(d->where, "/metrics", arena, &page) == 200 ? strstr(buf_str(&page), name)
                                                                      : NULL;
    d->certificate_ends_s = line != NULL ? strtoll(line + strlen(name), NULL, 10) : 0;
}

bool cli_daemon_ask(const char *where, struct arena *arena, struct cli_daemon *out)
{
    *out = (struct cli_daemon){.where = where};
    if (!ask_version(out, arena) || !ask_checks(out, arena))
        return false;
    ask_certificate(out, arena);
    return true;
}
