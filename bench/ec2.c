/* ec2.c - see ec2.h. */
#include "bench/ec2.h"

#include "base/check.h"
#include "base/clock.h"
#include "proto/auth/digest.h"
#include "proto/auth/sigv4.h"

#include <stdio.h>
#include <string.h>

void ec2_request(const struct ec2_caller *caller, const char *form, struct buf *out)
{
    struct err err = {0};
    char host[32], date[SIGV4_DATE_SIZE], hash[DIGEST_SHA256_HEX_SIZE];
    struct clock clock = clock_system();
    CLEANUP(buf_fini) struct buf authorization = {0};
    snprintf(host, sizeof host, "127.0.0.1:%d", caller->tcp_port);
    digest_sha256_hex(hash, form, strlen(form));
    enum err_code code = sigv4_sign(&(struct sigv4_sign){.method = "POST",
                                                         .target = "/",
                                                         .host = host,
                                                         .payload = hash,
                                                         .key_id = caller->key_id,
                                                         .secret = caller->secret,
                                                         .region = caller->region,
                                                         .service = "ec2",
                                                         .wall_ms = clock.read(clock.self).wall_ms},
                                    date, &authorization, &err);
    INV(code == ERR_OK);
    buf_printf(out,
               "POST / HTTP/1.1\r\nHost: %s\r\nX-Amz-Date: %s\r\nAuthorization: %s\r\n"
               "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
               host, date, authorization.data, strlen(form), form);
}

void s3_request(const struct ec2_caller *caller, const char *method, const char *target,
                const struct buf *body, struct buf *out)
{
    struct err err = {0};
    char host[32], date[SIGV4_DATE_SIZE], hash[DIGEST_SHA256_HEX_SIZE];
    struct clock clock = clock_system();
    CLEANUP(buf_fini) struct buf authorization = {0};
    snprintf(host, sizeof host, "127.0.0.1:%d", caller->tcp_port);
    digest_sha256_hex(hash, buf_str(body), body->len);
    struct header signed_hash = {.name = "x-amz-content-sha256", .value = hash};
    enum err_code code = sigv4_sign(&(struct sigv4_sign){.method = method,
                                                         .target = target,
                                                         .host = host,
                                                         .headers = &signed_hash,
                                                         .headers_len = 1,
                                                         .payload = hash,
                                                         .key_id = caller->key_id,
                                                         .secret = caller->secret,
                                                         .region = caller->region,
                                                         .service = "s3",
                                                         .wall_ms = clock.read(clock.self).wall_ms},
                                    date, &authorization, &err);
    INV(code == ERR_OK);
    buf_printf(out,
               "%s %s HTTP/1.1\r\nHost: %s\r\nX-Amz-Date: %s\r\nX-Amz-Content-Sha256: %s\r\n"
               "Authorization: %s\r\nContent-Length: %zu\r\n\r\n",
               method, target, host, date, hash, authorization.data, body->len);
    buf_append(out, buf_str(body), body->len);
}
