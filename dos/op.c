/* op.c - ops and answers as events and effects. Called by the index client (data threads' side) and
 * by the core; knows neither sockets nor rows. */
#include "dos/op.h"

#include "base/check.h"
#include "base/str.h"

#include <string.h>

static const struct row {
    const char *name;
    enum dos_need need;
} rows[DOS_OP_COUNT] = {
#define X(name, need) {#name, DOS_NEED_##need},
    DOS_OPS(X)
#undef X
};

const char *dos_op_name(enum dos_op_kind kind)
{
    PRE(kind < DOS_OP_COUNT);
    return rows[kind].name;
}

enum dos_need dos_op_need(enum dos_op_kind kind)
{
    PRE(kind < DOS_OP_COUNT);
    return rows[kind].need;
}

struct event dos_op_event(const struct dos_op *op, uint64_t id, struct instant at)
{
    PRE(op->kind < DOS_OP_COUNT && op->account != NULL);
    return (struct event){.kind = EVENT_REQUEST,
                          .at = at,
                          .request = {.id = id,
                                      .method = DOS_OP_METHOD,
                                      .target = dos_op_name(op->kind),
                                      .body = (const char *)op,
                                      .body_len = sizeof *op,
                                      .peer_node = "",
                                      .peer_serial = "",
                                      .remote = "",
                                      .trace = ""}};
}

bool dos_op_of(const struct event *ev, struct dos_op *out)
{
    if (ev->kind != EVENT_REQUEST || !str_eq(ev->request.method, DOS_OP_METHOD))
        return false;
    PRE(ev->request.body_len == sizeof *out);
    memcpy(out, ev->request.body, sizeof *out);
    INV(out->kind < DOS_OP_COUNT);
    return true;
}

void dos_answer_make(struct buf *bytes, const struct err *err)
{
    dos_pack_i64(bytes, err->code);
    dos_pack_text(bytes, err->text);
}

static void answer(struct effects *out, uint64_t id, const struct err *err,
                   const struct buf *fields)
{
    CLEANUP(buf_fini) struct buf bytes = {0};
    dos_answer_make(&bytes, err);
    if (fields != NULL && fields->len > 0)
        buf_append(&bytes, fields->data, fields->len);
    effect_reply(out, id, err_row(err->code)->http, "", bytes.data, bytes.len);
}

void dos_answer(struct effects *out, uint64_t id, const struct buf *fields)
{
    answer(out, id, &(struct err){.code = ERR_OK}, fields);
}

void dos_answer_error(struct effects *out, uint64_t id, const struct err *err)
{
    PRE(err->code != ERR_OK);
    answer(out, id, err, NULL);
}

enum err_code dos_answer_read(const char *bytes, size_t len, struct dos_unpack *fields,
                              struct err *err)
{
    *fields = (struct dos_unpack){.at = bytes, .end = bytes + len};
    enum err_code code = (enum err_code)dos_unpack_i64(fields);
    const char *text = dos_unpack_text(fields);
    if (code != ERR_OK)
        return err_set(err, code, "%s", text);
    return ERR_OK;
}
