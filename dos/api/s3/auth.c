/* auth.c - who asks? The signature over the raw target and headers, with the key's secret from the
 * directory. */
#include "dos/api/s3/exchange.h"

#include "base/str.h"

#include <string.h>

/* Derived keys, one set for each pool thread. */
static struct sigv4_keys *thread_keys(void)
{
    static _Thread_local struct sigv4_keys keys;
    return &keys;
}

static enum err_code check(struct s3_exchange *x, const struct sigv4_auth *auth, struct err *err)
{
    struct dos_identity identity;
    bool is_known = dos_directory_key(x->s3->options.directory, auth->key_id, &identity);
    const struct sigv4_check c = {
        .request = x->request,
        .auth = auth,
        .service = "s3",
        .key_id = is_known ? auth->key_id : "",
        .secret = is_known ? identity.secret : x->s3->dummy_secret,
        .body = SIGV4_BODY_LATER,
        .unsigned_payload_ok = x->s3->options.unsigned_payload_ok,
        .wall_ms = x->s3->options.clock.read(x->s3->options.clock.self).wall_ms,
        .keys = thread_keys()};
    enum err_code code = sigv4_check(&c, &x->payload, err);
    if (is_known && code == ERR_OK)
        memcpy(x->account, identity.account, sizeof x->account);
    if (is_known)
        explicit_bzero(&identity, sizeof identity);
    else if (code == ERR_OK || code == ERR_BAD_SIGNATURE)
        return err_set(err, ERR_S3_UNKNOWN_KEY,
                       "The access key ID you provided does not exist in our records");
    return code;
}

enum err_code s3_authenticate(struct s3_exchange *x, struct err *err)
{
    struct sigv4_auth auth;
    enum err_code code = sigv4_parse(&auth, x->request, err);
    if (code == ERR_OK)
        code = check(x, &auth, err);
    if (code == ERR_UNSUPPORTED) /* the same code means 400 in EC2 */
        err->code = code = ERR_NOT_IMPLEMENTED;
    return code;
}
