/* dos_rig.h - the core of dos on a store in memory and a clock of its own, for its tests. */
#pragma once

#include "dos/core.h"
#include "dos/jobs.h"

#include <stddef.h>

enum { RIG_JOBS_MAX = 16 };

struct rig_job {
    uint64_t id;
    int kind;
    char spec[4096];
    size_t spec_size;
};

struct rig {
    struct store *store;
    struct rng_seeded seed;
    struct rng rng;
    struct dos_core *core;
    struct turn turn;
    struct instant now;
    uint64_t last_id;
    struct buf answer;                 /* bytes of the last one */
    struct err err;                    /* of the last one */
    struct rig_job jobs[RIG_JOBS_MAX]; /* emitted since the last rig_forget_jobs */
    size_t jobs_len;
};

void rig_open(struct rig *r);
void rig_close(struct rig *r);

/* One op, one turn. The fields are good until the next. */
enum err_code rig_ask(struct rig *r, const struct dos_op *op, struct dos_unpack *fields);
/* Shorthands; account "1" unless said. */
enum err_code rig_bucket(struct rig *r, const char *account, const char *name);
enum err_code rig_put(struct rig *r, const char *bucket, const char *key, const char *body);
enum err_code rig_put_file(struct rig *r, const char *bucket, const char *key, const char *ref,
                           int64_t size);
/* Comma-separated keys and prefixes of a page, then "+" if there are more. */
const char *rig_list(struct rig *r, const char *bucket, const struct dos_list *list);
/* The seek of that page. */
const char *rig_list_next(struct rig *r);

void rig_event(struct rig *r, const struct event *ev);
/* EVENT_START or EVENT_TICK. */
void rig_tick(struct rig *r, enum event_kind kind, int64_t after_ms);
/* The first job of that kind since rig_forget_jobs, or NULL. */
const struct rig_job *rig_job(const struct rig *r, enum dos_job kind);
void rig_forget_jobs(struct rig *r);
void rig_done(struct rig *r, const struct rig_job *job, enum err_code code,
              const struct buf *result);
int64_t rig_count(struct rig *r, const char *sql);
