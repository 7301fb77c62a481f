/* index.h - how a data thread asks the index: an op goes to the loop thread, and after COMMIT its
 * answer comes back by a callback there. All that ask in one iteration of the loop share a turn,
 * and with it one fsync. */
#pragma once

#include "dos/op.h"

struct loop;
struct dos_index;

/* One question. Lives (with what op borrows) until `answered`, which is called once, on the loop
 * thread; the bytes are borrowed for that call. */
struct dos_ask {
    struct dos_op op;
    void (*answered)(struct dos_ask *ask, const char *bytes, size_t len);
    struct dos_ask *next; /* the index's own */
};

struct dos_index *dos_index_new(struct loop *loop);
/* Nothing may be under way. */
void dos_index_free(struct dos_index *index);
/* The loop has ended: whoever waits, and whoever asks from now on, hears ERR_UNAVAILABLE. */
void dos_index_close(struct dos_index *index);
/* From any thread. After the close `answered` is called before it returns. */
void dos_index_ask(struct dos_index *index, struct dos_ask *ask);
/* The performer's reply(): on the loop thread. */
void dos_index_reply(struct dos_index *index, const struct effect_reply *reply);
