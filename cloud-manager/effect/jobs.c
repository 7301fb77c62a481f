/* jobs.c - signing children's keys, making RSA keys. */
#include "cloud-manager/effect/jobs.h"

#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/core.h"
#include "proto/auth/cert.h"
#include "proto/auth/sshkey.h"
#include "proto/sync/admit.h"

#include <string.h>

static enum err_code sign_as(const struct cloud_ca *ca, struct admit_sign *order,
                             enum cert_kind kind, struct buf *pem, struct err *err)
{
    struct rng rng = admit_sign_rng(order);
    return cert_sign(
        &(struct cert_sign){.ca_cert_pem = buf_str(&ca->cert_pem),
                            .ca_key_pem = buf_str(&ca->key_pem),
                            .csr_pem = order->csr,
                            .cn = order->node,
                            .kind = kind,
                            .wall_ms = order->wall_ms,
                            .life_s = kind == CERT_LEAF ? CERT_LEAF_LIFE_S : CERT_CA_LIFE_S,
                            .rng = &rng},
        pem, err);
}

enum err_code cloud_job_sign(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                             struct err *err)
{
    struct admit_sign order;
    PRE(spec_size == sizeof order);
    memcpy(&order, spec, sizeof order);
    if (sign_as(ctx, &order, CERT_LEAF, result, err) != ERR_OK || !str_eq(order.kind, "cluster"))
        return err->code;
    order.serial[sizeof order.serial - 1] ^= 1; /* no two of one CA are alike */
    return sign_as(ctx, &order, CERT_INTERMEDIATE, result, err);
}

enum err_code cloud_job_rsa(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                            struct err *err)
{
    struct sshkey_pair pair = {0};
    struct cloud_rsa_done done = {0};
    (void)ctx, (void)spec, (void)spec_size;
    if (sshkey_make_rsa(&pair, "", err) != ERR_OK)
        return err->code;
    bool fits = str_copy(done.private_pem, sizeof done.private_pem, buf_str(&pair.private_pem)) &&
                str_copy(done.public_line, sizeof done.public_line, buf_str(&pair.public_line)) &&
                str_copy(done.fingerprint, sizeof done.fingerprint, pair.fingerprint);
    sshkey_pair_fini(&pair);
    POST(fits);
    buf_append(result, &done, sizeof done);
    explicit_bzero(&done, sizeof done);
    return ERR_OK;
}
