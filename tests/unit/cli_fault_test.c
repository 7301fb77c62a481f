/* cli_fault_test.c - an API's error code decides the exit status, and a fault is told line by line;
 * nothing of a server reaches the terminal as a control character. */
#include "tests/unit/cli_rig.h"

#include "base/check.h"
#include "base/err.h"
#include "cli/code.h"
#include "cli/fault.h"

#include <stdlib.h>
#include <string.h>

static void codes(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        enum cli_exit exit;
    } rows[] = {
        {"InvalidInstanceID.NotFound", CLI_NOT_FOUND},
        {"InvalidVolume.NotFound", CLI_NOT_FOUND},
        {"NoSuchKey", CLI_NOT_FOUND},
        {"AuthFailure", CLI_DENIED},
        {"SignatureDoesNotMatch", CLI_DENIED},
        {"UnauthorizedOperation", CLI_DENIED},
        {"InvalidKeyPair.Duplicate", CLI_CONFLICT},
        {"IncorrectInstanceState", CLI_CONFLICT},
        {"BucketNotEmpty", CLI_CONFLICT},
        {"InsufficientInstanceCapacity", CLI_NO_ROOM},
        {"VcpuLimitExceeded", CLI_NO_ROOM},
        {"TagLimitExceeded", CLI_NO_ROOM},
        {"RequestLimitExceeded", CLI_UNREACHABLE},
        {"ServiceUnavailable", CLI_UNREACHABLE},
        {"InvalidInstanceID.Malformed", CLI_USAGE},
        {"MissingParameter", CLI_USAGE},
        {"InternalError", CLI_FAILED},
        {"SomethingNew", CLI_FAILED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cli_fault f;
        if (cli_fault_api(&f, "instance start", rows[i].code, "why", "id") != rows[i].exit)
            fail_msg("%s: exit %d", rows[i].code, (int)f.exit);
        assert_string_equal(f.code, rows[i].code);
    }
}

/* Whoever adds an error says what it means. */
static void each_code_is_explained(void **state)
{
    (void)state;
    for (enum err_code e = ERR_OK + 1; e < ERR_COUNT; e++) {
        const char *const codes[] = {err_row(e)->ec2, err_row(e)->s3};
        for (size_t i = 0; i < 2; i++)
            if (*codes[i] != '\0' && cli_code_get(codes[i]) == NULL)
                fail_msg("%s has no row in cli/faults.def", codes[i]);
    }
    for (size_t i = 0; cli_code_at(i) != NULL; i++) {
        assert_ptr_equal(cli_code_get(cli_code_at(i)->code), cli_code_at(i)); /* nor two */
        assert_string_not_equal(cli_code_at(i)->means, "");
    }
}

static void is_printed(const struct cli_fault *f, const char *text)
{
    char *out = NULL;
    size_t len;
    FILE *file = open_memstream(&out, &len);
    assert_non_null(file);
    cli_fault_print(f, false, file);
    fclose(file);
    assert_string_equal(out, text);
    free(out);
}

static void lines(void **state)
{
    (void)state;
    struct cli_fault f;
    cli_fault_set(&f, CLI_FAILED, "it %s", "failed");
    is_printed(&f, "error: it failed\n");
    cli_fault_api(&f, "instance start", "InvalidInstanceID.NotFound", "no i-1\x1b[2J\nhere", "r-1");
    is_printed(&f, "error: instance start: not found (InvalidInstanceID.NotFound)\n"
                   "cause: no i-1\\x1b[2J\\x0ahere\n"
                   "try: tercet instance list\n"
                   "request-id: r-1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes), cmocka_unit_test(each_code_is_explained), cmocka_unit_test(lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
