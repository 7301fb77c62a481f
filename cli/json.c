/* json.c - see json.h. */
#include "cli/json.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/safe.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum shape { SHAPE_TEXT, SHAPE_LIST, SHAPE_NUMBERS, SHAPE_BOOLEAN, SHAPE_NUMBER };

static enum shape shape_of(const char *name)
{
    static const struct {
        const char *name;
        enum shape shape;
    } shapes[] = {
#define SHAPE(shape, name) {name, SHAPE_##shape},
#include "cli/shapes.def"
#undef SHAPE
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (str_eq(shapes[i].name, name))
            return shapes[i].shape;
    return SHAPE_TEXT;
}

static json_t *text_of(const char *text)
{
    json_t *value = json_string(text);
    POST(value != NULL); /* libxml2 lets only UTF-8 through */
    return value;
}

/* As the text says it: 8 stays a whole number, 2.5 does not become one. */
static json_t *number_of(const char *text)
{
    int64_t whole;
    char *end;
    if (str_parse_i64(text, INT64_MIN, INT64_MAX, &whole))
        return json_integer(whole);
    if (*text == '\0' || strspn(text, "+-.0123456789eE") != strlen(text))
        return text_of(text);
    double real = strtod(text, &end);
    json_t *value = *end == '\0' ? json_real(real) : NULL;
    return value != NULL ? value : text_of(text);
}

static json_t *scalar_of(enum shape shape, const char *text)
{
    if (shape == SHAPE_BOOLEAN && (str_eq(text, "true") || str_eq(text, "false")))
        return json_boolean(str_eq(text, "true"));
    return shape == SHAPE_NUMBER ? number_of(text) : text_of(text);
}

static json_t *value_of(const struct cli_node *node, enum shape shape);

static json_t *list_of(const struct cli_node *node, enum shape of)
{
    json_t *list = json_array();
    for (const struct cli_node *item = node->first; item != NULL; item = item->next)
        json_array_append_new(list, value_of(item, of));
    return list;
}

static void set_member(json_t *object, const struct cli_node *child)
{
    char name[128];
    if (!str_copy(name, sizeof name, child->name))
        return;
    enum shape shape;
    name[0] = (char)tolower((unsigned char)name[0]);
    shape = shape_of(name);
    json_object_set_new(object, name, value_of(child, shape));
}

static json_t *object_of(const struct cli_node *node, const char *without)
{
    json_t *object = json_object();
    for (const struct cli_node *child = node->first; child != NULL; child = child->next)
        if (without == NULL || !str_eq(child->name, without))
            set_member(object, child);
    return object;
}

static json_t *value_of(const struct cli_node *node, enum shape shape)
{
    if (shape == SHAPE_LIST || shape == SHAPE_NUMBERS)
        return list_of(node, shape == SHAPE_NUMBERS ? SHAPE_NUMBER : SHAPE_TEXT);
    if (node->first != NULL)
        return object_of(node, NULL);
    return scalar_of(shape, node->text);
}

static int append(const char *data, size_t len, void *self)
{
    buf_append(self, data, len);
    return 0;
}

void cli_json_print(struct buf *out, const json_t *value, bool is_pretty)
{
    CLEANUP(buf_fini) struct buf text = {0};
    size_t flags = JSON_PRESERVE_ORDER | (is_pretty ? JSON_INDENT(2) : JSON_COMPACT);
    INV(json_dump_callback(value, append, &text, flags) == 0);
    cli_safe_json(out, buf_str(&text), text.len);
    buf_char(out, '\n');
}

json_t *cli_json_of_answer(const struct cli_node *answer)
{
    return object_of(answer, "requestId");
}

json_t *cli_json_of_rows(const struct cli_nodes *rows)
{
    json_t *list = json_array();
    for (size_t i = 0; i < rows->len; i++)
        json_array_append_new(list, value_of(rows->list[i], SHAPE_TEXT));
    return list;
}

void cli_json_answer(struct buf *out, const struct cli_node *answer, bool is_pretty)
{
    json_t *value = cli_json_of_answer(answer);
    cli_json_print(out, value, is_pretty);
    json_decref(value);
}

void cli_json_rows(struct buf *out, const struct cli_nodes *rows, bool is_pretty)
{
    json_t *list = cli_json_of_rows(rows);
    cli_json_print(out, list, is_pretty);
    json_decref(list);
}
