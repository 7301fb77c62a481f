/* layout.c - makes paths; see layout.h. */
#include "computer-manager/effect/layout.h"

#include "base/check.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void path(char *out, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(out, HOST_PATH_SIZE, fmt, args);
    va_end(args);
    PRE(len > 0 && len < HOST_PATH_SIZE);
}

void host_layout_instance(char out[HOST_PATH_SIZE], const char *state_dir, const char *instance)
{
    path(out, "%s/%s", state_dir, instance);
}

void host_layout_root(char out[HOST_PATH_SIZE], const char *state_dir, const char *instance,
                      int64_t pepoch)
{
    path(out, "%s/%s/root-%" PRId64 ".qcow2", state_dir, instance, pepoch);
}

void host_layout_nvram(char out[HOST_PATH_SIZE], const char *state_dir, const char *instance,
                       int64_t pepoch)
{
    path(out, "%s/%s/nvram-%" PRId64 ".fd", state_dir, instance, pepoch);
}

void host_layout_medium(char out[HOST_PATH_SIZE], const char *state_dir, const char *instance,
                        int64_t pepoch)
{
    path(out, "%s/%s/medium-%" PRId64, state_dir, instance, pepoch);
}

void host_layout_console(char out[HOST_PATH_SIZE], const char *state_dir, const char *instance)
{
    path(out, "%s/%s/console.log", state_dir, instance);
}

void host_layout_base(char out[HOST_PATH_SIZE], const char *images_dir, const char *manifest)
{
    path(out, "%s/%s.raw", images_dir, manifest);
}

void host_layout_manifest(char out[HOST_PATH_SIZE], const char *images_dir, const char *manifest)
{
    path(out, "%s/%s.json", images_dir, manifest);
}

void host_layout_manifest_new(char out[HOST_PATH_SIZE], const char *images_dir,
                              const char *manifest)
{
    path(out, "%s/.%s.json", images_dir, manifest);
}

void host_layout_part(char out[HOST_PATH_SIZE], const char *images_dir, const char *manifest)
{
    path(out, "%s/.%s.part", images_dir, manifest);
}

bool host_layout_is_manifest(const char *name, char hash[LAYOUT_HASH_SIZE])
{
    size_t len = strspn(name, "0123456789abcdef");
    if (len != LAYOUT_HASH_SIZE - 1 || !str_eq(name + len, ".json"))
        return false;
    memcpy(hash, name, len);
    hash[len] = '\0';
    return true;
}

static int64_t pepoch_of(const char *name, const char *prefix, const char *suffix)
{
    char digits[24];
    size_t len = strlen(name), before = strlen(prefix), after = strlen(suffix);
    if (!str_has_prefix(name, prefix) || len <= before + after ||
        len - before - after >= sizeof digits || !str_eq(name + len - after, suffix))
        return -1;
    memcpy(digits, name + before, len - before - after);
    digits[len - before - after] = '\0';
    int64_t pepoch;
    return str_parse_i64(digits, 0, INT64_MAX, &pepoch) ? pepoch : -1;
}

int64_t host_layout_root_pepoch(const char *name)
{
    return pepoch_of(name, "root-", ".qcow2");
}

int64_t host_layout_medium_pepoch(const char *name)
{
    return pepoch_of(name, "medium-", "");
}

/* Length of the directories that both paths share, up to and without the last '/'. */
static size_t shared(const char *a, const char *b)
{
    size_t last = 0, i = 0;
    for (; a[i] != '\0' && a[i] == b[i]; i++)
        if (a[i] == '/')
            last = i;
    if (a[i] == '\0' && b[i] == '/')
        last = i;
    return last;
}

void host_layout_relative(char out[HOST_PATH_SIZE], const char *from_dir, const char *to)
{
    PRE(from_dir[0] == '/' && to[0] == '/');
    size_t same = shared(from_dir, to), len = 0;
    out[0] = '\0';
    for (const char *c = from_dir + same; *c != '\0'; c++)
        if (*c == '/' && c[1] != '\0') {
            PRE(len + 4 < HOST_PATH_SIZE);
            memcpy(out + len, "../", 4);
            len += 3;
        }
    bool fits = str_copy(out + len, HOST_PATH_SIZE - len, to + same + 1);
    PRE(fits);
}
