/* main_identity.c - master key, CA and certificate. */
#include "cloud-manager/main_identity.h"

#include "base/check.h"
#include "base/log.h"
#include "cloud-manager/core.h"
#include "cloud-manager/store/setting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 300 };

static void path_in(char out[PATH_SIZE], const struct cloud_options *o, const char *name)
{
    int len = snprintf(out, PATH_SIZE, "%.255s/%.32s", o->data, name);
    PRE(len < PATH_SIZE);
}

enum err_code cloud_open_store(struct store **store, const struct cloud_options *o, struct err *err)
{
    char path[PATH_SIZE];
    path_in(path, o, "cloud.db");
    if (mkdir(o->data, 0700) != 0 && errno != EEXIST)
        return err_set(err, ERR_IO, "cannot make %.200s: %s", o->data, strerror(errno));
    return store_open(store, path, &cloud_schema, err);
}

enum err_code cloud_master_load(struct seal_key *key, const struct cloud_options *o,
                                struct err *err)
{
    char path[PATH_SIZE];
    struct rng rng = rng_system();
    path_in(path, o, "master.key");
    return seal_key_load(key, path, &rng, err);
}

static void save_sealed(struct store *store, const struct seal_key *master, const char *name,
                        const struct buf *secret)
{
    CLEANUP(buf_fini) struct buf sealed = {0};
    char context[64];
    struct rng rng = rng_system();
    snprintf(context, sizeof context, "setting|%s", name);
    seal_wrap(master, context, secret->data, secret->len, &rng, &sealed);
    cloud_setting_save(store, name, buf_str(&sealed));
}

static enum err_code load_plain(struct store *store, const char *name, struct buf *out,
                                struct err *err)
{
    struct arena arena = {0};
    const char *text = cloud_setting_get(store, &arena, name);
    if (text != NULL)
        buf_text(out, text);
    arena_fini(&arena);
    return text != NULL
               ? ERR_OK
               : err_set(err, ERR_CONFIG, "this cloud has not been made yet: run the verb init");
}

static enum err_code load_sealed(struct store *store, const struct seal_key *master,
                                 const char *name, struct buf *out, struct err *err)
{
    CLEANUP(buf_fini) struct buf sealed = {0};
    char context[64];
    snprintf(context, sizeof context, "setting|%s", name);
    if (load_plain(store, name, &sealed, err) != ERR_OK)
        return err->code;
    return seal_unwrap(master, context, buf_str(&sealed), out, err);
}

/* Our own leaf, under our own root. */
static enum err_code sign_self(const char *ca_cert, const char *ca_key, const char *key,
                               int64_t wall_ms, struct buf *cert, struct err *err)
{
    CLEANUP(buf_fini) struct buf csr = {0};
    struct rng rng = rng_system();
    if (cert_make_csr(key, CLOUD_NODE, &csr, err) != ERR_OK)
        return err->code;
    return cert_sign(&(struct cert_sign){.ca_cert_pem = ca_cert,
                                         .ca_key_pem = ca_key,
                                         .csr_pem = buf_str(&csr),
                                         .cn = CLOUD_NODE,
                                         .kind = CERT_LEAF,
                                         .wall_ms = wall_ms,
                                         .life_s = CERT_LEAF_LIFE_S,
                                         .rng = &rng},
                     cert, err);
}

enum err_code cloud_identity_make(struct store *store, const struct seal_key *master,
                                  int64_t wall_ms, struct err *err)
{
    CLEANUP(seal_wipe) struct buf ca_key = {0};
    CLEANUP(seal_wipe) struct buf key = {0};
    CLEANUP(buf_fini) struct buf ca = {0};
    CLEANUP(buf_fini) struct buf cert = {0};
    struct rng rng = rng_system();
    if (cert_make_key(&ca_key, err) != ERR_OK || cert_make_key(&key, err) != ERR_OK)
        return err->code;
    struct cert_root root = {.key_pem = buf_str(&ca_key),
                             .cn = "tercet-root",
                             .wall_ms = wall_ms,
                             .life_s = CERT_CA_LIFE_S,
                             .rng = &rng};
    if (cert_make_root(&root, &ca, err) != ERR_OK ||
        sign_self(buf_str(&ca), buf_str(&ca_key), buf_str(&key), wall_ms, &cert, err) != ERR_OK)
        return err->code;
    cloud_setting_save(store, "ca", buf_str(&ca));
    cloud_setting_save(store, "certificate", buf_str(&cert));
    save_sealed(store, master, "ca_key", &ca_key);
    save_sealed(store, master, "key", &key);
    return ERR_OK;
}

enum err_code cloud_identity_load(struct cloud_identity *id, struct store *store,
                                  const struct cloud_options *o, struct err *err)
{
    *id = (struct cloud_identity){0};
    if (cloud_master_load(&id->master, o, err) != ERR_OK ||
        load_plain(store, "ca", &id->ca.cert_pem, err) != ERR_OK ||
        load_sealed(store, &id->master, "ca_key", &id->ca.key_pem, err) != ERR_OK ||
        load_plain(store, "certificate", &id->chain, err) != ERR_OK ||
        load_sealed(store, &id->master, "key", &id->key, err) != ERR_OK)
        return err->code;
    buf_append(&id->chain, id->ca.cert_pem.data, id->ca.cert_pem.len);
    return cert_info_read(&id->info, buf_str(&id->chain), err);
}

enum err_code cloud_identity_renew(struct cloud_identity *id, struct store *store, int64_t wall_ms,
                                   bool *renewed, struct err *err)
{
    CLEANUP(buf_fini) struct buf cert = {0};
    *renewed = cert_renew_due(id->info.not_before_ms, id->info.not_after_ms, wall_ms);
    if (!*renewed)
        return ERR_OK;
    if (sign_self(buf_str(&id->ca.cert_pem), buf_str(&id->ca.key_pem), buf_str(&id->key), wall_ms,
                  &cert, err) != ERR_OK)
        return err->code;
    store_begin(store);
    cloud_setting_save(store, "certificate", buf_str(&cert));
    if (store_commit(store, err) != ERR_OK)
        return err->code;
    buf_clear(&id->chain);
    buf_append(&id->chain, cert.data, cert.len);
    buf_append(&id->chain, id->ca.cert_pem.data, id->ca.cert_pem.len);
    log_info("cloud.certificate_renewed", NULL);
    return cert_info_read(&id->info, buf_str(&id->chain), err);
}

void cloud_identity_fini(struct cloud_identity *id)
{
    seal_key_wipe(&id->master);
    seal_wipe(&id->ca.key_pem);
    seal_wipe(&id->key);
    buf_fini(&id->ca.cert_pem);
    buf_fini(&id->chain);
}
