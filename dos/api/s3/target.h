/* target.h - the raw target of an S3 request, read as it was signed: path decoded once and never
 * normalised ("a//b" and "a/../b" are keys), '+' a blank in the query only. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "dos/op.h"

#include <stddef.h>

enum { S3_PARAMS_MAX = 64 };

struct s3_param {
    const char *name, *value;
};

struct s3_target {
    const char *bucket, *key; /* "" = none; decoded, in the arena */
    struct s3_param params[S3_PARAMS_MAX];
    size_t params_len;
};

/* ERR_BAD_REQUEST: a bad escape, a NUL, or not UTF-8. ERR_KEY_TOO_LONG. */
enum err_code s3_target_read(struct s3_target *t, const char *raw, struct arena *arena,
                             struct err *err);
/* The value of a parameter ("" when it has none), or NULL. */
const char *s3_target_param(const struct s3_target *t, const char *name);
