/* config.c - INI by libinih, checked against a table. */
#include "base/config.h"

#include "base/check.h"
#include "base/str.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

struct load {
    void *options;
    const struct config_option *table;
    size_t len;
    const char *path;
    struct err *err;
    uint64_t given; /* bit per row that has a value */
};

static enum err_code set_value(struct load *load, const struct config_option *option,
                               const char *value)
{
    char *field = (char *)load->options + option->offset;
    int64_t number = 0;
    switch (option->kind) {
    case CONFIG_TEXT:
    case CONFIG_PATH:
        if (!str_copy(field, CONFIG_TEXT_SIZE, value))
            return err_set(load->err, ERR_CONFIG, "%s.%s is longer than %d characters",
                           option->section, option->key, CONFIG_TEXT_SIZE - 1);
        return ERR_OK;
    case CONFIG_BOOL:
        if (!str_eq(value, "yes") && !str_eq(value, "no"))
            return err_set(load->err, ERR_CONFIG, "%s.%s must be yes or no, not '%s'",
                           option->section, option->key, value);
        number = str_eq(value, "yes");
        break;
    case CONFIG_INT:
    case CONFIG_SIZE:
        if (!str_parse_i64(value, option->min, option->max, &number))
            return err_set(load->err, ERR_CONFIG,
                           "%s.%s must be a number from %lld to %lld, not '%s'", option->section,
                           option->key, (long long)option->min, (long long)option->max, value);
        break;
    }
    memcpy(field, &number, sizeof number);
    return ERR_OK;
}

static const struct config_option *nearest(const struct load *load, const char *section,
                                           const char *key)
{
    const struct config_option *best = NULL;
    unsigned best_distance = 4;
    for (size_t i = 0; i < load->len; i++) {
        unsigned d = str_distance(load->table[i].key, key) +
                     (str_eq(load->table[i].section, section) ? 0 : 1);
        if (d < best_distance) {
            best = &load->table[i];
            best_distance = d;
        }
    }
    return best;
}

static enum err_code set_option(struct load *load, const char *section, const char *key,
                                const char *value)
{
    for (size_t i = 0; i < load->len; i++) {
        const struct config_option *option = &load->table[i];
        if (!str_eq(option->section, section) || !str_eq(option->key, key))
            continue;
        load->given |= (uint64_t)1 << i;
        return set_value(load, option, value);
    }
    const struct config_option *near = nearest(load, section, key);
    if (near != NULL)
        return err_set(load->err, ERR_CONFIG, "unknown option %s.%s: did you mean %s.%s?", section,
                       key, near->section, near->key);
    return err_set(load->err, ERR_CONFIG, "unknown option %s.%s", section, key);
}

static int on_line(void *user, const char *section, const char *key, const char *value)
{
    struct load *load = user;
    return set_option(load, section, key, value) == ERR_OK;
}

static enum err_code load_file(struct load *load)
{
    int line = ini_parse(load->path, on_line, load);
    if (line == 0)
        return ERR_OK;
    if (line < 0)
        return err_set(load->err, ERR_CONFIG, "cannot read %s", load->path);
    if (load->err->code == ERR_OK)
        err_set(load->err, ERR_CONFIG, "neither [section] nor key = value");
    return err_wrap(load->err, "%s line %d", load->path, line);
}

static enum err_code load_override(struct load *load, const char *text)
{
    char section[64], key[64];
    const char *equals = strchr(text, '=');
    if (equals == NULL || sscanf(text, "%63[a-z0-9-].%63[a-z0-9-]=", section, key) != 2)
        return err_set(load->err, ERR_CONFIG, "'%s' is not section.key=value", text);
    return set_option(load, section, key, equals + 1);
}

enum err_code config_load(void *options, const struct config_option *table, size_t len,
                          const char *path, const char *const *overrides, size_t overrides_len,
                          struct err *err)
{
    PRE(len <= 64);
    struct load load = {.options = options, .table = table, .len = len, .path = path, .err = err};
    for (size_t i = 0; i < len; i++)
        if (table[i].otherwise != NULL && set_value(&load, &table[i], table[i].otherwise) != ERR_OK)
            return err->code;
    if (path != NULL && load_file(&load) != ERR_OK)
        return err->code;
    for (size_t i = 0; i < overrides_len; i++)
        if (load_override(&load, overrides[i]) != ERR_OK)
            return err->code;
    for (size_t i = 0; i < len; i++)
        if (table[i].otherwise == NULL && (load.given & (uint64_t)1 << i) == 0)
            return err_set(err, ERR_CONFIG, "%s.%s must be set: %s", table[i].section, table[i].key,
                           table[i].help);
    return ERR_OK;
}

void config_sample(struct buf *out, const struct config_option *table, size_t len)
{
    const char *section = "";
    for (size_t i = 0; i < len; i++) {
        if (!str_eq(section, table[i].section))
            buf_printf(out, "%s[%s]\n", *section != '\0' ? "\n" : "", table[i].section);
        section = table[i].section;
        buf_printf(out, "# %s\n%s%s = %s\n", table[i].help, table[i].otherwise != NULL ? "#" : "",
                   table[i].key, table[i].otherwise != NULL ? table[i].otherwise : "");
    }
}
