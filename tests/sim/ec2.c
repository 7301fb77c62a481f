/* ec2.c - requests and answers of the EC2 Query API, as far as subscribers here need them. */
#include "tests/sim/ec2.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/str.h"
#include "proto/auth/digest.h"
#include "tests/sim/clock.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <string.h>

static const char HOST[] = "ec2.sim";
static const char FORM[] = "application/x-www-form-urlencoded";

int64_t sim_ec2_now_ms(const struct sim_world *w)
{
    return w->now_ms + w->off_ms;
}

int64_t sim_ec2_wall_ms(const struct sim_world *w)
{
    struct sim_clock right = {.rate_ppm = 1000000, .wall_ms = w->off_ms};
    return sim_clock_read(&right, w->now_ms).wall_ms;
}

void sim_ec2_sign(struct sim_ec2 *r, const struct sim_ec2_key *key, int64_t wall_ms, int64_t now_ms,
                  const char *query)
{
    CLEANUP(buf_fini) struct buf authorization = {0};
    char payload[DIGEST_SHA256_HEX_SIZE];
    struct err err = {0};
    static const struct header headers[] = {{"content-type", FORM}};
    int len = snprintf(r->body, sizeof r->body, "%s&Version=2016-11-15", query);
    PRE(len > 0 && (size_t)len < sizeof r->body);
    digest_sha256_hex(payload, r->body, (size_t)len);
    enum err_code code = sigv4_sign(&(struct sigv4_sign){.method = "POST",
                                                         .target = "/",
                                                         .host = HOST,
                                                         .headers = headers,
                                                         .headers_len = 1,
                                                         .payload = payload,
                                                         .key_id = key->id,
                                                         .secret = key->secret,
                                                         .region = "sim",
                                                         .service = "ec2",
                                                         .wall_ms = wall_ms},
                                    r->date, &authorization, &err);
    POST(code == ERR_OK && authorization.len < sizeof r->authorization);
    str_copy(r->authorization, sizeof r->authorization, buf_str(&authorization));
    r->signed_ms = now_ms;
}

void sim_ec2_send(const struct sim_ec2 *r, struct sim_node *to, int64_t timeout_ms, void *self,
                  void (*done)(void *self, int status, const char *body, size_t body_len))
{
    const struct header headers[] = {{"Host", HOST},
                                     {"Content-Type", FORM},
                                     {"X-Amz-Date", r->date},
                                     {"Authorization", r->authorization}};
    sim_net_call_client(to, &(struct sim_client_call){.self = self,
                                                      .done = done,
                                                      .face = FACE_PUBLIC,
                                                      .method = "POST",
                                                      .target = "/",
                                                      .headers = headers,
                                                      .headers_len = 4,
                                                      .body = r->body,
                                                      .body_len = strlen(r->body),
                                                      .timeout_ms = timeout_ms});
}

bool sim_ec2_text(const char **at, const char *end, const char *tag, char *out, size_t out_size)
{
    char open[64];
    int len = snprintf(open, sizeof open, "<%s>", tag);
    const char *from = strstr(*at, open);
    if (from == NULL || (end != NULL && from >= end))
        return false;
    from += len;
    const char *to = strchr(from, '<');
    if (to == NULL)
        return false;
    size_t size = (size_t)(to - from) < out_size - 1 ? (size_t)(to - from) : out_size - 1;
    memcpy(out, from, size);
    out[size] = '\0';
    *at = to;
    return true;
}
