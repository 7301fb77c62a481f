/* auth_sigv4_golden_test.c - what a stock client signs is accepted, and only with its secret. */
#include "proto/auth/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define SECRET "g0ldenSecret/With+Signs0123456789abcdefgh"
#define NOW_MS INT64_C(1795167215000) /* 2026-11-20T09:33:35Z */

enum { HEADERS_MAX = 8 };

static const struct vector {
    const char *name, *service, *method, *target, *body;
    struct header headers[HEADERS_MAX];
} vectors[] = {
#define HEADERS(...) \
    {                \
        __VA_ARGS__  \
    }
#define VECTOR(name, service, method, target, body, ...) \
    {name, service, method, target, body, __VA_ARGS__},
#include "tests/unit/auth_sigv4_golden.def"
#undef VECTOR
};

static enum err_code check(const struct vector *v, const char *secret, struct err *err)
{
    struct request r = {.method = v->method,
                        .target = v->target,
                        .headers = v->headers,
                        .body = v->body,
                        .body_len = strlen(v->body)};
    while (r.headers_len < HEADERS_MAX && v->headers[r.headers_len].name != NULL)
        r.headers_len++;
    struct sigv4_auth auth;
    enum err_code code = sigv4_parse(&auth, &r, err);
    if (code != ERR_OK)
        return code;
    return sigv4_check(&(struct sigv4_check){.request = &r,
                                             .auth = &auth,
                                             .service = v->service,
                                             .key_id = auth.key_id,
                                             .secret = secret,
                                             .wall_ms = NOW_MS},
                       NULL, err);
}

static void a_stock_client_is_understood(void **state)
{
    (void)state;
    struct err err;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        if (check(&vectors[i], SECRET, &err) != ERR_OK)
            fail_msg("%s: %s", vectors[i].name, err.text);
}

static void with_its_secret_only(void **state)
{
    (void)state;
    struct err err;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        assert_int_equal(check(&vectors[i], "g0ldenSecret", &err), ERR_BAD_SIGNATURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stock_client_is_understood),
        cmocka_unit_test(with_its_secret_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
