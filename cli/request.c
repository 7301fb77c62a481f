/* request.c - see request.h. */
#include "cli/request.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/filter.h"
#include "cli/shorthand.h"
#include "proto/auth/base64.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- bytes -------------------------------------------------------------------------------- */

static enum cli_exit read_stream(struct buf *out, FILE *file, const char *path,
                                 struct cli_fault *fault)
{
    char piece[8192];
    size_t got;
    while ((got = fread(piece, 1, sizeof piece, file)) > 0) {
        buf_append(out, piece, got);
        if (out->len > CLI_BYTES_MAX)
            return cli_fault_set(fault, CLI_USAGE, "%.200s is larger than %d bytes", path,
                                 CLI_BYTES_MAX);
    }
    if (ferror(file))
        return cli_fault_set(fault, CLI_FAILED, "cannot read %.200s: %s", path, strerror(errno));
    return CLI_OK;
}

enum cli_exit cli_request_read(struct buf *out, const char *path, struct cli_fault *fault)
{
    if (str_eq(path, "-"))
        return read_stream(out, stdin, "stdin", fault);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return cli_fault_set(fault, CLI_FAILED, "cannot read %.200s: %s", path, strerror(errno));
    enum cli_exit exit = read_stream(out, file, path, fault);
    fclose(file);
    return exit;
}

/* @FILE, file://FILE, fileb://FILE; anything else is the text itself. NULL then. */
static const char *path_in(const char *text)
{
    static const char *const marks[] = {"@", "file://", "fileb://"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (str_has_prefix(text, marks[i]))
            return text + strlen(marks[i]);
    return NULL;
}

static enum cli_exit add_bytes(struct cli_params *p, const char *param, const char *text,
                               struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf bytes = {0};
    CLEANUP(buf_fini) struct buf encoded = {0};
    const char *path = path_in(text);
    if (path == NULL)
        buf_text(&bytes, text);
    else if (cli_request_read(&bytes, path, fault) != CLI_OK)
        return fault->exit;
    base64_encode(&encoded, buf_str(&bytes), bytes.len);
    cli_params_add(p, param, buf_str(&encoded));
    return CLI_OK;
}

/* ---- the other kinds ---------------------------------------------------------------------- */

static enum cli_exit bad_number(const char *flag, const char *text, struct cli_fault *fault)
{
    return cli_fault_set(fault, CLI_USAGE, "--%s '%.60s' is no whole number", flag, text);
}

/* "2" or "1:3". */
static enum cli_exit add_count(struct cli_params *p, const char *text, struct cli_fault *fault)
{
    const char *colon = strchr(text, ':');
    const char *least = colon != NULL ? arena_strndup(p->arena, text, (size_t)(colon - text))
                                      : text;
    const char *most = colon != NULL ? colon + 1 : text;
    int64_t a, b;
    if (!str_parse_i64(least, 1, INT32_MAX, &a) || !str_parse_i64(most, 1, INT32_MAX, &b) || a > b)
        return cli_fault_set(fault, CLI_USAGE, "--count '%.60s' is neither N nor MIN:MAX", text);
    cli_params_add(p, "MinCount", least);
    cli_params_add(p, "MaxCount", most);
    return CLI_OK;
}

static void add_filter(struct cli_params *p, const char *name, const char *value)
{
    unsigned next = cli_params_next(p, "Filter"), at = 1;
    while (at < next && !cli_params_is(p, arena_printf(p->arena, "Filter.%u.Name", at), name))
        at++;
    const char *values = arena_printf(p->arena, "Filter.%u.Value", at);
    if (at == next)
        cli_params_add(p, arena_printf(p->arena, "Filter.%u.Name", at), name);
    cli_params_add(p, arena_printf(p->arena, "%s.%u", values, cli_params_next(p, values)), value);
}

/* `NAME=VALUE,VALUE` for "Name=NAME,Values=VALUE,VALUE"; of a column it is judged here and never
 * gets there. False: it is the whole form. */
static bool add_short_filter(struct cli_params *p, enum cli_columns_id columns, const char *text)
{
    size_t len = strcspn(text, "=");
    if (cli_filter_is_local(columns, text))
        return true;
    if (len == 0 || text[len] == '\0' || strchr("[{", *text) != NULL ||
        strstr(text, ",Values=") != NULL)
        return false;
    const char *name = arena_strndup(p->arena, text, len);
    for (const char *at = text + len + 1, *end;; at = end + 1) {
        end = at + strcspn(at, ",");
        add_filter(p, name, arena_strndup(p->arena, at, (size_t)(end - at)));
        if (*end == '\0')
            return true;
    }
}

/* KEY=VALUE, or KEY alone where tags are removed. */
static void add_tag(struct cli_params *p, const char *type, const char *text)
{
    const char *equals = strchr(text, '=');
    const char *key = equals != NULL ? arena_strndup(p->arena, text, (size_t)(equals - text))
                                     : text;
    if (*type != '\0') {
        cli_params_tag(p, type, key, equals != NULL ? equals + 1 : "");
        return;
    }
    unsigned at = cli_params_next(p, "Tag");
    cli_params_add(p, arena_printf(p->arena, "Tag.%u.Key", at), key);
    if (equals != NULL)
        cli_params_add(p, arena_printf(p->arena, "Tag.%u.Value", at), equals + 1);
}

static enum cli_exit add(struct cli_params *p, const struct cli_value *v, const char *name,
                         struct cli_fault *fault)
{
    const char *param = v->flag->param;
    int64_t number;
    switch (v->flag->kind) {
    case CLI_SWITCH:
    case CLI_LOCAL:
    case CLI_LOCALS:
    case CLI_REST:
    case CLI_EACH:
        return CLI_OK;
    case CLI_TRUE:
        cli_params_add(p, param, "true");
        return CLI_OK;
    case CLI_NUMBER:
        if (!str_parse_i64(v->text, INT32_MIN, INT32_MAX, &number))
            return bad_number(name, v->text, fault);
        cli_params_add(p, param, v->text);
        return CLI_OK;
    case CLI_TEXT:
        cli_params_add(p, param, v->text);
        return CLI_OK;
    case CLI_LIST:
        cli_params_add(p, arena_printf(p->arena, "%s.%u", param, cli_params_next(p, param)),
                       v->text);
        return CLI_OK;
    case CLI_COUNT:
        return add_count(p, v->text, fault);
    case CLI_BYTES:
        return add_bytes(p, param, v->text, fault);
    case CLI_FILTER:
        add_filter(p, param, v->text);
        return CLI_OK;
    case CLI_NAME_TAG:
        cli_params_tag(p, param, "Name", v->text);
        return CLI_OK;
    case CLI_TAG:
        add_tag(p, param, v->text);
        return CLI_OK;
    case CLI_STRUCTURE:
    case CLI_STRUCTURES:
        return cli_shorthand(p, param, v->flag->kind == CLI_STRUCTURES, name, v->text, fault);
    }
    return CLI_OK;
}

enum cli_exit cli_request_build(const struct cli_line *line, struct cli_params *p,
                                struct cli_fault *fault)
{
    for (size_t i = 0; i < line->len; i++) {
        const struct cli_flag *flag = line->values[i].flag;
        if (!line->is_ec2 && str_eq(flag->name, "filter") &&
            add_short_filter(p, line->command->columns, line->values[i].text))
            continue;
        if (add(p, &line->values[i], line->is_ec2 ? flag->ec2 : flag->name, fault) != CLI_OK)
            return fault->exit;
    }
    return CLI_OK;
}
