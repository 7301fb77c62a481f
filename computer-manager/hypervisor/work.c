/* work.c - a queue ordered by instance, and its threads. */
#include "computer-manager/hypervisor/work.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/model/pace.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { UNORDERED_THREADS = 1, ALL_THREADS = HOST_WORK_THREADS + UNORDERED_THREADS };
static_assert(HOST_STARTS_MAX < (int64_t)HOST_WORK_THREADS, "an end does not wait for starts");

struct worker {
    struct host_work_queue *queue;
    pthread_t thread;
    bool only_unordered;
    char order[HOST_ID_SIZE]; /* of what it is doing; "" = nothing that others wait for */
};

struct host_work_queue {
    void (*run)(void *self, const struct host_work *work);
    void *self;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct list waiting;
    size_t waiting_len;
    bool is_closing;
    struct worker workers[ALL_THREADS];
};

static bool is_busy(const struct host_work_queue *q, const char *order)
{
    for (size_t i = 0; i < ALL_THREADS; i++)
        if (str_eq(q->workers[i].order, order))
            return true;
    return false;
}

/* The oldest that this worker may do now. An older one of the same instance is either being
 * done, and then this one is passed over, or is found first. */
static struct host_work *pick(struct host_work_queue *q, const struct worker *w)
{
    LIST_EACH (it, &q->waiting) {
        struct host_work *work = LIST_ENTRY(it, struct host_work, link);
        if (work->order[0] == '\0' || (!w->only_unordered && !is_busy(q, work->order)))
            return work;
    }
    return NULL;
}

static struct host_work *take(struct worker *w)
{
    struct host_work_queue *q = w->queue;
    struct host_work *work = NULL;
    pthread_mutex_lock(&q->lock);
    while (!q->is_closing && (work = pick(q, w)) == NULL)
        pthread_cond_wait(&q->changed, &q->lock);
    if (q->is_closing)
        work = NULL;
    if (work != NULL) {
        list_remove(&work->link);
        q->waiting_len--;
        str_copy(w->order, sizeof w->order, work->order);
    }
    pthread_mutex_unlock(&q->lock);
    return work;
}

static void finish(struct worker *w, struct host_work *work)
{
    pthread_mutex_lock(&w->queue->lock);
    w->order[0] = '\0';
    pthread_cond_broadcast(&w->queue->changed);
    pthread_mutex_unlock(&w->queue->lock);
    free(work);
}

static void *work_on(void *arg)
{
    struct worker *w = arg;
    for (struct host_work *work; (work = take(w)) != NULL;) {
        w->queue->run(w->queue->self, work);
        finish(w, work);
    }
    return NULL;
}

struct host_work_queue *host_work_new(void (*run)(void *self, const struct host_work *work),
                                      void *self)
{
    struct host_work_queue *q = check_alloc(sizeof *q);
    *q = (struct host_work_queue){.run = run, .self = self};
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed, NULL);
    list_init(&q->waiting);
    for (size_t i = 0; i < ALL_THREADS; i++) {
        q->workers[i] = (struct worker){.queue = q, .only_unordered = i < UNORDERED_THREADS};
        int rc = pthread_create(&q->workers[i].thread, NULL, work_on, &q->workers[i]);
        POST(rc == 0);
    }
    return q;
}

bool host_work_put(struct host_work_queue *q, const struct host_work *work)
{
    struct host_work *copy = check_alloc(sizeof *copy);
    *copy = *work;
    pthread_mutex_lock(&q->lock);
    bool has_room = q->waiting_len < HOST_WORK_MAX;
    if (has_room) {
        list_append(&q->waiting, &copy->link);
        q->waiting_len++;
        pthread_cond_broadcast(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
    if (!has_room)
        free(copy);
    return has_room;
}

void host_work_free(struct host_work_queue *q)
{
    if (q == NULL)
        return;
    pthread_mutex_lock(&q->lock);
    q->is_closing = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
    for (size_t i = 0; i < ALL_THREADS; i++)
        pthread_join(q->workers[i].thread, NULL);
    LIST_EACH_SAFE (it, &q->waiting)
        free(LIST_ENTRY(it, struct host_work, link));
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    free(q);
}
