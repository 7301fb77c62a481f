/* front.h - inside of the public face: one request of a subscriber on its way to its handler.
 *
 *   front.c  which spelling, which action; runs it, answers
 *   caller.c who asks, proven
 *   repeat.c has it been answered before?
 *   watch.c  answers that go on
 * Nobody else includes this. */
#pragma once

#include "cloud-manager/api/call.h"
#include "cloud-manager/api/rest.h"
#include "cloud-manager/state.h"
#include "proto/auth/digest.h"

enum cloud_effect { READS, SETTLES, CHANGES };
enum cloud_secrecy { OPEN, SECRET };
enum cloud_spelling { SPELLING_EC2, SPELLING_STS, SPELLING_REST };

struct cloud_action {
    enum cloud_spelling spelling; /* beside REST, which spells all */
    const char *name;
    cloud_handler *run;
    enum cloud_effect effect;
    enum cloud_secrecy secrecy;
};

/* "RunInstances", by enum cloud_action_id. */
const char *cloud_action_name(int action);

/* Who asks, proven. */
struct cloud_caller {
    struct sigv4_auth auth;
    char signature[DIGEST_SHA256_HEX_SIZE];
};

/* A request that is understood. */
struct cloud_asked {
    const struct request *request;
    enum cloud_spelling spelling;
    const struct cloud_action *action;
    struct cloud_caller caller;
    struct cloud_rest rest; /* with SPELLING_REST */
};

/* Fills `asked->caller`, and who asks in `op`. */
enum err_code cloud_caller_prove(struct cloud_core *c, struct cloud_op *op,
                                 struct cloud_asked *asked, struct err *err);

/* Under what a changing request's answer is kept: its signature, and the key that it brought. */
struct cloud_repeat {
    bool is_kept; /* else a repeat is simply done again */
    const char *signature;
    const char *key;  /* NULL = none */
    const char *hash; /* of its parameters, with a key */
};

/* `query` has all parameters. ERR_INVALID_PARAMETER: a key that may not be. */
enum err_code cloud_repeat_name(struct cloud_repeat *out, const struct cloud_op *op,
                                const struct cloud_asked *asked, const struct cloud_query *query,
                                struct err *err);
/* The answer that was given, into `body`; `*is_known` tells whether there was one.
 * ERR_IDEMPOTENT_MISMATCH: the key belongs to another request. */
enum err_code cloud_repeat_find(struct cloud_core *c, const struct cloud_op *op,
                                const struct cloud_asked *asked, const struct cloud_repeat *repeat,
                                struct buf *body, bool *is_known, struct err *err);
/* Opens an answer that goes on (watch.c). */
enum err_code cloud_watch_open(struct cloud_core *c, const struct cloud_op *op,
                               const struct cloud_asked *asked, struct cloud_query *query,
                               struct err *err);

void cloud_repeat_keep(struct cloud_core *c, const struct cloud_op *op,
                       const struct cloud_asked *asked, const struct cloud_repeat *repeat,
                       const struct buf *body);
