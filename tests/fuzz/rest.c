/* rest.c - target: a request of REST (cloud-manager/api/rest.h).
 *
 * Lines: method, target, If-None-Match; then the body. Holds: a path has one route for each method,
 * and its id is a plain name; what it decodes to is what EC2 Query could have said: sorted, UTF-8,
 * each once; a tag of an entity is found in the header that it was put in. */
#include "cloud-manager/api/rest.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hold_params(const struct cloud_query *q)
{
    for (size_t i = 0; i < q->len; i++) {
        const struct cloud_param *p = &q->params[i];
        INV(*p->value != '\0' && *p->name != '\0');
        INV(fuzz_is_utf8(p->name, strlen(p->name)) && fuzz_is_utf8(p->value, strlen(p->value)));
        INV(i == 0 || strcmp(q->params[i - 1].name, p->name) < 0);
    }
}

static void hold_decoded(const struct cloud_rest *rest, const struct request *r,
                         struct arena *arena)
{
    struct cloud_query q = {.arena = arena};
    struct err err = {0};
    bool is_dry_run = false;
    enum err_code code = cloud_rest_decode(rest, r, "SomeAction", &q, &is_dry_run, &err);
    INV(code == err.code);
    if (code != ERR_OK) {
        CLEANUP(buf_fini) struct buf problem = {0};
        INV(cloud_rest_status(rest->route, &err) >= 400);
        cloud_rest_problem(&problem, rest->route, &err, "0");
        INV(fuzz_is_utf8(problem.data, problem.len));
        return;
    }
    hold_params(&q);
    const char *action = cloud_query_get(&q, "Action");
    INV(action != NULL && str_eq(action, "SomeAction"));
}

static void hold_route(const struct request *r)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    struct cloud_rest rest = {0};
    struct err err = {0};
    enum err_code code = cloud_rest_route(&rest, &arena, r, &err);
    const char *methods = cloud_rest_methods(&arena, r);
    INV((code == ERR_NOT_FOUND) == (*methods == '\0'));
    INV(code != ERR_OK || strstr(methods, r->method) != NULL);
    if (code != ERR_OK)
        return;
    INV(str_eq(rest.route->method, r->method) && fuzz_is_utf8(rest.id, strlen(rest.id)));
    INV(!str_eq(rest.id, ".") && !str_eq(rest.id, ".."));
    hold_decoded(&rest, r, &arena);
}

static void hold_etag(const char *header, const char *body, size_t len)
{
    char etag[CLOUD_ETAG_SIZE], list[CLOUD_ETAG_SIZE + 8];
    cloud_rest_etag(etag, body, len);
    INV(strlen(etag) == CLOUD_ETAG_SIZE - 1);
    snprintf(list, sizeof list, "\"x\", %s", etag);
    INV(cloud_rest_etag_is_in(list, etag) && cloud_rest_etag_is_in("*", etag));
    cloud_rest_etag_is_in(header, etag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    char *method = fuzz_line(&input), *target = fuzz_line(&input), *match = fuzz_line(&input);
    char *body = fuzz_rest(&input, &len);
    struct header headers[] = {{"If-None-Match", match}, {"Idempotency-Key", match}};
    struct request r = {.method = method,
                        .target = target,
                        .headers = headers,
                        .headers_len = 2,
                        .body = body,
                        .body_len = len};
    INV(!cloud_rest_is_openapi(&r) || cloud_rest_is_target(target));
    if (cloud_rest_is_target(target))
        hold_route(&r);
    hold_etag(match, body, len);
    free(method);
    free(target);
    free(match);
    free(body);
    return 0;
}
