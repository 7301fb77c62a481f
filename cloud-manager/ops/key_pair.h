/* key_pair.h - SSH keys of accounts. The private half of one made here is in the answer, and
 * nowhere else. */
#pragma once

#include "cloud-manager/ops/op.h"
#include "cloud-manager/ops/tag.h"
#include "cloud-manager/store/key_pair.h"
#include "proto/auth/sshkey.h"

/* What both ways of getting one need. */
struct cloud_key_request {
    const char *name;
    struct cloud_tag_specs tags;
};

/* `line`: the OpenSSH public line as it was given. ERR_KEY_PAIR_DUPLICATE, ERR_KEY_FORMAT. */
enum err_code cloud_key_pair_import(struct cloud_op *op, const struct cloud_key_request *r,
                                    const char *line, size_t line_len, struct cloud_key_pair *out,
                                    struct err *err);
/* May it be made? Asked before a job makes an RSA key; authorizes. */
enum err_code cloud_key_pair_may_create(struct cloud_op *op, const struct cloud_key_request *r,
                                        struct err *err);
/* After that: records the public half. */
enum err_code cloud_key_pair_add(struct cloud_op *op, const struct cloud_key_request *r,
                                 enum sshkey_kind kind, const char *line, const char *fingerprint,
                                 struct cloud_key_pair *out, struct err *err);
/* By name or id; one that is not there is deleted already. */
enum err_code cloud_key_pair_remove(struct cloud_op *op, const char *name, const char *id,
                                    struct cloud_key_pair *out, bool *existed, struct err *err);
enum err_code cloud_key_pairs_describe(struct cloud_op *op, const char *const *names,
                                       size_t names_len, const char *const *ids, size_t ids_len,
                                       struct cloud_key_pair **out, size_t *out_len,
                                       struct err *err);
