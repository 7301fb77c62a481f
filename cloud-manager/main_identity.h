/* main_identity.h - what the cloud-manager is: its master key, its CA, its own certificate.
 *
 * Used by main.c and main_verbs.c. The CA's key and our own lie in the store, sealed by the master
 * key, which lies beside it. Blocking; before the loop runs, or between its turns. */
#pragma once

#include "base/store.h"
#include "cloud-manager/effect/jobs.h"
#include "cloud-manager/options.h"
#include "proto/auth/cert.h"
#include "proto/auth/seal.h"

struct cloud_identity {
    struct seal_key master;
    struct cloud_ca ca;
    struct buf chain, key; /* our leaf with the root behind it; our key */
    struct cert_info info; /* of the leaf */
};

enum err_code cloud_open_store(struct store **store, const struct cloud_options *o,
                               struct err *err);
enum err_code cloud_master_load(struct seal_key *key, const struct cloud_options *o,
                                struct err *err);
/* Makes CA and certificate and saves them, in a transaction of the caller's. */
enum err_code cloud_identity_make(struct store *store, const struct seal_key *master,
                                  int64_t wall_ms, struct err *err);
/* ERR_CONFIG when there is none: `init` makes it. */
enum err_code cloud_identity_load(struct cloud_identity *id, struct store *store,
                                  const struct cloud_options *o, struct err *err);
/* Makes the certificate anew when a third of its life has passed. `*renewed` says so. */
enum err_code cloud_identity_renew(struct cloud_identity *id, struct store *store, int64_t wall_ms,
                                   bool *renewed, struct err *err);
void cloud_identity_fini(struct cloud_identity *id);
