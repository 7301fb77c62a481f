/* index.c - questions of data threads as events of the loop. */
#include "dos/index.h"

#include "base/check.h"
#include "base/loop.h"

#include <pthread.h>
#include <stdlib.h>

struct dos_index {
    struct loop *loop;
    pthread_mutex_t lock; /* over what waits for the loop to look */
    struct dos_ask *first, **last;
    bool is_closed;
    /* Loop thread only: who waits for an answer. An id is a slot and how often it was used. */
    struct slot {
        struct dos_ask *ask;
        uint32_t uses;
        uint32_t next_free; /* index plus 1, 0 = none */
    } * slots;
    uint32_t len, cap, free;
};

struct dos_index *dos_index_new(struct loop *loop)
{
    struct dos_index *index = check_alloc(sizeof *index);
    *index = (struct dos_index){.loop = loop, .last = &index->first};
    INV(pthread_mutex_init(&index->lock, NULL) == 0);
    return index;
}

void dos_index_free(struct dos_index *index)
{
    if (index == NULL)
        return;
    pthread_mutex_destroy(&index->lock);
    free(index->slots);
    free(index);
}

static uint64_t take_slot(struct dos_index *index, struct dos_ask *ask)
{
    if (index->free == 0) {
        if (index->len == index->cap) {
            index->cap = index->cap == 0 ? 64 : index->cap * 2;
            index->slots = check_realloc(index->slots, index->cap * sizeof *index->slots);
        }
        index->slots[index->len] = (struct slot){0};
        index->free = ++index->len;
    }
    uint32_t at = index->free - 1;
    struct slot *slot = &index->slots[at];
    index->free = slot->next_free;
    slot->ask = ask;
    slot->uses++;
    return (uint64_t)slot->uses << 32 | at;
}

/* With the lock held. */
static struct dos_ask *take_all(struct dos_index *index)
{
    struct dos_ask *first = index->first;
    index->first = NULL;
    index->last = &index->first;
    return first;
}

static void post_all(void *arg)
{
    struct dos_index *index = arg;
    pthread_mutex_lock(&index->lock);
    struct dos_ask *ask = take_all(index);
    pthread_mutex_unlock(&index->lock);
    while (ask != NULL) {
        struct dos_ask *next = ask->next; /* it may be answered, and gone, inside of the post */
        struct event ev = dos_op_event(&ask->op, take_slot(index, ask), loop_now(index->loop));
        loop_post(index->loop, &ev);
        ask = next;
    }
}

static void refuse(struct dos_ask *ask)
{
    CLEANUP(buf_fini) struct buf bytes = {0};
    struct err err = {0};
    err_set(&err, ERR_UNAVAILABLE, "dos is stopping");
    dos_answer_make(&bytes, &err);
    ask->answered(ask, bytes.data, bytes.len);
}

void dos_index_ask(struct dos_index *index, struct dos_ask *ask)
{
    PRE(ask->answered != NULL && ask->op.account != NULL);
    ask->next = NULL;
    pthread_mutex_lock(&index->lock);
    bool is_first = index->first == NULL, is_closed = index->is_closed;
    if (!is_closed) {
        *index->last = ask;
        index->last = &ask->next;
    }
    pthread_mutex_unlock(&index->lock);
    if (is_closed)
        refuse(ask);
    else if (is_first)
        loop_defer(index->loop, post_all, index);
}

void dos_index_close(struct dos_index *index)
{
    pthread_mutex_lock(&index->lock);
    index->is_closed = true;
    struct dos_ask *ask = take_all(index);
    pthread_mutex_unlock(&index->lock);
    while (ask != NULL) {
        struct dos_ask *next = ask->next;
        refuse(ask);
        ask = next;
    }
    for (uint32_t i = 0; i < index->len; i++) {
        ask = index->slots[i].ask;
        index->slots[i].ask = NULL;
        if (ask != NULL)
            refuse(ask);
    }
}

void dos_index_reply(struct dos_index *index, const struct effect_reply *reply)
{
    uint32_t at = (uint32_t)reply->request_id, uses = (uint32_t)(reply->request_id >> 32);
    PRE(at < index->len);
    struct slot *slot = &index->slots[at];
    INV(slot->uses == uses && slot->ask != NULL);
    struct dos_ask *ask = slot->ask;
    slot->ask = NULL;
    slot->next_free = index->free;
    index->free = at + 1;
    ask->answered(ask, reply->body, reply->body_len);
}
