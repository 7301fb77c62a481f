/* profile.c - see profile.h. */
#include "cli/profile.h"

#include "base/check.h"
#include "base/buf.h"
#include "base/str.h"
#include "cli/output.h"
#include "cli/profile_file.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct setting {
    const char *key, *flag, *variable, *stock, *otherwise;
    size_t offset;
};

static const struct setting settings[] = {
#define SETTING(key, flag, variable, stock, otherwise, help) \
    {#key, flag, variable, stock, otherwise, offsetof(struct cli_profile, key)},
#include "cli/profile.def"
#undef SETTING
};
enum { SETTINGS_LEN = sizeof settings / sizeof settings[0] };

static char *field(struct cli_profile *p, const struct setting *s)
{
    return (char *)p + s->offset;
}

static enum cli_exit set(struct cli_profile *p, const struct setting *s, const char *value,
                         const char *source, struct cli_fault *fault)
{
    if (str_copy(field(p, s), CLI_SETTING_SIZE, value))
        return CLI_OK;
    return cli_fault_set(fault, CLI_USAGE, "%s of %s is longer than %d bytes", s->key, source,
                         CLI_SETTING_SIZE - 1);
}

/* ---- config.ini --------------------------------------------------------------------------- */

struct reading {
    struct cli_profile *profile;
    const char *section; /* "profile default" */
    bool is_found, has_secret;
    struct cli_fault *fault;
};

static const struct setting *setting_get(const char *key, struct cli_nearest *near)
{
    for (size_t i = 0; i < SETTINGS_LEN; i++) {
        if (str_eq(settings[i].key, key))
            return &settings[i];
        cli_nearest_offer(near, settings[i].key);
    }
    return NULL;
}

/* inih's handler: 0 stops with an error. */
static int take(void *self, const char *section, const char *key, const char *value)
{
    struct reading *r = self;
    struct cli_nearest near = {.asked = key};
    const struct setting *s = setting_get(key, &near);
    if (!str_has_prefix(section, "profile ")) {
        cli_fault_set(r->fault, CLI_USAGE, "config.ini: unknown section [%.60s]", section);
        cli_fault_try(r->fault, "[profile default]");
        return 0;
    }
    if (s == NULL) {
        cli_fault_set(r->fault, CLI_USAGE, "config.ini: unknown key '%.60s'", key);
        cli_fault_try(r->fault, "%s", near.best != NULL ? near.best : "");
        return 0;
    }
    r->has_secret = r->has_secret || str_eq(key, "secret_key");
    if (!str_eq(section, r->section))
        return 1;
    r->is_found = true;
    return set(r->profile, s, value, "config.ini", r->fault) == CLI_OK;
}

static enum cli_exit check_mode(FILE *file, const char *path, struct cli_fault *fault)
{
    struct stat st;
    if (fstat(fileno(file), &st) == 0 && (st.st_mode & 077) == 0)
        return CLI_OK;
    cli_fault_set(fault, CLI_USAGE, "%.200s holds a secret, and others may read it", path);
    return cli_fault_try(fault, "chmod 600 %.400s", path);
}

static enum cli_exit read_open_file(struct reading *r, FILE *file, const char *path)
{
    r->fault->exit = CLI_OK;
    int line = ini_parse_file(file, take, r);
    if (r->fault->exit != CLI_OK)
        return cli_fault_cause(r->fault, "line %d of %.200s", line, path);
    if (line != 0)
        return cli_fault_set(r->fault, CLI_USAGE, "line %d of %.200s is no setting", line, path);
    return r->has_secret ? check_mode(file, path, r->fault) : CLI_OK;
}

static enum cli_exit read_file(struct reading *r)
{
    CLEANUP(buf_fini) struct buf path = {0};
    enum cli_exit exit = CLI_OK;
    cli_profile_file_path(&path);
    FILE *file = fopen(buf_str(&path), "re");
    if (file != NULL) {
        exit = read_open_file(r, file, buf_str(&path));
        fclose(file);
    } else if (errno != ENOENT && errno != ENOTDIR) {
        exit = cli_fault_set(r->fault, CLI_USAGE, "cannot read %.200s: %s", buf_str(&path),
                             strerror(errno));
    }
    return exit;
}

static enum cli_exit load_file(struct cli_profile *p, const struct cli_line *line,
                               struct cli_fault *fault)
{
    const char *asked = cli_line_get(line, "profile");
    const char *name = asked != NULL ? asked : getenv("TERCET_PROFILE");
    CLEANUP(buf_fini) struct buf section = {0};
    buf_printf(&section, "profile %s", name != NULL && *name != '\0' ? name : "default");
    struct reading r = {.profile = p, .section = buf_str(&section), .fault = fault};
    enum cli_exit exit = read_file(&r);
    /* Whoever logs in makes the section. */
    bool is_login = line->command != NULL && line->command->id == CLI_LOGIN;
    if (exit == CLI_OK && !r.is_found && name != NULL && *name != '\0' && !is_login)
        return cli_fault_set(fault, CLI_USAGE, "config.ini has no section [%.100s]",
                             buf_str(&section));
    return exit;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static enum cli_exit check_url(const char *what, char *url, struct cli_fault *fault)
{
    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        url[--len] = '\0';
    if ((str_has_prefix(url, "http://") || str_has_prefix(url, "https://")) &&
        strpbrk(url, " \t\r\n?#@\"'\\") == NULL && strstr(url, "://")[3] != '\0')
        return CLI_OK;
    cli_fault_set(fault, CLI_USAGE, "the %s '%.100s' is no URL of a service", what, url);
    return cli_fault_try(fault, "http://127.0.0.1:8773 or https://cloud.example");
}

static enum cli_exit load_setting(struct cli_profile *p, const struct setting *s,
                                  const struct cli_line *line, struct cli_fault *fault)
{
    const char *flag = *s->flag != '\0' ? cli_line_get(line, s->flag) : NULL;
    const char *own = getenv(s->variable);
    const char *stock = *s->stock != '\0' ? getenv(s->stock) : NULL;
    if (flag != NULL)
        return set(p, s, flag, "the command line", fault);
    if (own != NULL && *own != '\0')
        return set(p, s, own, s->variable, fault);
    bool is_asked = *field(p, s) != '\0' && cli_line_has(line, "profile");
    if (stock != NULL && *stock != '\0' && !is_asked)
        return set(p, s, stock, s->stock, fault);
    if (*field(p, s) == '\0')
        return set(p, s, s->otherwise, "the table", fault);
    return CLI_OK;
}

enum cli_exit cli_profile_load(struct cli_profile *p, const struct cli_line *line,
                               struct cli_fault *fault)
{
    enum cli_format format;
    memset(p, 0, sizeof *p);
    if (load_file(p, line, fault) != CLI_OK)
        return fault->exit;
    for (size_t i = 0; i < SETTINGS_LEN; i++)
        if (load_setting(p, &settings[i], line, fault) != CLI_OK)
            return fault->exit;
    if (!cli_format_parse(p->output, &format)) {
        struct arena arena = {0};
        cli_fault_set(fault, CLI_USAGE, "there is no output '%.60s'", p->output);
        cli_fault_try(fault, "-o %s", cli_format_names(&arena, ", "));
        arena_fini(&arena);
        return fault->exit;
    }
    return cli_profile_check(p, fault);
}

enum cli_exit cli_profile_check(struct cli_profile *p, struct cli_fault *fault)
{
    enum cli_exit exit = check_url("endpoint", p->endpoint, fault);
    return exit != CLI_OK ? exit : check_url("s3-endpoint", p->s3_endpoint, fault);
}

enum cli_exit cli_profile_need_key(const struct cli_profile *p, struct cli_fault *fault)
{
    if (*p->access_key != '\0' && *p->secret_key != '\0')
        return CLI_OK;
    cli_fault_set(fault, CLI_DENIED, "no access key is set");
    cli_fault_cause(fault, "neither the environment nor config.ini has %s",
                    *p->access_key == '\0' ? "access_key" : "secret_key");
    return cli_fault_try(fault,
                         "tercet login, or export TERCET_ACCESS_KEY=.. TERCET_SECRET_KEY=..");
}

void cli_profile_fini(struct cli_profile *p)
{
    explicit_bzero(p, sizeof *p);
}
