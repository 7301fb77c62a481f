/* err.h - the world's mistakes, as values from one table (err.def).
 *
 * A function that can fail returns enum err_code (0 = fine) and takes `struct err *` last.
 * `return err_set(err, ERR_X, "why %s", what);` is one line; err_wrap adds context on the way
 * up; whoever handles the error logs it, once. */
#pragma once

enum err_code {
#define ERR(name, http, ec2, s3, retry, level) ERR_##name,
#include "base/err.def"
#undef ERR
    ERR_COUNT
};

enum err_retry { ERR_NEVER, ERR_LATER }; /* may the caller repeat it unchanged? */
enum err_level { ERR_LEVEL_INFO, ERR_LEVEL_WARN, ERR_LEVEL_ERROR };

enum { ERR_TEXT_SIZE = 256 };

struct err {
    enum err_code code;
    char text[ERR_TEXT_SIZE]; /* for people; never holds a secret */
};

struct err_row {
    const char *name; /* "INSTANCE_NOT_FOUND" */
    int http;         /* status of every spelling */
    const char *ec2;  /* EC2 code, byte-exact: clients act upon it */
    const char *s3;   /* S3 code, "" where S3 never says it */
    enum err_retry retry;
    enum err_level level;
};

/* Row of `code`; total over the enum. */
const struct err_row *err_row(enum err_code code);

/* Sets and returns `code`. `err` may be NULL. */
enum err_code err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the text that is there; returns the code that is there. */
enum err_code err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The code whose name is `name`, or ERR_INTERNAL. For errors that travel between tiers. */
enum err_code err_parse(const char *name);
