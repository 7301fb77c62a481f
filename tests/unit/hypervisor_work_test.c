/* Jobs of one instance are done one at a time and in order; others do not wait for them. */
#include "tests/unit/hypervisor_cmocka.h"

#include "base/str.h"
#include "computer-manager/hypervisor/work.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

enum { INSTANCES = 5, EACH = 200, WAIT_S = 30 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int running[INSTANCES], last[INSTANCES], done_len, gate_entered, overlaps, disorders;
static bool gate_open;

static void wait_until(const int *value, int least)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    pthread_mutex_lock(&lock);
    while (*value < least)
        if (pthread_cond_timedwait(&changed, &lock, &until) != 0)
            fail_msg("only %d of %d", *value, least);
    pthread_mutex_unlock(&lock);
}

static void run_ordered(void *self, const struct host_work *work)
{
    (void)self;
    unsigned i = work->head.kind;
    pthread_mutex_lock(&lock);
    overlaps += running[i]++ > 0;
    disorders += (int)work->head.job_id != ++last[i];
    pthread_mutex_unlock(&lock);
    sched_yield();
    pthread_mutex_lock(&lock);
    running[i]--;
    done_len++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void an_instance_keeps_its_order(void **state)
{
    (void)state;
    struct host_work_queue *q = host_work_new(run_ordered, NULL);
    for (unsigned n = 1; n <= EACH; n++)
        for (unsigned i = 0; i < INSTANCES; i++) {
            struct host_work work = {.head = {.job_id = n, .kind = i}};
            snprintf(work.order, sizeof work.order, "i-%017x", i);
            assert_true(host_work_put(q, &work));
        }
    wait_until(&done_len, INSTANCES * EACH);
    host_work_free(q);
    assert_int_equal(overlaps, 0);
    assert_int_equal(disorders, 0);
}

/* Ordered ones stand in the gate; those without order pass by. */
static void run_gate(void *self, const struct host_work *work)
{
    (void)self;
    pthread_mutex_lock(&lock);
    if (work->order[0] != '\0') {
        gate_entered++;
        pthread_cond_broadcast(&changed);
        while (!gate_open)
            pthread_cond_wait(&changed, &lock);
    }
    done_len++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void open_gate(void)
{
    pthread_mutex_lock(&lock);
    gate_open = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void a_listing_passes_slow_destroys(void **state)
{
    (void)state;
    struct host_work_queue *q = host_work_new(run_gate, NULL);
    done_len = 0;
    for (unsigned i = 0; i < 2 * HOST_WORK_THREADS; i++) {
        struct host_work work = {0};
        snprintf(work.order, sizeof work.order, "i-%017x", i);
        host_work_put(q, &work);
    }
    wait_until(&gate_entered, HOST_WORK_THREADS);
    struct host_work listing = {0};
    host_work_put(q, &listing);
    wait_until(&done_len, 1);
    assert_int_equal(gate_entered, HOST_WORK_THREADS);
    open_gate();
    wait_until(&done_len, 2 * HOST_WORK_THREADS + 1);
    host_work_free(q);
}

static void the_queue_is_bounded(void **state)
{
    (void)state;
    gate_open = false;
    gate_entered = 0;
    struct host_work_queue *q = host_work_new(run_gate, NULL);
    struct host_work work = {.order = "i-00000000000000000"};
    host_work_put(q, &work);
    wait_until(&gate_entered, 1);
    for (int i = 0; i < HOST_WORK_MAX; i++)
        assert_true(host_work_put(q, &work));
    assert_false(host_work_put(q, &work));
    open_gate();
    host_work_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instance_keeps_its_order),
        cmocka_unit_test(a_listing_passes_slow_destroys),
        cmocka_unit_test(the_queue_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
