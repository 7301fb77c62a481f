/* disk.c - checks the disk jobs and hands them on; see disk.h. */
#include "computer-manager/effect/disk.h"

#include "base/check.h"
#include "base/id.h"
#include "base/str.h"
#include "computer-manager/effect/image.h"
#include "computer-manager/effect/layout.h"
#include "computer-manager/effect/root_disk.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { DIRECTORY_MAX = HOST_PATH_SIZE - 128, SECTOR = 512 };
#define DISK_MAX_BYTES ((int64_t)64 * 1024 * 1024 * 1024 * 1024)

struct host_disk {
    struct host_disk_config config; /* texts owned */
    char *state_dir, *images_dir;   /* without links; owned */
    atomic_bool is_stopping;
    pthread_rwlock_t eviction; /* read: a base is being relied upon; write: bases are removed */
};

static enum err_code refuse(struct err *err, const char *field)
{
    return err_set(err, ERR_INVALID_PARAMETER, "the job's field %s is not valid", field);
}

static bool is_ended(const char *field, size_t size)
{
    return memchr(field, '\0', size) != NULL;
}

static bool is_instance(const char *field)
{
    return is_ended(field, HOST_ID_SIZE) && id_is(field, "i");
}

static bool is_hash(const char *field)
{
    return is_ended(field, HOST_HASH_SIZE) &&
           strspn(field, "0123456789abcdef") == HOST_HASH_SIZE - 1;
}

static bool is_disk_size(int64_t size_bytes)
{
    return size_bytes >= SECTOR && size_bytes <= DISK_MAX_BYTES && size_bytes % SECTOR == 0;
}

static enum err_code check_sources(const struct host_disk_base *s, struct err *err)
{
    if (s->sources_len < 0 || s->sources_len > HOST_SOURCES_MAX)
        return refuse(err, "sources_len");
    for (int64_t i = 0; i < s->sources_len; i++) {
        const struct host_source *source = &s->sources[i];
        if (!is_ended(source->node, sizeof source->node) || !host_fetch_is_name(source->node) ||
            !is_ended(source->url, sizeof source->url) || !host_fetch_is_url(source->url) ||
            !is_ended(source->grant, sizeof source->grant) || !host_fetch_is_grant(source->grant))
            return refuse(err, "sources");
    }
    return ERR_OK;
}

static struct host_fetch_peer peer_of(struct host_disk *d, const char *name, const char *url,
                                      const char *grant)
{
    return (struct host_fetch_peer){.url = url,
                                    .name = name,
                                    .grant = grant,
                                    .ca_file = d->config.ca_file,
                                    .cert_file = d->config.cert_file,
                                    .key_file = d->config.key_file,
                                    .is_stopping = &d->is_stopping};
}

static enum err_code run_base(struct host_disk *d, const void *body, struct buf *result,
                              struct err *err)
{
    (void)result;
    const struct host_disk_base *s = body;
    if (!is_hash(s->manifest))
        return refuse(err, "manifest");
    if (!is_disk_size(s->size_bytes))
        return refuse(err, "size_bytes");
    if (!is_ended(s->url, sizeof s->url) || !host_fetch_is_url(s->url))
        return refuse(err, "url");
    if (!is_ended(s->grant, sizeof s->grant) || !host_fetch_is_grant(s->grant))
        return refuse(err, "grant");
    if (check_sources(s, err) != ERR_OK)
        return err->code;
    struct host_image_job job = {.images_dir = d->images_dir,
                                 .manifest = s->manifest,
                                 .size_bytes = s->size_bytes,
                                 .peer = peer_of(d, d->config.dos_name, s->url, s->grant),
                                 .sources_len = (size_t)s->sources_len,
                                 .config = &d->config};
    for (size_t i = 0; i < (size_t)s->sources_len; i++) {
        const struct host_source *from = &s->sources[i];
        job.sources[i] = peer_of(d, from->node, from->url, from->grant);
        job.sources[i].is_neighbour = true;
    }
    return host_image_ensure(&job, err);
}

static enum err_code run_root(struct host_disk *d, const void *body, struct buf *result,
                              struct err *err)
{
    (void)result;
    const struct host_disk_root *s = body;
    if (!is_instance(s->instance))
        return refuse(err, "instance");
    if (s->pepoch < 0)
        return refuse(err, "pepoch");
    if (!is_hash(s->manifest))
        return refuse(err, "manifest");
    if (!is_disk_size(s->size_bytes))
        return refuse(err, "size_bytes");
    if (s->is_cdrom != 0 && s->is_cdrom != 1)
        return refuse(err, "is_cdrom");
    return host_root_disk_make(d->state_dir, d->images_dir, s, err);
}

static enum err_code run_erase(struct host_disk *d, const void *body, struct buf *result,
                               struct err *err)
{
    (void)result;
    const struct host_disk_target *s = body;
    if (!is_instance(s->instance))
        return refuse(err, "instance");
    if (s->pepoch < 0)
        return refuse(err, "pepoch");
    return host_root_disk_erase(d->state_dir, s, err);
}

static enum err_code run_list(struct host_disk *d, const void *body, struct buf *result,
                              struct err *err)
{
    (void)body;
    struct host_disk_list *out = check_alloc(sizeof *out);
    if (host_root_disk_list(d->state_dir, out, err) == ERR_OK &&
        host_image_measure(d->images_dir, out, err) == ERR_OK)
        buf_append(result, out, sizeof *out);
    free(out);
    return err->code;
}

static enum err_code run_evict(struct host_disk *d, const void *body, struct buf *result,
                               struct err *err)
{
    const struct host_disk_evict *s = body;
    struct host_disk_evicted out = {0};
    struct host_image_eviction e = {d->state_dir, d->images_dir, s};
    if (s->pins_len < 0 || s->pins_len > HOST_PINS_MAX)
        return refuse(err, "pins_len");
    if (s->free_percent < 0 || s->free_percent > 100)
        return refuse(err, "free_percent");
    for (int64_t i = 0; i < s->pins_len; i++)
        if (!is_hash(s->pins[i]))
            return refuse(err, "pins");
    if (host_image_evict(&e, &out, err) == ERR_OK)
        buf_append(result, &out, sizeof out);
    return err->code;
}

static const struct row {
    int kind;
    size_t size;
    enum err_code (*run)(struct host_disk *d, const void *body, struct buf *result,
                         struct err *err);
} rows[] = {
    {HOST_JOB_DISK_BASE, sizeof(struct host_disk_base), run_base},
    {HOST_JOB_DISK_ROOT, sizeof(struct host_disk_root), run_root},
    {HOST_JOB_DISK_ERASE, sizeof(struct host_disk_target), run_erase},
    {HOST_JOB_DISK_LIST, 0, run_list},
    {HOST_JOB_DISK_EVICT, sizeof(struct host_disk_evict), run_evict},
};

static enum err_code run_row(struct host_disk *d, const struct row *row, const void *spec,
                             struct buf *result, struct err *err)
{
    /* A fetch may last for minutes, and its base is protected by its own time of last use. */
    bool reads = row->kind == HOST_JOB_DISK_ROOT, writes = row->kind == HOST_JOB_DISK_EVICT;
    if (reads)
        pthread_rwlock_rdlock(&d->eviction);
    else if (writes)
        pthread_rwlock_wrlock(&d->eviction);
    enum err_code code = row->run(d, spec, result, err);
    if (reads || writes)
        pthread_rwlock_unlock(&d->eviction);
    return code;
}

enum err_code host_disk_run(struct host_disk *d, int kind, const void *spec, size_t size,
                            struct buf *result, struct err *err)
{
    PRE(d != NULL && result != NULL && err != NULL);
    *err = (struct err){0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].kind == kind)
            return size == rows[i].size ? run_row(d, &rows[i], spec, result, err)
                                        : refuse(err, "size");
    return err_set(err, ERR_UNSUPPORTED, "kind %d is no job of disks", kind);
}

static char *directory(const char *path, struct err *err)
{
    char *real = realpath(path, NULL);
    if (real == NULL)
        err_set(err, ERR_CONFIG, "%s: %s", path, strerror(errno));
    else if (strlen(real) > DIRECTORY_MAX)
        err_set(err, ERR_CONFIG, "the path is too long: %s", path);
    return real;
}

enum err_code host_disk_new(struct host_disk **out, const struct host_disk_config *config,
                            struct err *err)
{
    struct host_disk *d = check_alloc(sizeof *d);
    *err = (struct err){0};
    *d = (struct host_disk){.config = *config};
    d->config.ca_file = check_strdup(config->ca_file);
    d->config.cert_file = check_strdup(config->cert_file);
    d->config.key_file = check_strdup(config->key_file);
    d->config.dos_name = config->dos_name != NULL ? check_strdup(config->dos_name) : NULL;
    atomic_init(&d->is_stopping, false);
    pthread_rwlock_init(&d->eviction, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    d->state_dir = directory(config->state_dir, err);
    if (err->code == ERR_OK)
        d->images_dir = directory(config->images_dir, err);
    if (err->code == ERR_OK)
        *out = d;
    else
        host_disk_free(d);
    return err->code;
}

static void free_text(const char *text)
{
    union {
        const char *in;
        char *out;
    } u = {text};
    free(u.out);
}

void host_disk_free(struct host_disk *d)
{
    if (d == NULL)
        return;
    free_text(d->config.ca_file);
    free_text(d->config.cert_file);
    free_text(d->config.key_file);
    free_text(d->config.dos_name);
    free(d->state_dir);
    free(d->images_dir);
    pthread_rwlock_destroy(&d->eviction);
    free(d);
}

void host_disk_stop(struct host_disk *d)
{
    atomic_store(&d->is_stopping, true);
}
