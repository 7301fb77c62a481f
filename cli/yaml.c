/* yaml.c - see yaml.h. */
#include "cli/yaml.h"

#include "base/check.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Letters first, then what means nothing to YAML inside a plain scalar; and no word that it reads
 * as a boolean, a null or a number. Everything else is quoted. */
static bool is_plain(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on",
                                        "off",  "null",  "y",   "n"};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
    if (*text == '\0' || strchr(letters, *text) == NULL || strspn(text, more) != strlen(text))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(text, words[i]) == 0)
            return false;
    return true;
}

/* A quoted text of JSON is one of YAML. */
static void put_scalar(struct buf *out, const json_t *value)
{
    if (json_is_string(value) && is_plain(json_string_value(value))) {
        buf_text(out, json_string_value(value));
        return;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    INV(text != NULL);
    buf_text(out, text);
    free(text);
}

static bool is_block(const json_t *value)
{
    return json_object_size(value) > 0 || json_array_size(value) > 0;
}

static void put(struct buf *out, const json_t *value, int depth, bool is_inline);

static void put_indent(struct buf *out, int depth)
{
    buf_printf(out, "%*s", 2 * depth, "");
}

/* The first member of a list's item stands behind its dash. */
static void put_object(struct buf *out, const json_t *object, int depth, bool is_inline)
{
    const char *name;
    json_t *member;
    void *at = json_object_iter((json_t *)(uintptr_t)object);
    for (; at != NULL; at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
        name = json_object_iter_key(at);
        member = json_object_iter_value(at);
        if (!is_inline)
            put_indent(out, depth);
        is_inline = false;
        json_t *key = json_string(name);
        put_scalar(out, key);
        json_decref(key);
        buf_char(out, ':');
        put(out, member, json_is_array(member) ? depth : depth + 1, false);
    }
}

static void put_array(struct buf *out, const json_t *array, int depth)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        put_indent(out, depth);
        buf_char(out, '-');
        put(out, json_array_get(array, i), depth + 1, true);
    }
}

/* Behind "key:" or "-". */
static void put(struct buf *out, const json_t *value, int depth, bool is_inline)
{
    if (!is_block(value)) {
        buf_char(out, ' ');
        put_scalar(out, value);
        buf_char(out, '\n');
    } else if (json_is_object(value)) {
        buf_char(out, is_inline ? ' ' : '\n');
        put_object(out, value, depth, is_inline);
    } else {
        buf_char(out, '\n');
        put_array(out, value, depth);
    }
}

void cli_yaml(struct buf *out, const json_t *value)
{
    if (json_is_object(value) && is_block(value)) {
        put_object(out, value, 0, false);
    } else if (is_block(value)) {
        put_array(out, value, 0);
    } else {
        put_scalar(out, value);
        buf_char(out, '\n');
    }
}
