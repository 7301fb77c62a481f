/* sts.c - GetCallerIdentity. */
#include "cloud-manager/api/call.h"

enum err_code cloud_sts_get_caller_identity(struct cloud_call *call, struct err *err)
{
    struct cloud_op *op = call->op;
    if (cloud_query_done(call->query, err) != ERR_OK ||
        cloud_authorize(op, CLOUD_DO_GET_CALLER_IDENTITY, err) != ERR_OK)
        return err->code;
    cloud_xml_text(call->xml, "Arn", arena_printf(op->arena, "arn:aws:iam::%s:root", op->account));
    cloud_xml_text(call->xml, "UserId", op->account);
    cloud_xml_text(call->xml, "Account", op->account);
    return ERR_OK;
}
