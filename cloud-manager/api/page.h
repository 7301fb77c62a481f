/* page.h - MaxResults and NextToken of the Describe actions.
 *
 * A token is opaque and needs no state: base64url of a hash of the request that it continues, and
 * of the last object that was given. So it outlives a restart, and belongs to its filters. */
#pragma once

#include "base/buf.h"
#include "cloud-manager/api/query.h"

struct cloud_page {
    int64_t max;       /* objects; INT64_MAX = all */
    const char *after; /* sort key of the last one given; "" = begin */
    char bound[17];    /* hash of the request */
};

/* `least` and `most` bound MaxResults (EC2: 5 and 1000). `has_ids`: MaxResults may not stand beside
 * explicit ids. ERR_INVALID_PAGING_TOKEN, ERR_PARAMETER_COMBINATION, ERR_INVALID_PARAMETER. */
enum err_code cloud_page_decode(struct cloud_page *out, struct cloud_query *q, int64_t least,
                                int64_t most, bool has_ids, struct err *err);
/* The same of a list that EC2 gives whole: only REST has pages of it. */
enum err_code cloud_page_decode_whole(struct cloud_page *out, struct cloud_query *q,
                                      struct err *err);
/* Appends the token that goes on behind `last`. */
void cloud_page_token(struct buf *out, const struct cloud_page *page, const char *last);

/* A walk over objects that match, in the ascending order of their sort keys. */
struct cloud_walk {
    const struct cloud_page *page;
    int64_t given;
    const char *last; /* sort key of the last one that was given */
    bool more;        /* the page is full and there is at least one more */
};
/* Does the object of that key belong to this page? `key` is borrowed for the walk. */
bool cloud_walk_takes(struct cloud_walk *walk, const char *key);
