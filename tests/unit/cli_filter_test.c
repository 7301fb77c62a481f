/* cli_filter_test.c - --filter: of a column it is judged here, otherwise the cloud is asked. */
#include "tests/unit/cli_rig.h"

#include "base/str.h"
#include "cli/filter.h"

#include <string.h>

static const char answer[] =
    "<R><hostSet>"
    "<item><hostId>h1</hostId><state>up</state><instances>9</instances></item>"
    "<item><hostId>h2</hostId><state>up</state><instances>10</instances></item>"
    "<item><hostId>spare</hostId><state>down</state></item>"
    "</hostSet></R>";

static struct arena arena;

/* The ids that are left, with blanks between. */
static const char *left(const char *words)
{
    struct cli_line line;
    struct cli_node *root;
    struct cli_fault fault = {0};
    const char *ids = "";
    if (rig_parse(&line, &arena, words, &fault) != CLI_OK ||
        cli_filter_check(&line, &arena, &fault) != CLI_OK)
        return arena_strdup(&arena, fault.what);
    assert_int_equal(cli_node_parse(&root, &arena, answer, strlen(answer), &fault), CLI_OK);
    struct cli_nodes rows = cli_node_all(root, "hostSet/item", &arena);
    cli_filter_rows(&line, &rows, &arena);
    for (size_t i = 0; i < rows.len; i++)
        ids = arena_printf(&arena, "%s%s%s", ids, i > 0 ? " " : "",
                           cli_node_text(rows.list[i], "hostId"));
    return ids;
}

static void columns(void **state)
{
    (void)state;
    assert_string_equal(left("host list"), "h1 h2 spare");
    assert_string_equal(left("host list --filter state=up"), "h1 h2");
    assert_string_equal(left("host list --filter STATE!=up"), "spare");
    assert_string_equal(left("host list --filter id=h?,sp*"), "h1 h2 spare");
    assert_string_equal(left("host list --filter id!=h1,spare"), "h2");
    assert_string_equal(left("host list --filter instances>9"), "h2");
    assert_string_equal(left("host list --filter instances<10"), "h1");
    assert_string_equal(left("host list --filter state=up --filter instances=9"), "h1");
    assert_string_equal(left("host list --filter state="), "");
}

static void what_nobody_can_judge(void **state)
{
    (void)state;
    assert_string_equal(left("host list --filter stat=up"),
                        "host list: --filter 'stat=up' is of no column");
    assert_string_equal(left("host list --filter up"), "host list: --filter 'up' is of no column");
    assert_string_equal(left("version --filter a=b"), "version: --filter 'a=b' is of no column");
}

static void what_the_cloud_is_asked(void **state)
{
    (void)state;
    assert_string_equal(rig_params(&arena, "instance list --filter state=running"), "");
    assert_string_equal(rig_params(&arena, "instance list --filter tag:env=prod,test"),
                        "Filter.1.Name=tag%3Aenv Filter.1.Value.1=prod Filter.1.Value.2=test");
    assert_string_equal(rig_params(&arena, "instance list --filter Name=tag:Name,Values=a"),
                        "Filter.1.Name=tag%3AName Filter.1.Value.1=a");
    assert_string_equal(rig_params(&arena, "describe-instances --filters Name=x,Values=a,b"),
                        "Filter.1.Name=x Filter.1.Value.1=a Filter.1.Value.2=b");
}

static int end(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns),
        cmocka_unit_test(what_nobody_can_judge),
        cmocka_unit_test(what_the_cloud_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
