/* rest_path.c - which route a target is (rest.h). */
#include "base/str.h"
#include "cloud-manager/api/rest.h"

#include <string.h>

bool cloud_rest_is_target(const char *target)
{
    return str_has_prefix(target, "/v1") && strchr("/?", target[3]) != NULL;
}

bool cloud_rest_is_openapi(const struct request *r)
{
    return str_eq(r->target, CLOUD_REST_OPENAPI) && str_eq(r->method, "GET");
}

/* ".", ".." and "" would be another path to the signature; "%2e" is a dot there too. */
static bool is_plain(const char *segment)
{
    return *segment != '\0' && !str_eq(segment, ".") && !str_eq(segment, "..");
}

/* Does the path begin with the segments of `pattern`, and end with them? `*id` is what stands for
 * "{id}". */
static bool matches(struct arena *arena, const char *pattern, const char *path, size_t len,
                    const char **id)
{
    const char *end = path + len;
    *id = "";
    while (*pattern == '/' && path < end && *path == '/') {
        size_t want = strcspn(++pattern, "/");
        path++;
        const char *slash = memchr(path, '/', (size_t)(end - path));
        size_t n = slash != NULL ? (size_t)(slash - path) : (size_t)(end - path);
        const char *segment = cloud_query_unescape(arena, path, n, false);
        if (segment == NULL || !is_plain(segment))
            return false;
        if (want == 4 && memcmp(pattern, "{id}", want) == 0)
            *id = segment;
        else if (strlen(segment) != want || memcmp(segment, pattern, want) != 0)
            return false;
        pattern += want;
        path += n;
    }
    return *pattern == '\0' && path == end;
}

enum err_code cloud_rest_route(struct cloud_rest *out, struct arena *arena, const struct request *r,
                               struct err *err)
{
    size_t len = strcspn(r->target, "?");
    bool is_path = false;
    for (size_t i = 0; i < cloud_routes_len; i++) {
        out->route = &cloud_routes[i];
        if (!matches(arena, out->route->path, r->target, len, &out->id))
            continue;
        if (str_eq(out->route->method, r->method))
            return ERR_OK;
        is_path = true;
    }
    if (is_path)
        return err_set(err, ERR_METHOD_NOT_ALLOWED, "%s is not served here", r->method);
    return err_set(err, ERR_NOT_FOUND, "there is nothing at %.100s", r->target);
}

const char *cloud_rest_methods(struct arena *arena, const struct request *r)
{
    size_t len = strcspn(r->target, "?");
    const char *methods = "", *id;
    for (size_t i = 0; i < cloud_routes_len; i++)
        if (matches(arena, cloud_routes[i].path, r->target, len, &id))
            methods = arena_printf(arena, "%s%s%s", methods, *methods == '\0' ? "" : ", ",
                                   cloud_routes[i].method);
    return methods;
}
