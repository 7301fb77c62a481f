/* fetch.h - gets bodies from dos or another host, several at once; of all but one SHA-256 is known.
 *
 * HTTPS only, with the host's certificate; the grant of the wish goes along. A body counts only
 * when its length and hash are right. Blocks; called from a worker thread. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_FETCH_PARALLEL = 4, HOST_FETCH_TRIES = 3 };

struct host_fetch_peer {
    bool is_neighbour; /* not dos: one try, soon in doubt */
    const char *url;   /* https://host:port, checked */
    const char *name;  /* that its certificate must carry; NULL = url's */
    const char *grant; /* checked: no control bytes */
    const char *ca_file, *cert_file, *key_file;
    const atomic_bool *is_stopping; /* set from outside: give up soon */
};

/* One body. */
struct host_fetch_item {
    const char *path; /* "/v1/chunks/" */
    char leaf[24];    /* asked for as PATH/leaf; "" = as PATH/hash */
    bool is_hearsay;  /* nobody knows its hash: whatever comes is given to `got` */
    unsigned char hash[32];
    size_t size, size_max; /* size 0: any up to size_max */
    size_t index;          /* the caller's */
};

enum host_fetch_next {
    HOST_FETCH_ITEM,
    HOST_FETCH_LATER, /* nothing now: asked again when something has come, and soon anyway */
    HOST_FETCH_END,   /* no more, ever */
};

struct host_fetch_feed {
    void *self;
    /* The next body wanted. */
    enum host_fetch_next (*next)(void *self, struct host_fetch_item *item);
    /* A body that is right. An error ends the whole. */
    enum err_code (*got)(void *self, const struct host_fetch_item *item, const struct buf *body,
                         struct err *err);
};

/* Until `next` says HOST_FETCH_END and all have come. ERR_UNAVAILABLE: the peer does not
 * answer, or we are stopping. ERR_DENIED: the grant does not cover it. ERR_IMAGE_UNAVAILABLE:
 * the peer does not have it. ERR_IMAGE_INVALID: what it has is something else. */
enum err_code host_fetch_run(const struct host_fetch_peer *peer, const struct host_fetch_feed *feed,
                             struct err *err);
/* May this be used as a peer's url, and this as a grant? */
bool host_fetch_is_url(const char *url);
bool host_fetch_is_grant(const char *grant);
/* ... and this as the name in its certificate? */
bool host_fetch_is_name(const char *name);
