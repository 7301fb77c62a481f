/* profile_file.c - see profile_file.h. */
#include "cli/profile_file.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/request.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *key;
    size_t offset;
} kept[] = {
    {"endpoint", offsetof(struct cli_profile, endpoint)},
    {"s3_endpoint", offsetof(struct cli_profile, s3_endpoint)},
    {"access_key", offsetof(struct cli_profile, access_key)},
    {"secret_key", offsetof(struct cli_profile, secret_key)},
    {"region", offsetof(struct cli_profile, region)},
    {"ca", offsetof(struct cli_profile, ca)},
};
enum { KEPT_LEN = sizeof kept / sizeof kept[0] };

void cli_profile_file_path(struct buf *path)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config != NULL && *config != '\0')
        buf_printf(path, "%s/tercet/config.ini", config);
    else
        buf_printf(path, "%s/.config/tercet/config.ini", home != NULL ? home : "");
}

const char *cli_profile_file_current(void)
{
    const char *name = getenv("TERCET_PROFILE");
    return name != NULL && *name != '\0' ? name : "default";
}

bool cli_profile_file_is_name(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && strchr("-_.", name[i]) == NULL)
            return false;
    return len > 0 && len <= 60;
}

/* ---- lines -------------------------------------------------------------------------------- */

/* One line of the text, without its end; what it begins, or sets. */
struct ini_line {
    const char *text;
    size_t len;
    const char *section; /* in the arena; NULL: it begins none */
    const char *key;     /* the same; NULL: it sets none */
    const char *value;
};

static const char *trimmed(struct arena *arena, const char *from, const char *end)
{
    while (from < end && isspace((unsigned char)*from))
        from++;
    while (end > from && isspace((unsigned char)end[-1]))
        end--;
    return arena_strndup(arena, from, (size_t)(end - from));
}

static const char *next_line(struct ini_line *line, const char *at, struct arena *arena)
{
    size_t len = strcspn(at, "\n");
    const char *whole = trimmed(arena, at, at + len), *equals = strchr(whole, '=');
    const char *close = strchr(whole, ']');
    *line = (struct ini_line){.text = at, .len = len};
    if (*whole == '[' && close != NULL)
        line->section = arena_strndup(arena, whole + 1, (size_t)(close - whole - 1));
    else if (equals != NULL && strchr(";#", *whole) == NULL) {
        line->key = trimmed(arena, whole, equals);
        line->value = trimmed(arena, equals + 1, whole + strlen(whole));
    }
    return at + len + (at[len] == '\n');
}

static const char *name_in(const char *section)
{
    return str_has_prefix(section, "profile ") ? section + strlen("profile ") : NULL;
}

/* ---- the file ----------------------------------------------------------------------------- */

/* A file that is not there is empty. */
static enum cli_exit read_whole(struct buf *text, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf path = {0};
    cli_profile_file_path(&path);
    if (access(buf_str(&path), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return CLI_OK;
    return cli_request_read(text, buf_str(&path), fault);
}

static void make_folders(const char *path, struct arena *arena)
{
    for (const char *at = path; (at = strchr(at + 1, '/')) != NULL;)
        (void)mkdir(arena_strndup(arena, path, (size_t)(at - path)), 0700);
}

static bool write_new(const char *path, const struct buf *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool ok = write(fd, buf_str(text), text->len) == (ssize_t)text->len && fsync(fd) == 0;
    int why = errno;
    ok = close(fd) == 0 && ok;
    if (!ok)
        unlink(path);
    errno = why;
    return ok;
}

/* Under a link the file that it means is replaced, not the link. */
static enum cli_exit replace(const struct buf *text, struct arena *arena, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf path = {0};
    cli_profile_file_path(&path);
    make_folders(buf_str(&path), arena);
    char *real = realpath(buf_str(&path), NULL);
    const char *to = arena_strdup(arena, real != NULL ? real : buf_str(&path));
    free(real);
    const char *fresh = arena_printf(arena, "%s.%d", to, (int)getpid());
    if (write_new(fresh, text)) {
        if (rename(fresh, to) == 0)
            return CLI_OK;
        unlink(fresh);
    }
    return cli_fault_set(fault, CLI_FAILED, "cannot write %.200s: %s", to, strerror(errno));
}

/* ---- reading ------------------------------------------------------------------------------ */

static const char *camel_of(const char *key, struct arena *arena)
{
    char *name = arena_strdup(arena, key);
    for (char *at; (at = strchr(name, '_')) != NULL;) {
        memmove(at, at + 1, strlen(at));
        *at = (char)toupper((unsigned char)*at);
    }
    return name;
}

static struct cli_node *add_profile(struct cli_node *list, const char *name, struct arena *arena)
{
    struct cli_node *item = cli_node_add(list, arena, "item", "");
    bool is_current = str_eq(name, cli_profile_file_current());
    cli_node_add(item, arena, "name", name);
    cli_node_add(item, arena, "inUse", is_current ? "yes" : "");
    return item;
}

enum cli_exit cli_profile_file_list(struct cli_node *list, struct arena *arena,
                                    struct cli_fault *fault)
{
    struct buf text = {0};
    struct cli_node *item = NULL;
    struct ini_line line;
    enum cli_exit exit = read_whole(&text, fault);
    for (const char *at = buf_str(&text); exit == CLI_OK && *at != '\0';) {
        at = next_line(&line, at, arena);
        const char *name = line.section != NULL ? name_in(line.section) : NULL;
        if (line.section != NULL)
            item = name != NULL ? add_profile(list, name, arena) : NULL;
        else if (line.key != NULL && item != NULL && !str_eq(line.key, "secret_key"))
            cli_node_add(item, arena, camel_of(line.key, arena), line.value);
    }
    if (text.data != NULL)
        explicit_bzero(text.data, text.len);
    buf_fini(&text);
    return exit;
}

/* ---- changing ----------------------------------------------------------------------------- */

static void put_settings(struct buf *out, const struct cli_profile *profile)
{
    for (size_t i = 0; i < KEPT_LEN; i++) {
        const char *value = (const char *)profile + kept[i].offset;
        if (*value != '\0')
            buf_printf(out, "%s = %s\n", kept[i].key, value);
    }
}

static bool is_kept(const char *key)
{
    for (size_t i = 0; i < KEPT_LEN; i++)
        if (key != NULL && str_eq(kept[i].key, key))
            return true;
    return false;
}

/* The text with the section's settings replaced; `profile` NULL: without the section. */
static bool change(struct buf *out, const char *text, const char *name,
                   const struct cli_profile *profile, struct arena *arena)
{
    bool is_inside = false, is_found = false;
    struct ini_line line;
    for (const char *at = text; *at != '\0';) {
        at = next_line(&line, at, arena);
        const char *section = line.section != NULL ? name_in(line.section) : NULL;
        if (line.section != NULL)
            is_inside = section != NULL && str_eq(section, name);
        if (is_inside && (profile == NULL || is_kept(line.key)))
            is_found = true;
        else
            buf_printf(out, "%.*s\n", (int)line.len, line.text);
        if (is_inside && section != NULL && profile != NULL) {
            is_found = true;
            put_settings(out, profile);
        }
    }
    if (!is_found && profile != NULL) {
        buf_printf(out, "%s[profile %s]\n", out->len > 0 ? "\n" : "", name);
        put_settings(out, profile);
    }
    return is_found;
}

static enum cli_exit change_file(const char *name, const struct cli_profile *profile,
                                 struct cli_fault *fault)
{
    struct buf old = {0}, new = {0};
    struct arena arena = {0};
    enum cli_exit exit = read_whole(&old, fault);
    if (exit == CLI_OK && !change(&new, buf_str(&old), name, profile, &arena) && profile == NULL) {
        exit = cli_fault_set(fault, CLI_NOT_FOUND, "there is no profile '%.60s'", name);
        cli_fault_try(fault, "tercet profile list");
    }
    if (exit == CLI_OK)
        exit = replace(&new, &arena, fault);
    if (old.data != NULL)
        explicit_bzero(old.data, old.len);
    if (new.data != NULL)
        explicit_bzero(new.data, new.len);
    buf_fini(&old);
    buf_fini(&new);
    arena_fini(&arena);
    return exit;
}

enum cli_exit cli_profile_file_save(const char *name, const struct cli_profile *profile,
                                    struct cli_fault *fault)
{
    PRE(cli_profile_file_is_name(name));
    return change_file(name, profile, fault);
}

enum cli_exit cli_profile_file_delete(const char *name, struct cli_fault *fault)
{
    return change_file(name, NULL, fault);
}
