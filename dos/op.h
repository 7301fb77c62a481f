/* op.h - what a data thread (or a test) asks of the index, and what it hears.
 *
 * An op is a value with borrowed texts that live until the answer. It enters the core as an
 * EVENT_REQUEST of method DOS_OP_METHOD whose body is the struct itself (never bytes from a
 * socket); it is a request and not a finished job because somebody waits for an answer, also when
 * the turn is lost. The answer is an EFFECT_REPLY whose body dos_answer_read understands; it is
 * released after COMMIT. */
#pragma once

#include "base/err.h"
#include "base/event.h"
#include "dos/model/range.h"
#include "dos/pack.h"

#include <stdbool.h>
#include <stdint.h>

#define DOS_OP_METHOD "INDEX"

/* What an op needs before it is done; anything else is denied. */
enum dos_need {
    DOS_NEED_ACCOUNT, /* somebody whose signature was checked */
    DOS_NEED_BUCKET,  /* the owner of the bucket, which exists */
    DOS_NEED_TIER,    /* a node whose grant was checked */
};

/* name, need */
#define DOS_OPS(X)             \
    X(LIST_BUCKETS, ACCOUNT)   \
    X(CREATE_BUCKET, ACCOUNT)  \
    X(HEAD_BUCKET, BUCKET)     \
    X(DELETE_BUCKET, BUCKET)   \
    X(PUT_OBJECT, BUCKET)      \
    X(GET_OBJECT, BUCKET)      \
    X(HEAD_OBJECT, BUCKET)     \
    X(DELETE_OBJECTS, BUCKET)  \
    X(LIST_OBJECTS, BUCKET)    \
    X(CREATE_UPLOAD, BUCKET)   \
    X(PUT_PART, BUCKET)        \
    X(COMPLETE_UPLOAD, BUCKET) \
    X(ABORT_UPLOAD, BUCKET)    \
    X(LIST_PARTS, BUCKET)      \
    X(LIST_UPLOADS, BUCKET)    \
    X(GET_MANIFEST, TIER)      \
    X(GET_CHUNK, TIER)

enum dos_op_kind {
#define X(name, need) DOS_OP_##name,
    DOS_OPS(X)
#undef X
        DOS_OP_COUNT
};

enum {
    DOS_ACCOUNT_SIZE = 33, /* sizes hold the NUL */
    DOS_BUCKET_SIZE = 64,
    DOS_KEY_SIZE = 1025,
    DOS_REF_SIZE = 33,  /* name of a body's file, or of an upload: 32 hex digits */
    DOS_ETAG_SIZE = 40, /* 32 hex digits, or with "-10000" */
    DOS_HASH_SIZE = 65, /* SHA-256 in hex */
    DOS_HEADERS_MAX = 8 * 1024,
    DOS_INLINE_MAX = 64 * 1024, /* bytes; larger bodies are files */
    DOS_LIST_MAX = 1000,        /* keys of a page, keys of one DeleteObjects */
    DOS_PART_MAX = 10000,
};

/* Where the bytes of an object are. */
enum dos_body_kind {
    DOS_BODY_INLINE = 0, /* in the index */
    DOS_BODY_FILE = 1,   /* one file, named by ref */
    DOS_BODY_PARTS = 2,  /* the parts of the upload named by ref, in order */
};

/* A body that is durable already (a file) or comes along (inline). */
struct dos_body {
    enum dos_body_kind kind;
    const char *ref;   /* file: its name, else "" */
    const void *bytes; /* inline: size bytes, else NULL */
    int64_t size_bytes;
};

struct dos_put {
    struct dos_body body;
    const char *etag;    /* hex, without quotes */
    const char *headers; /* "name: value\n" lines that a GET says again */
    bool if_absent;      /* If-None-Match: * */
};

struct dos_list {
    const char *prefix, *delimiter; /* "" = none */
    const char *after; /* seek: only keys above it in byte order; "" = from the start */
    int64_t max;       /* 0..DOS_LIST_MAX */
};

struct dos_part {
    int64_t number; /* 1..DOS_PART_MAX */
    const char *etag;
};

struct dos_op {
    enum dos_op_kind kind;
    const char *account; /* proven by the signature; "" = nobody */
    const char *bucket, *key;
    union {
        struct dos_put put; /* PUT_OBJECT, PUT_PART; CREATE_UPLOAD: only headers */
        struct dos_list list;
        struct {
            const char *const *keys;
            size_t len;
        } remove;
        struct {
            const struct dos_part *parts;
            size_t len;
        } complete;
        struct dos_range range; /* GET_OBJECT */
        struct {
            const char *node;             /* whose grant was checked */
            const char *manifest, *chunk; /* SHA-256, lower-case hex */
        } tier;
    };
    const char *upload; /* the multipart ops, and LIST_UPLOADS: id after which to go on */
    int64_t part;       /* PUT_PART: its number; LIST_PARTS: after this one */
};

/* What an op is called, in logs and errors: "PUT_OBJECT". */
const char *dos_op_name(enum dos_op_kind kind);
enum dos_need dos_op_need(enum dos_op_kind kind);

/* The event that carries it; `id` names the answer. The op is borrowed until then. */
struct event dos_op_event(const struct dos_op *op, uint64_t id, struct instant at);
/* Is it such an event? Then a copy of the op goes to `out`. */
bool dos_op_of(const struct event *ev, struct dos_op *out);

/* Emits an answer: `fields` is what the op of that kind says (ops/ document it, one by one). */
void dos_answer(struct effects *out, uint64_t id, const struct buf *fields);
void dos_answer_error(struct effects *out, uint64_t id, const struct err *err);

/* An answer that no turn gave: appends its bytes. */
void dos_answer_make(struct buf *bytes, const struct err *err);
/* Reads an answer: the error into `err` (code ERR_OK when fine), and what follows. */
enum err_code dos_answer_read(const char *bytes, size_t len, struct dos_unpack *fields,
                              struct err *err);
