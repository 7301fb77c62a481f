/* auth_sigv4_fixture.c - signs with sigv4_sign, judges with sigv4_check. */
#include "tests/unit/auth_sigv4_fixture.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

void fixture_add(struct fixture *f, const char *name, const char *value)
{
    assert_true(f->request.headers_len < FIXTURE_HEADERS_MAX);
    f->headers[f->request.headers_len++] = (struct header){name, value};
}

void fixture_drop(struct fixture *f, const char *name)
{
    size_t len = 0;
    for (size_t i = 0; i < f->request.headers_len; i++)
        if (!str_eq(f->headers[i].name, name))
            f->headers[len++] = f->headers[i];
    f->request.headers_len = len;
}

void fixture_sign(struct fixture *f, const char *service, const char *target, const char *payload,
                  struct header extra)
{
    *f = (struct fixture){.request = {.method = "POST",
                                      .target = target,
                                      .headers = f->headers,
                                      .body = FIXTURE_BODY,
                                      .body_len = strlen(FIXTURE_BODY)}};
    char body_sha256[DIGEST_SHA256_HEX_SIZE];
    digest_sha256_hex(body_sha256, FIXTURE_BODY, strlen(FIXTURE_BODY));
    struct sigv4_sign s = {.method = "POST",
                           .target = target,
                           .host = "cloud.example:8773",
                           .headers = &extra,
                           .headers_len = extra.name != NULL,
                           .payload = payload != NULL ? payload : body_sha256,
                           .key_id = "AKID",
                           .secret = FIXTURE_SECRET,
                           .region = "lab",
                           .service = service,
                           .wall_ms = FIXTURE_NOW_MS};
    assert_int_equal(sigv4_sign(&s, f->date, &f->authorization, &f->err), ERR_OK);
    fixture_add(f, "Host", s.host);
    fixture_add(f, "X-Amz-Date", f->date);
    fixture_add(f, "Authorization", f->authorization.data);
    if (extra.name != NULL)
        fixture_add(f, extra.name, extra.value);
    f->check = (struct sigv4_check){.request = &f->request,
                                    .auth = &f->auth,
                                    .service = service,
                                    .key_id = "AKID",
                                    .secret = FIXTURE_SECRET,
                                    .wall_ms = FIXTURE_NOW_MS};
}

void fixture_sign_ec2(struct fixture *f)
{
    fixture_sign(f, "ec2", "/", NULL, (struct header){NULL, NULL});
}

enum err_code fixture_verdict_of(struct fixture *f, struct sigv4_payload *payload)
{
    f->err = (struct err){0};
    enum err_code code = sigv4_parse(&f->auth, &f->request, &f->err);
    if (code == ERR_OK)
        code = sigv4_check(&f->check, payload, &f->err);
    assert_int_equal(code, f->err.code);
    return code;
}

enum err_code fixture_verdict(struct fixture *f)
{
    enum err_code code = fixture_verdict_of(f, NULL);
    buf_fini(&f->authorization);
    return code;
}

void fixture_authorize(struct fixture *f, const char *value)
{
    fixture_drop(f, "Authorization");
    fixture_add(f, "Authorization", value);
}
