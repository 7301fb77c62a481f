/* cli_command_test.c - the table of commands is whole: each spelling means one command, each flag
 * one thing, and every example of the help is itself a command line. */
#include "tests/unit/cli_rig.h"

#include "base/str.h"
#include "cli/columns.h"

#include <string.h>

static struct arena arena;

static void no_spelling_is_there_twice(void **state)
{
    (void)state;
    const struct cli_command *a, *b;
    for (size_t i = 0; (a = cli_command_at(i)) != NULL; i++)
        for (size_t k = i + 1; (b = cli_command_at(k)) != NULL; k++) {
            assert_false(str_eq(a->noun, b->noun) && str_eq(a->verb, b->verb));
            assert_false(*a->ec2 != '\0' && str_eq(a->ec2, b->ec2));
        }
}

static void no_flag_is_there_twice(void **state)
{
    (void)state;
    const struct cli_command *c;
    const struct cli_flag *a, *b;
    for (size_t n = 0; (c = cli_command_at(n)) != NULL; n++)
        for (size_t i = 0; (a = cli_flag_at(c->id, i)) != NULL; i++)
            for (size_t k = i + 1; (b = cli_flag_at(c->id, k)) != NULL; k++) {
                assert_false(*a->name != '\0' && str_eq(a->name, b->name));
                assert_false(*a->ec2 != '\0' && str_eq(a->ec2, b->ec2));
            }
}

/* "DescribeInstances" is spelled describe-instances. */
/* Help, completion and the manuals go by nouns.def. */
static void every_noun_is_described(void **state)
{
    (void)state;
    const struct cli_command *c;
    const struct cli_noun *noun;
    for (size_t i = 0; (c = cli_command_at(i)) != NULL; i++) {
        bool is_there = cli_command_is_hidden(c);
        for (size_t k = 0; (noun = cli_noun_at(k)) != NULL; k++)
            is_there = is_there || str_eq(noun->word, c->noun);
        if (!is_there)
            fail_msg("'%s' has no row in cli/nouns.def", c->noun);
    }
    for (size_t i = 0; cli_command_short_at(i) != NULL; i++) {
        assert_non_null(cli_command_by_short(cli_command_short_at(i)));
        assert_false(cli_command_is_noun(cli_command_short_at(i)));
    }
}

static void the_ec2_spelling_is_the_action(void **state)
{
    (void)state;
    const struct cli_command *c;
    for (size_t i = 0; (c = cli_command_at(i)) != NULL; i++) {
        const char *want = c->action;
        for (const char *at = c->ec2; *at != '\0'; at++) {
            if (*at == '-')
                continue;
            bool is_first = at == c->ec2 || at[-1] == '-';
            assert_int_equal(is_first ? *at - 'a' + 'A' : *at, *want++);
        }
        assert_true(*c->ec2 == '\0' || *want == '\0');
    }
}

static void what_goes_into_a_request_has_a_parameter(void **state)
{
    (void)state;
    const struct cli_command *c;
    const struct cli_flag *f;
    for (size_t n = 0; (c = cli_command_at(n)) != NULL; n++)
        for (size_t i = 0; (f = cli_flag_at(c->id, i)) != NULL; i++) {
            bool is_local = f->kind == CLI_SWITCH || f->kind == CLI_LOCAL ||
                            f->kind == CLI_LOCALS || f->kind == CLI_COUNT || f->kind == CLI_TAG ||
                            *c->action == '\0';
            assert_true(is_local || *f->param != '\0');
            assert_true(*f->help != '\0' && (*f->name != '\0' || *f->ec2 != '\0'));
        }
}

static void rows_have_columns_and_waits_have_flags(void **state)
{
    (void)state;
    const struct cli_command *c;
    struct cli_columns columns;
    struct cli_fault fault;
    for (size_t n = 0; (c = cli_command_at(n)) != NULL; n++) {
        assert_int_equal(cli_columns_choose(&columns, c->columns, NULL, &arena, &fault), CLI_OK);
        assert_true(*c->rows == '\0' || columns.len > 0);
        assert_true(c->wait == CLI_WAIT_NONE || (cli_flag_get(c->id, "wait", false) != NULL &&
                                                 cli_flag_get(c->id, "timeout", false) != NULL));
    }
}

static void every_example_is_a_command_line(void **state)
{
    (void)state;
    const struct cli_command *c;
    for (size_t n = 0; (c = cli_command_at(n)) != NULL; n++) {
        struct cli_line line;
        struct cli_fault fault = {0};
        if (str_has_prefix(c->example, "eval"))
            continue;
        assert_true(str_has_prefix(c->example, "tercet "));
        if (rig_parse(&line, &arena, c->example + strlen("tercet "), &fault) != CLI_OK)
            fail_msg("%s: %s", c->example, fault.what);
        assert_ptr_equal(line.command, c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_spelling_is_there_twice),
        cmocka_unit_test(no_flag_is_there_twice),
        cmocka_unit_test(every_noun_is_described),
        cmocka_unit_test(the_ec2_spelling_is_the_action),
        cmocka_unit_test(what_goes_into_a_request_has_a_parameter),
        cmocka_unit_test(rows_have_columns_and_waits_have_flags),
        cmocka_unit_test(every_example_is_a_command_line),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    return failed;
}
