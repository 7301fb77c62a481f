/* caller.c - who asks (front.h). A key that nobody has costs and is told what one
 * with a wrong secret does. */
#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/front.h"
#include "cloud-manager/ops/account.h"
#include "cloud-manager/store/account.h"

static enum err_code check_signature(struct cloud_core *c, struct cloud_op *op,
                                     const struct cloud_asked *asked, const char *key_id,
                                     const char *secret, struct err *err)
{
    return sigv4_check(&(struct sigv4_check){.request = asked->request,
                                             .auth = &asked->caller.auth,
                                             .service = asked->caller.auth.service,
                                             .key_id = key_id,
                                             .secret = secret,
                                             .body = SIGV4_BODY_HERE,
                                             .wall_ms = op->wall_ms,
                                             .keys = &c->keys},
                       NULL, err);
}

/* A signature for one spelling is none for another: they read a path differently. */
static enum err_code check_service(const struct cloud_asked *asked, struct err *err)
{
    const char *service = asked->caller.auth.service;
    bool is_fine = asked->spelling == SPELLING_REST
                       ? str_eq(service, CLOUD_REST_SERVICE)
                       : str_eq(service, "ec2") || str_eq(service, "sts");
    if (!is_fine && asked->spelling == SPELLING_REST)
        return err_set(err, ERR_BAD_SCOPE,
                       "requests to /v1 are signed for the service " CLOUD_REST_SERVICE);
    return is_fine ? ERR_OK
                   : err_set(err, ERR_INVALID_ACTION, "The service %s is not served here", service);
}

enum err_code cloud_caller_prove(struct cloud_core *c, struct cloud_op *op,
                                 struct cloud_asked *asked, struct err *err)
{
    CLEANUP(seal_wipe) struct buf secret = {0};
    struct cloud_caller *caller = &asked->caller;
    struct cloud_access_key key;
    if (sigv4_parse(&caller->auth, asked->request, err) != ERR_OK ||
        check_service(asked, err) != ERR_OK)
        return err->code;
    bool is_known = cloud_access_key_get(c->store, op->arena, caller->auth.key_id, &key);
    if (!is_known)
        key = (struct cloud_access_key){.id = "", .account = "", .sealed = c->no_secret};
    enum err_code code = cloud_access_key_secret(op, key.id, key.sealed, &secret, err);
    if (code == ERR_OK)
        code = check_signature(c, op, asked, key.id, buf_str(&secret), err);
    if (code == ERR_BAD_SIGNATURE || (code == ERR_OK && !is_known))
        return err_set(err, ERR_UNKNOWN_KEY,
                       "AWS was not able to validate the provided access credentials: the access "
                       "key is not known, or the signature is not by its secret");
    if (code != ERR_OK)
        return code;
    str_hex(caller->signature, caller->auth.signature, sizeof caller->auth.signature);
    op->account = key.account;
    op->key_id = key.id;
    return ERR_OK;
}
