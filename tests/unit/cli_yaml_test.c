/* cli_yaml_test.c - YAML says what the JSON says: what could be read as something else is quoted.
 */
#include "tests/unit/cli_rig.h"

#include "base/buf.h"
#include "base/check.h"
#include "cli/yaml.h"

static void yaml_is(const char *json, const char *want)
{
    CLEANUP(buf_fini) struct buf out = {0};
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    cli_yaml(&out, value);
    json_decref(value);
    assert_string_equal(buf_str(&out), want);
}

static void blocks(void **state)
{
    (void)state;
    yaml_is("{\"a\":1,\"b\":{\"c\":true,\"d\":[]},\"e\":{}}",
            "a: 1\nb:\n  c: true\n  d: []\ne: {}\n");
    yaml_is("[{\"a\":\"x\",\"b\":[{\"c\":\"q\",\"d\":null},{\"c\":\"z\"}]},[1,[2]]]",
            "- a: x\n  b:\n  - c: q\n    d: null\n  - c: z\n-\n  - 1\n  -\n    - 2\n");
    yaml_is("[]", "[]\n");
    yaml_is("7", "7\n");
}

static void texts_that_could_be_something_else(void **state)
{
    (void)state;
    yaml_is("[\"web-1\",\"true\",\"No\",\"\",\"12\",\"1e3\",\"a: b\",\"- x\",\"#\",\"~\",\"a\\nb\","
            "\"x \",\"\\u001b[2J\",\"n\"]",
            "- web-1\n- \"true\"\n- \"No\"\n- \"\"\n- \"12\"\n- \"1e3\"\n- \"a: b\"\n- \"- x\"\n"
            "- \"#\"\n- \"~\"\n- \"a\\nb\"\n- \"x \"\n- \"\\u001B[2J\"\n- \"n\"\n");
    yaml_is("{\"yes\":1,\"a b\":2}", "\"yes\": 1\n\"a b\": 2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),
        cmocka_unit_test(texts_that_could_be_something_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
