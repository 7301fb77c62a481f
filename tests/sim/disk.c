/* disk.c - files with two images, and what becomes of them. See disk.h. */
#include "tests/sim/disk.h"

#include "base/check.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DISKS_MAX = 64, FILES_MAX = 64, CHANGES_MAX = 64, SECTOR = 512, NAME_SIZE = 32 };

struct image {
    unsigned char *data;
    int64_t size, cap;
};

/* Of what was written and not synced. */
struct range {
    int64_t at, len;
};

struct sim_file {
    struct sim_disk *disk;
    char name[NAME_SIZE];
    struct image now, safe;
    struct range *ranges;
    size_t ranges_len, ranges_cap;
};

/* A name was made or taken away, and the folder not synced since. */
struct change {
    struct sim_file *file;
    bool is_there;
};

struct sim_disk {
    size_t slot;
    char path[NAME_SIZE];
    struct sim_file *files[FILES_MAX]; /* all that ever were; owned */
    size_t files_len;
    struct sim_file *names[FILES_MAX]; /* who is there, as processes see it */
    size_t names_len;
    struct change changes[CHANGES_MAX];
    size_t changes_len;
    bool is_dead;
    enum sim_disk_fault armed, struck;
    uint64_t strikes_in;
    bool strikes_sync;
    struct rng rng;
};

static struct sim_disk *disks[DISKS_MAX];

struct sim_disk *sim_disk_new(void)
{
    size_t slot = 0;
    while (slot < DISKS_MAX && disks[slot] != NULL)
        slot++;
    INV(slot < DISKS_MAX);
    struct sim_disk *d = disks[slot] = check_alloc(sizeof *d);
    d->slot = slot;
    snprintf(d->path, sizeof d->path, "/disk/%02zu/store", slot);
    return d;
}

static void file_free(struct sim_file *f)
{
    free(f->now.data);
    free(f->safe.data);
    free(f->ranges);
    free(f);
}

void sim_disk_free(struct sim_disk *d)
{
    if (d == NULL)
        return;
    disks[d->slot] = NULL;
    for (size_t i = 0; i < d->files_len; i++)
        file_free(d->files[i]);
    free(d);
}

const char *sim_disk_path(const struct sim_disk *d)
{
    return d->path;
}

struct sim_disk *sim_disk_of_path(const char *path, const char **name)
{
    enum { FOLDER = sizeof "/disk/00/" - 1 };
    if (path == NULL || !str_has_prefix(path, "/disk/") || strlen(path) <= FOLDER)
        return NULL;
    size_t slot = (size_t)(path[FOLDER - 3] - '0') * 10 + (size_t)(path[FOLDER - 2] - '0');
    *name = path + FOLDER;
    return slot < DISKS_MAX ? disks[slot] : NULL;
}

/* ---- images --------------------------------------------------------------------------------- */

static void image_resize(struct image *i, int64_t size)
{
    if (size > i->cap) {
        i->cap = size > 2 * i->cap ? size : 2 * i->cap;
        i->data = check_realloc(i->data, (size_t)i->cap);
    }
    if (size > i->size)
        memset(i->data + i->size, 0, (size_t)(size - i->size));
    i->size = size;
}

static void image_put(struct image *i, int64_t at, const void *data, int64_t len)
{
    if (at + len > i->size)
        image_resize(i, at + len);
    memcpy(i->data + at, data, (size_t)len);
}

static void image_copy(struct image *to, const struct image *from)
{
    image_resize(to, from->size);
    if (from->size > 0)
        memcpy(to->data, from->data, (size_t)from->size);
}

/* What of the range is still within the file. */
static int64_t range_len(const struct sim_file *f, const struct range *r)
{
    int64_t most = f->now.size - r->at;
    return r->len < most ? r->len : most;
}

/* As it is now, durable. */
static void keep(struct sim_file *f, int64_t at, int64_t len)
{
    if (len > 0)
        image_put(&f->safe, at, f->now.data + at, len);
}

/* Some sectors of it, or none, or all. */
static void keep_some(struct sim_file *f, const struct range *r, const struct rng *rng)
{
    uint64_t fate = rng_below(rng, 3);
    int64_t end = r->at + range_len(f, r);
    for (int64_t at = r->at; at < end;) {
        int64_t next = (at / SECTOR + 1) * SECTOR;
        next = next < end ? next : end;
        if (fate == 0 || (fate == 1 && rng_below(rng, 2) == 0))
            keep(f, at, next - at);
        at = next;
    }
}

static void forget_ranges(struct sim_file *f)
{
    f->ranges_len = 0;
}

static void note_range(struct sim_file *f, int64_t at, int64_t len)
{
    struct range *last = f->ranges_len > 0 ? &f->ranges[f->ranges_len - 1] : NULL;
    if (last != NULL && last->at == at && last->len >= len)
        return;
    if (f->ranges_len == f->ranges_cap) {
        f->ranges_cap = f->ranges_cap == 0 ? 16 : 2 * f->ranges_cap;
        f->ranges = check_realloc(f->ranges, f->ranges_cap * sizeof *f->ranges);
    }
    INV(f->ranges != NULL);
    f->ranges[f->ranges_len++] = (struct range){at, len};
}

/* ---- names ---------------------------------------------------------------------------------- */

static size_t place_of(const struct sim_disk *d, const char *name)
{
    size_t at = 0;
    while (at < d->names_len && !str_eq(d->names[at]->name, name))
        at++;
    return at;
}

struct sim_file *sim_disk_find(struct sim_disk *d, const char *name)
{
    size_t at = place_of(d, name);
    return at < d->names_len ? d->names[at] : NULL;
}

static void set_name(struct sim_disk *d, struct sim_file *f, bool is_there)
{
    size_t at = place_of(d, f->name);
    if (is_there && at == d->names_len)
        INV(d->names_len++ < FILES_MAX);
    if (is_there)
        d->names[at] = f;
    else if (at < d->names_len)
        d->names[at] = d->names[--d->names_len];
}

static void change_name(struct sim_disk *d, struct sim_file *f, bool is_there)
{
    set_name(d, f, is_there);
    INV(d->changes_len < CHANGES_MAX);
    d->changes[d->changes_len++] = (struct change){f, is_there};
}

static struct sim_file *file_new(struct sim_disk *d, const char *name)
{
    INV(d->files_len < FILES_MAX);
    struct sim_file *f = d->files[d->files_len++] = check_alloc(sizeof *f);
    f->disk = d;
    str_copy(f->name, sizeof f->name, name);
    return f;
}

struct sim_file *sim_disk_create(struct sim_disk *d, const char *name)
{
    PRE(sim_disk_find(d, name) == NULL);
    struct sim_file *f = file_new(d, name);
    change_name(d, f, true);
    return f;
}

enum sim_disk_fault sim_disk_unlink(struct sim_disk *d, const char *name)
{
    if (d->is_dead)
        return SIM_DISK_DEATH;
    struct sim_file *f = sim_disk_find(d, name);
    if (f != NULL)
        change_name(d, f, false);
    return SIM_DISK_WELL;
}

void sim_disk_install(struct sim_disk *d, const char *name, const void *bytes, size_t len)
{
    struct sim_file *f = file_new(d, name);
    image_put(&f->now, 0, bytes, (int64_t)len);
    image_copy(&f->safe, &f->now);
    set_name(d, f, true);
}

/* ---- faults --------------------------------------------------------------------------------- */

void sim_disk_arm(struct sim_disk *d, enum sim_disk_fault how, uint64_t nth, bool is_sync,
                  const struct rng *rng)
{
    PRE(how != SIM_DISK_WELL && nth > 0);
    d->armed = how;
    d->struck = SIM_DISK_WELL;
    d->strikes_in = nth;
    d->strikes_sync = is_sync;
    d->rng = *rng;
}

enum sim_disk_fault sim_disk_disarm(struct sim_disk *d)
{
    enum sim_disk_fault struck = d->struck;
    d->armed = d->struck = SIM_DISK_WELL;
    return struck;
}

/* What becomes of the operation at hand. */
static enum sim_disk_fault strike(struct sim_disk *d, bool is_sync)
{
    if (d->is_dead)
        return SIM_DISK_DEATH;
    if (d->armed == SIM_DISK_WELL || (d->strikes_sync && !is_sync) || --d->strikes_in > 0)
        return SIM_DISK_WELL;
    d->struck = d->armed;
    d->armed = SIM_DISK_WELL;
    d->is_dead = d->struck == SIM_DISK_DEATH;
    return d->struck;
}

void sim_disk_kill(struct sim_disk *d)
{
    d->is_dead = true;
    d->armed = SIM_DISK_WELL;
}

void sim_disk_revive(struct sim_disk *d)
{
    d->is_dead = false;
}

bool sim_disk_is_dead(const struct sim_disk *d)
{
    return d->is_dead;
}

/* A file system writes its changes of names in order: the newest are undone. */
static void cut_names(struct sim_disk *d, const struct rng *rng)
{
    size_t stay = rng_below(rng, d->changes_len + 1);
    while (d->changes_len > stay) {
        const struct change *c = &d->changes[--d->changes_len];
        set_name(d, c->file, !c->is_there);
    }
    d->changes_len = 0;
}

void sim_disk_cut(struct sim_disk *d, const struct rng *rng)
{
    enum { ALL_LOST, ALL_KEPT, EACH_FOR_ITSELF = 4 };
    sim_disk_kill(d);
    for (size_t i = 0; i < d->files_len; i++) {
        struct sim_file *f = d->files[i];
        uint64_t way = rng_below(rng, EACH_FOR_ITSELF + 1);
        bool keeps_size = way == ALL_KEPT || (way > ALL_KEPT && rng_below(rng, 2) == 0);
        for (size_t k = 0; k < f->ranges_len && way != ALL_LOST; k++)
            if (way == ALL_KEPT)
                keep(f, f->ranges[k].at, range_len(f, &f->ranges[k]));
            else
                keep_some(f, &f->ranges[k], rng);
        if (keeps_size)
            image_resize(&f->safe, f->now.size);
        image_copy(&f->now, &f->safe);
        forget_ranges(f);
    }
    cut_names(d, rng);
}

/* ---- what processes do ---------------------------------------------------------------------- */

int64_t sim_file_size(const struct sim_file *f)
{
    return f->now.size;
}

size_t sim_file_read(const struct sim_file *f, int64_t at, void *out, size_t len)
{
    int64_t have = f->now.size > at ? f->now.size - at : 0;
    size_t some = (int64_t)len < have ? len : (size_t)have;
    if (some > 0)
        memcpy(out, f->now.data + at, some);
    memset((char *)out + some, 0, len - some);
    return some;
}

enum sim_disk_fault sim_file_write(struct sim_file *f, int64_t at, const void *data, size_t len)
{
    struct sim_disk *d = f->disk;
    bool was_dead = d->is_dead;
    enum sim_disk_fault fate = strike(d, false);
    if (was_dead)
        return fate;
    int64_t some = fate == SIM_DISK_WELL ? (int64_t)len : (int64_t)rng_below(&d->rng, len + 1);
    if (some > 0) {
        image_put(&f->now, at, data, some);
        note_range(f, at, some);
    }
    return fate;
}

enum sim_disk_fault sim_file_truncate(struct sim_file *f, int64_t size)
{
    if (f->disk->is_dead)
        return SIM_DISK_DEATH;
    if (size < f->now.size)
        image_resize(&f->now, size);
    return SIM_DISK_WELL;
}

/* Taken for written from now on, whether or not it was. */
static void sync_some(struct sim_file *f, const struct rng *rng)
{
    for (size_t i = 0; i < f->ranges_len; i++)
        keep_some(f, &f->ranges[i], rng);
    forget_ranges(f);
}

enum sim_disk_fault sim_file_sync(struct sim_file *f)
{
    struct sim_disk *d = f->disk;
    bool was_dead = d->is_dead;
    enum sim_disk_fault fate = strike(d, true);
    if (fate == SIM_DISK_IO_ERROR && !was_dead)
        sync_some(f, &d->rng);
    if (fate != SIM_DISK_WELL)
        return fate;
    for (size_t i = 0; i < f->ranges_len; i++)
        keep(f, f->ranges[i].at, range_len(f, &f->ranges[i]));
    image_resize(&f->safe, f->now.size);
    forget_ranges(f);
    d->changes_len = 0;
    return SIM_DISK_WELL;
}
