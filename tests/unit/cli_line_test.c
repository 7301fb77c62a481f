/* cli_line_test.c - both spellings mean the same; what does not fit is refused with what would. */
#include "tests/unit/cli_rig.h"

#include "base/check.h"
#include "base/str.h"

static struct arena arena;

static struct cli_line parse(const char *words)
{
    struct cli_line line;
    struct cli_fault fault = {0};
    if (rig_parse(&line, &arena, words, &fault) != CLI_OK)
        fail_msg("%s: %s", words, fault.what);
    return line;
}

static void refuse(const char *words, const char *what, const char *hint)
{
    struct cli_line line;
    struct cli_fault fault = {0};
    assert_int_equal(rig_parse(&line, &arena, words, &fault), CLI_USAGE);
    assert_string_equal(fault.what, what);
    assert_string_equal(fault.hint, hint);
}

static void nouns_and_verbs(void **state)
{
    (void)state;
    struct cli_line line = parse("instance start web db --wait --timeout=5m");
    assert_int_equal(line.command->id, CLI_INSTANCE_START);
    assert_false(line.is_ec2);
    assert_int_equal(line.len, 4);
    assert_string_equal(cli_line_get(&line, "INSTANCE"), "web");
    assert_string_equal(line.values[1].text, "db");
    assert_true(cli_line_has(&line, "wait"));
    assert_string_equal(cli_line_get(&line, "timeout"), "5m");
    assert_null(cli_line_get(&line, "dry-run"));
    assert_string_equal(cli_line_doing(&line, &arena), "instance start");
}

static void the_spelling_of_the_aws_cli(void **state)
{
    (void)state;
    struct cli_line line = parse("ec2 start-instances --instance-ids web db --wait");
    assert_int_equal(line.command->id, CLI_INSTANCE_START);
    assert_true(line.is_ec2);
    assert_string_equal(cli_line_get(&line, "INSTANCE"), "web");
    assert_string_equal(line.values[1].text, "db");
    assert_true(cli_line_has(&line, "wait"));
    assert_string_equal(cli_line_doing(&line, &arena), "start-instances");
    assert_int_equal(parse("run-instances --image-id x").command->id, CLI_INSTANCE_CREATE);
}

static void aliases_and_short_flags(void **state)
{
    (void)state;
    struct cli_line line = parse("-o json i ls");
    assert_int_equal(line.command->id, CLI_INSTANCE_LIST);
    assert_string_equal(cli_line_get(&line, "output"), "json");
    line = parse("key rm a b -ojson");
    assert_int_equal(line.command->id, CLI_KEYPAIR_DELETE);
    assert_string_equal(cli_line_get(&line, "output"), "json");
    line = parse("--endpoint-url http://x describe-instances");
    assert_string_equal(cli_line_get(&line, "endpoint"), "http://x");
}

static void what_stands_behind_two_dashes_is_left_alone(void **state)
{
    (void)state;
    struct cli_line line = parse("instance ssh web -- ls --help -v");
    assert_false(line.is_help);
    assert_string_equal(line.rest[0], "ls");
    assert_string_equal(line.rest[2], "-v");
    assert_null(line.rest[3]);
    assert_null(parse("instance ssh web").rest);
}

static void a_negative_number_is_a_value(void **state)
{
    (void)state;
    struct cli_line line = parse("group allow default --protocol icmp --port -1 --cidr 0.0.0.0/0");
    assert_string_equal(cli_line_get(&line, "port"), "-1");
}

static void help_needs_nothing_else(void **state)
{
    (void)state;
    assert_true(parse("--help").is_help);
    assert_true(parse("help").is_help);
    assert_true(parse("ec2 --help").is_ec2);
    assert_string_equal(parse("instance --help").noun, "instance");
    assert_int_equal(parse("instance create --help").command->id, CLI_INSTANCE_CREATE);
    assert_int_equal(parse("help instance create").command->id, CLI_INSTANCE_CREATE);
}

static void what_is_unknown_gets_the_nearest(void **state)
{
    (void)state;
    refuse("instnace list", "unknown command 'instnace'", "tercet instance");
    refuse("run-instance", "unknown command 'run-instance'", "tercet run-instances");
    refuse("qqqqqq", "unknown command 'qqqqqq'", "tercet --help");
    refuse("instance lst", "unknown verb of instance 'lst'", "tercet instance list");
    refuse("instance list --stat x", "unknown flag '--stat'", "--state");
    refuse("instance list --zzzzzz", "unknown flag '--zzzzzz'", "tercet instance list --help");
    refuse("instance list -z", "unknown flag '--z'", "tercet instance list --help");
}

static void a_flag_of_the_other_spelling_is_told(void **state)
{
    (void)state;
    refuse("run-instances --image x", "unknown flag '--image'", "--image-id");
    refuse("instance create --image-id x", "unknown flag '--image-id'", "--image");
}

static void what_is_missing_or_too_much(void **state)
{
    (void)state;
    refuse("", "no command is given", "tercet --help");
    refuse("instance", "instance: which verb?", "tercet instance --help");
    refuse("instance start", "instance start: INSTANCE is missing",
           "tercet instance start web --wait");
    refuse("run-instances", "run-instances: --image-id is missing", "tercet run-instances --help");
    refuse("instance list --state", "--state needs a value",
           "--state pending|running|stopping|stopped|shutting-down|terminated");
    refuse("instance list --state --name", "--state needs a value",
           "--state pending|running|stopping|stopped|shutting-down|terminated");
    refuse("instance create --image a --image b", "--image is given twice", "");
    refuse("instance start a --wait=yes", "--wait takes no value", "");
    refuse("instance console a b", "one argument too many: 'b'", "tercet instance console --help");
    refuse("describe-instances x", "'x' belongs to no flag", "tercet describe-instances --help");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nouns_and_verbs),
        cmocka_unit_test(the_spelling_of_the_aws_cli),
        cmocka_unit_test(aliases_and_short_flags),
        cmocka_unit_test(what_stands_behind_two_dashes_is_left_alone),
        cmocka_unit_test(a_negative_number_is_a_value),
        cmocka_unit_test(help_needs_nothing_else),
        cmocka_unit_test(what_is_unknown_gets_the_nearest),
        cmocka_unit_test(a_flag_of_the_other_spelling_is_told),
        cmocka_unit_test(what_is_missing_or_too_much),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    return failed;
}
