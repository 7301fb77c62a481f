/* authorize.c - the one place that says who may do what. Deny by default. */
#include "base/check.h"
#include "base/str.h"
#include "dos/ops/ops.h"
#include "dos/store/bucket.h"

static enum err_code need_bucket(const struct dos_call *c)
{
    struct dos_bucket bucket;
    if (!dos_bucket_find(c->core->store, c->op->bucket, &bucket))
        return err_set(c->err, ERR_NO_SUCH_BUCKET, "The specified bucket does not exist");
    if (!str_eq(bucket.account, c->op->account))
        return err_set(c->err, ERR_DENIED, "Access Denied");
    return ERR_OK;
}

enum err_code dos_authorize(const struct dos_call *c)
{
    const struct dos_op *op = c->op;
    PRE(op->account != NULL);
    switch (dos_op_need(op->kind)) {
    case DOS_NEED_ACCOUNT:
        if (*op->account != '\0')
            return ERR_OK;
        break;
    case DOS_NEED_BUCKET:
        if (*op->account != '\0')
            return need_bucket(c);
        break;
    case DOS_NEED_TIER:
        if (op->tier.node != NULL && *op->tier.node != '\0')
            return ERR_OK;
        break;
    }
    return err_set(c->err, ERR_DENIED, "Access Denied");
}
