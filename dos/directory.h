/* directory.h - what data threads know without asking the index: access keys, shared secrets, and
 * whose each bucket is. A copy of committed rows; the loop thread writes, data threads read.
 * Implemented in effect/directory.c.
 *
 * It serves to refuse early. The index decides again in its own transaction. */
#pragma once

#include "dos/op.h"
#include "proto/auth/seal.h"

#include <stdbool.h>

struct dos_directory;

enum { DOS_SECRET_SIZE = 129 };

/* An access key, unsealed. Wipe it when done with. */
struct dos_identity {
    char account[DOS_ACCOUNT_SIZE];
    char secret[DOS_SECRET_SIZE];
};

/* `key` is the link's sealing key; copied. */
struct dos_directory *dos_directory_new(const struct seal_key *key);
void dos_directory_free(struct dos_directory *d);

/* Loop thread: specs of DOS_JOB_KEYS and DOS_JOB_BUCKETS. A key that does not unseal is logged and
 * left out. */
void dos_directory_take_keys(struct dos_directory *d, const void *spec, size_t spec_size);
void dos_directory_take_buckets(struct dos_directory *d, const void *spec, size_t spec_size);

/* Any thread. False until the first keys were taken: nobody can be told that he is unknown. */
bool dos_directory_is_ready(struct dos_directory *d);
bool dos_directory_key(struct dos_directory *d, const char *id, struct dos_identity *out);
bool dos_directory_secret(struct dos_directory *d, const char *name, char out[DOS_SECRET_SIZE]);
/* False when there is no such bucket. */
bool dos_directory_bucket(struct dos_directory *d, const char *name,
                          char account[DOS_ACCOUNT_SIZE]);
