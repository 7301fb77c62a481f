/* s3.h - requests to the object store, path style, signed over the body's hash. */
#pragma once

#include "cli/cli.h"
#include "cli/http.h"
#include "cli/node.h"

struct cli_s3_ask {
    const char *method;
    const char *bucket, *key; /* NULL: of the service; of the bucket */
    const char *query;        /* encoded, without '?'; or NULL */
    const char *body;         /* or NULL */
    size_t body_len;
    struct cli_http_source source; /* .fd = -1: none */
    const char *sha256;            /* of the source; otherwise it is made here */
    int sink_fd;                   /* -1: none */
    void (*moved)(void *self, uint64_t bytes, uint64_t total); /* see http.h */
    void *self;
};

/* May the same request be sent again when the answer got lost? */
enum cli_effect { CLI_REPEATABLE, CLI_ONCE };

/* A good answer's body as a tree in *answer, where `answer` is not NULL; *etag where it is not
 * NULL, of 80 bytes. Lost answers are asked for again unless `effect` is CLI_ONCE. */
enum cli_exit cli_s3(struct cli *cli, const struct cli_s3_ask *ask, enum cli_effect effect,
                     struct cli_node **answer, char *etag, struct cli_fault *fault);
/* Makes it; fine when it is ours already. */
enum cli_exit cli_s3_bucket(struct cli *cli, const char *bucket, struct cli_fault *fault);
/* "BUCKET/KEY" or "s3://BUCKET/KEY" in its two parts, in the arena; the key may be "". */
enum cli_exit cli_s3_split(struct cli *cli, const char *text, const char **bucket, const char **key,
                           struct cli_fault *fault);
