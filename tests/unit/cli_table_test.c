/* cli_table_test.c - a table shows what the columns say, the same on every run; a terminal gets
 * colours and no line that is too long. */
#include "tests/unit/cli_rig.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/str.h"
#include "cli/table.h"

#include <locale.h>
#include <string.h>

static const char answer[] =
    "<R><set>"
    "<item><instanceId>i-0123456789abcdef0</instanceId><instanceState><name>running</name>"
    "</instanceState><instanceType>t1.nano</instanceType><launchTime>2026-11-20T09:13:35.000Z"
    "</launchTime><tagSet><item><key>Name</key><value>\xc3\xbc</value></item></tagSet></item>"
    "<item><instanceId>i-1</instanceId><instanceState><name>pending</name></instanceState>"
    "<tagSet><item><key>Name</key><value>database</value></item></tagSet></item>"
    "</set></R>";

static struct arena arena;

static struct cli_nodes rows_of(const char *text, const char *path)
{
    struct cli_node *root;
    struct cli_fault fault;
    assert_int_equal(cli_node_parse(&root, &arena, text, strlen(text), &fault), CLI_OK);
    return cli_node_all(root, path, &arena);
}

static const char *print(const struct cli_table *how, enum cli_columns_id id, const char *chosen,
                         const struct cli_nodes *rows)
{
    CLEANUP(buf_fini) struct buf out = {0};
    struct cli_columns columns;
    struct cli_fault fault;
    assert_int_equal(cli_columns_choose(&columns, id, chosen, &arena, &fault), CLI_OK);
    cli_table_print(&out, how, &columns, rows, &arena);
    return arena_strdup(&arena, buf_str(&out));
}

static void a_pipe_gets_all_of_it_and_no_colours(void **state)
{
    (void)state;
    struct cli_nodes rows = rows_of(answer, "set/item");
    struct cli_table how = {.has_header = true};
    assert_string_equal(print(&how, CLI_COLUMNS_INSTANCE, "id,name,STATE,launched", &rows),
                        "ID                   NAME      STATE    LAUNCHED\n"
                        "i-0123456789abcdef0  \xc3\xbc         running  2026-11-20T09:13:35Z\n"
                        "i-1                  database  pending  -\n");
}

static void a_header_may_be_left_out(void **state)
{
    (void)state;
    struct cli_nodes rows = rows_of(answer, "set/item");
    struct cli_table how = {.has_header = false};
    assert_string_equal(print(&how, CLI_COLUMNS_INSTANCE, "instanceId,instanceState.name", &rows),
                        "i-0123456789abcdef0  running\ni-1                  pending\n");
}

static void a_terminal_gets_colours_and_no_more_than_its_width(void **state)
{
    (void)state;
    struct cli_nodes rows = rows_of(answer, "set/item");
    struct cli_table how = {.is_tty = true, .is_coloured = true, .has_header = true, .width = 50};
    const char *text = print(&how, CLI_COLUMNS_INSTANCE, NULL, &rows);
    assert_non_null(strstr(text, "\x1b[32mrunning"));
    assert_non_null(strstr(text, "i-0123456789abcdef0"));
    how.is_coloured = false;
    text = print(&how, CLI_COLUMNS_INSTANCE, "state", &rows);
    assert_null(strchr(text, '\x1b'));
}

static void rules_of_a_group(void **state)
{
    (void)state;
    struct cli_nodes rows = rows_of(
        "<R><g><item><groupName>default</groupName><ipPermissions>"
        "<item><ipProtocol>-1</ipProtocol><groups><item><groupId>sg-1</groupId></item></groups></"
        "item>"
        "<item><ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</"
        "toPort><ipRanges><item>"
        "<cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item>"
        "<item><ipProtocol>udp</ipProtocol><fromPort>1</fromPort><toPort>9</toPort></item>"
        "<item><ipProtocol>icmp</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort></item>"
        "</ipPermissions></item></g></R>",
        "g/item");
    struct cli_table how = {.has_header = false};
    assert_string_equal(print(&how, CLI_COLUMNS_GROUP, "allows", &rows),
                        "all sg-1, tcp/22 0.0.0.0/0, udp/1-9, icmp\n");
}

static void a_column_that_is_not_there(void **state)
{
    (void)state;
    struct cli_columns columns;
    struct cli_fault fault;
    assert_int_equal(cli_columns_choose(&columns, CLI_COLUMNS_INSTANCE, "id,stat", &arena, &fault),
                     CLI_USAGE);
    assert_string_equal(fault.hint, "--columns STATE");
    assert_int_equal(cli_columns_choose(&columns, CLI_COLUMNS_INSTANCE, "", &arena, &fault),
                     CLI_USAGE);
    assert_int_equal(cli_columns_choose(&columns, CLI_COLUMNS_INSTANCE, "a[b=c]", &arena, &fault),
                     CLI_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_gets_all_of_it_and_no_colours),
        cmocka_unit_test(a_header_may_be_left_out),
        cmocka_unit_test(a_terminal_gets_colours_and_no_more_than_its_width),
        cmocka_unit_test(rules_of_a_group),
        cmocka_unit_test(a_column_that_is_not_there),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    return failed;
}
