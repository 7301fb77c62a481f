/* import.h - rows of image imports: what the cloud wishes to have as a manifest, and how far it is.
 */
#pragma once

#include "base/store.h"
#include "dos/op.h"

/* state, its name on the wire, may it still change by itself? */
#define DOS_IMPORT_STATES(X)         \
    X(PENDING, "pending", true)      \
    X(AVAILABLE, "available", false) \
    X(FAILED, "failed", false)

enum dos_import_state {
#define X(name, text, open) DOS_IMPORT_##name,
    DOS_IMPORT_STATES(X)
#undef X
        DOS_IMPORT_STATE_COUNT
};

enum { DOS_IMPORT_ID_SIZE = 65 };

struct dos_import {
    char id[DOS_IMPORT_ID_SIZE];
    char account[DOS_ACCOUNT_SIZE];
    char bucket[DOS_BUCKET_SIZE];
    char key[DOS_KEY_SIZE];
    int64_t generation, pepoch; /* of the wish; an answer to an older one is dropped */
    enum dos_import_state state;
    int64_t attempt; /* jobs started so far */
    int64_t next_ms; /* now_ms before which no job is started */
    char manifest[DOS_HASH_SIZE];
    int64_t size_bytes; /* of the disk or medium */
    int64_t is_cdrom;   /* a medium, not a disk */
    char reason[ERR_TEXT_SIZE];
};

const char *dos_import_state_name(enum dos_import_state state);

bool dos_import_find(struct store *st, const char *id, struct dos_import *out);
/* Inserts or replaces as a whole. */
void dos_import_save(struct store *st, const struct dos_import *row);
void dos_import_delete(struct store *st, const char *id);
/* The pending one that has waited longest; false when none is due by `now_ms`. */
bool dos_import_due(struct store *st, int64_t now_ms, struct dos_import *out);
/* When the next pending one is due, INT64_MAX = never. */
int64_t dos_import_next_ms(struct store *st);
