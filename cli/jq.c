/* jq.c - see jq.h. */
#include "cli/jq.h"

#include "base/check.h"
#include "cli/safe.h"

#include <jq.h>
#include <string.h>

/* libjq tells its errors one by one; the first says what is wrong. */
static void note_error(void *self, jv message)
{
    struct cli_fault *fault = self;
    jv text = jq_format_error(message);
    if (*fault->cause == '\0') {
        size_t len = strcspn(jv_string_value(text), "\n");
        cli_fault_cause(fault, "%.*s", (int)(len < 400 ? len : 400), jv_string_value(text));
    }
    jv_free(text);
}

static jq_state *compile(const char *program, struct cli_fault *fault)
{
    jq_state *jq = jq_init();
    INV(jq != NULL);
    cli_fault_set(fault, CLI_USAGE, "--jq: this is no jq program");
    jq_set_error_cb(jq, note_error, fault);
    if (jq_compile(jq, program) != 0)
        return jq;
    jq_teardown(&jq);
    cli_fault_try(fault, "--jq '.[].instanceId'");
    return NULL;
}

enum cli_exit cli_jq_check(const char *program, struct cli_fault *fault)
{
    jq_state *jq = compile(program, fault);
    if (jq == NULL)
        return fault->exit;
    jq_teardown(&jq);
    return CLI_OK;
}

static void put(struct buf *out, jv value, bool is_tty)
{
    if (jv_get_kind(value) == JV_KIND_STRING && is_tty) {
        cli_safe_text(out, jv_string_value(value));
        jv_free(value);
    } else if (jv_get_kind(value) == JV_KIND_STRING) {
        buf_text(out, jv_string_value(value));
        jv_free(value);
    } else {
        jv text = jv_dump_string(value, is_tty ? JV_PRINT_PRETTY | JV_PRINT_INDENT_FLAGS(2) : 0);
        cli_safe_json(out, jv_string_value(text), strlen(jv_string_value(text)));
        jv_free(text);
    }
    buf_char(out, '\n');
}

static enum cli_exit refused(jv why, struct cli_fault *fault)
{
    jv message = jv_invalid_get_msg(why);
    if (jv_get_kind(message) == JV_KIND_NULL) {
        jv_free(message);
        return CLI_OK;
    }
    jv text = jv_get_kind(message) == JV_KIND_STRING ? message : jv_dump_string(message, 0);
    cli_fault_set(fault, CLI_FAILED, "--jq: the program ended with an error");
    cli_fault_cause(fault, "%.400s", jv_string_value(text));
    jv_free(text);
    return fault->exit;
}

enum cli_exit cli_jq(struct buf *out, const char *program, const char *json, bool is_tty,
                     struct cli_fault *fault)
{
    jq_state *jq = compile(program, fault);
    if (jq == NULL)
        return fault->exit;
    jv value = jv_parse(json);
    INV(jv_is_valid(value)); /* we have written it */
    jq_start(jq, value, 0);
    while (jv_is_valid(value = jq_next(jq)))
        put(out, value, is_tty);
    enum cli_exit exit = refused(value, fault);
    jq_teardown(&jq);
    return exit;
}
