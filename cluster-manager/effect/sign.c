/* sign.c - a host's CSR becomes a leaf under this cluster's intermediate. */
#include "cluster-manager/effect/sign.h"

#include "base/check.h"
#include "proto/auth/cert.h"
#include "proto/sync/admit.h"

#include <string.h>

/* The second certificate of our own chain: the same key, as a CA for hosts. */
static const char *intermediate(const struct enroll_identity *id)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    const char *first = strstr(buf_str(&id->chain), begin);
    return first != NULL ? strstr(first + sizeof begin, begin) : NULL;
}

static enum err_code sign(const struct enroll_identity *id, struct admit_sign *order,
                          int64_t life_s, struct buf *result, struct err *err)
{
    const char *ca = intermediate(id);
    if (ca == NULL)
        return err_set(err, ERR_CONFIG, "this cluster has no intermediate CA: join it anew");
    struct rng rng = admit_sign_rng(order);
    enum err_code code = cert_sign(&(struct cert_sign){.ca_cert_pem = ca,
                                                       .ca_key_pem = buf_str(&id->key),
                                                       .csr_pem = order->csr,
                                                       .cn = order->node,
                                                       .kind = CERT_LEAF,
                                                       .wall_ms = order->wall_ms,
                                                       .life_s = life_s,
                                                       .rng = &rng},
                                   result, err);
    /* The chain that the host will show: its leaf, then our intermediate (the root is known). */
    if (code == ERR_OK)
        buf_append(result, ca, strlen(ca) - id->ca.len);
    return code;
}

enum err_code cluster_sign_run(void *ctx, const void *spec, size_t spec_size, struct buf *result,
                               struct err *err)
{
    const struct cluster_signer *signer = ctx;
    struct enroll_identity id;
    struct admit_sign order;
    PRE(spec_size == sizeof order);
    memcpy(&order, spec, sizeof order);
    enum err_code code = enroll_load(&id, signer->folder, err);
    if (code == ERR_OK)
        code = sign(&id, &order, signer->life_s, result, err);
    enroll_fini(&id);
    return code;
}
