/* cli_node_test.c - an answer is read as it stands; what no API answers is refused, and nothing is
 * fetched or expanded for it. */
#include "tests/unit/cli_rig.h"

#include "base/buf.h"
#include "base/check.h"
#include "cli/node.h"

#include <string.h>

static struct arena arena;

static enum cli_exit parse(const char *text, struct cli_node **root)
{
    struct cli_fault fault;
    *root = NULL;
    return cli_node_parse(root, &arena, text, strlen(text), &fault);
}

static struct cli_node *good(const char *text)
{
    struct cli_node *root;
    assert_int_equal(parse(text, &root), CLI_OK);
    return root;
}

static void paths(void **state)
{
    (void)state;
    const struct cli_node *root = good(
        "<?xml version=\"1.0\"?><R xmlns=\"http://x/\"><requestId>1</requestId><set>"
        "<item><id>a</id><tagSet><item><key>Name</key><value>web</value></item>"
        "<item><key>k</key><value>v</value></item></tagSet></item>"
        "<item><id>b</id><tagSet/></item></set></R>");
    assert_string_equal(root->name, "R");
    assert_string_equal(cli_node_text(root, "set/item/id"), "a");
    assert_string_equal(cli_node_text(root, "set/item/tagSet/item[key=k]/value"), "v");
    assert_string_equal(cli_node_text(root, "set/item[id=b]/id"), "b");
    assert_string_equal(cli_node_text(root, "set/nothing"), "");
    assert_null(cli_node_get(root, "set/item[id=c]"));
    assert_ptr_equal(cli_node_get(root, ""), root);
    assert_string_equal(cli_node_text(root, "set/tagSet/value"), "web");
    assert_string_equal(cli_node_text(root, "set/id"), "a");
    assert_string_equal(cli_node_text(root, "RequestId"), "1");
    struct cli_nodes ids = cli_node_all(root, "set/item/id", &arena);
    assert_int_equal(ids.len, 2);
    assert_string_equal(ids.list[1]->text, "b");
}

static void text_as_it_is_meant(void **state)
{
    (void)state;
    assert_string_equal(good("<a>x&lt;y&amp;z &#10004; <![CDATA[<b>]]></a>")->text,
                        "x<y&z \xe2\x9c\x94 <b>");
    assert_string_equal(good("<a>\n  <b>1</b>\n</a>")->text, "");
    assert_string_equal(cli_node_text(good("<a><b>1</b><!-- c --><b/></a>"), "b"), "1");
}

static void what_no_api_answers(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "not xml",
        "<a><b></a>",
        "<a>",
        "<a/><b/>",
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY e \"boom\">]><a>&e;</a>",
        "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>",
        "<a>&unknown;</a>",
        "<a>\xff</a>",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct cli_node *root;
        if (parse(bad[i], &root) != CLI_FAILED)
            fail_msg("taken: %s", bad[i]);
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    for (int depth = CLI_NODE_DEPTH_MAX; depth <= CLI_NODE_DEPTH_MAX + 1; depth++) {
        CLEANUP(buf_fini) struct buf text = {0};
        struct cli_node *root;
        for (int i = 0; i < depth; i++)
            buf_text(&text, "<a>");
        for (int i = 0; i < depth; i++)
            buf_text(&text, "</a>");
        assert_int_equal(parse(buf_str(&text), &root),
                         depth <= CLI_NODE_DEPTH_MAX ? CLI_OK : CLI_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths),
        cmocka_unit_test(text_as_it_is_meant),
        cmocka_unit_test(what_no_api_answers),
        cmocka_unit_test(depth_is_bounded),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_fini(&arena);
    return failed;
}
