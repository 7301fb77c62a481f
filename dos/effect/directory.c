/* directory.c - maps behind a reader-writer lock. */
#include "dos/directory.h"

#include "base/check.h"
#include "base/log.h"
#include "base/map.h"
#include "base/str.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dos_directory {
    pthread_rwlock_t lock;
    struct seal_key key;
    struct map keys;    /* id -> struct dos_identity */
    struct map secrets; /* name -> struct dos_identity, only its secret */
    struct map buckets; /* name -> account, text */
    bool is_ready;
};

struct dos_directory *dos_directory_new(const struct seal_key *key)
{
    struct dos_directory *d = check_alloc(sizeof *d);
    *d = (struct dos_directory){.key = *key};
    INV(pthread_rwlock_init(&d->lock, NULL) == 0);
    return d;
}

static void drop_identities(struct map *m)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(m, &at)) != NULL;) {
        explicit_bzero(e->value, sizeof(struct dos_identity));
        free(e->value);
    }
    map_fini(m);
    *m = (struct map){0};
}

static void drop_buckets(struct map *m)
{
    size_t at = 0;
    for (struct map_entry *e; (e = map_next(m, &at)) != NULL;)
        free(e->value);
    map_fini(m);
    *m = (struct map){0};
}

void dos_directory_free(struct dos_directory *d)
{
    if (d == NULL)
        return;
    drop_identities(&d->keys);
    drop_identities(&d->secrets);
    drop_buckets(&d->buckets);
    seal_key_wipe(&d->key);
    pthread_rwlock_destroy(&d->lock);
    free(d);
}

/* Unseals one row into the map. The context is the parent's: "key|ID", "secret|NAME". */
static void add(struct dos_directory *d, struct map *m, const char *kind, const char *name,
                const char *account, const char *sealed)
{
    char context[256];
    CLEANUP(seal_wipe) struct buf secret = {0};
    struct err err = {0};
    snprintf(context, sizeof context, "%s|%s", kind, name);
    if (seal_unwrap(&d->key, context, sealed, &secret, &err) != ERR_OK ||
        secret.len >= DOS_SECRET_SIZE) {
        log_warn("directory.sealed", "kind", kind, "name", name, "why", err.text, NULL);
        return;
    }
    struct dos_identity *identity = check_alloc(sizeof *identity);
    *identity = (struct dos_identity){0};
    str_copy(identity->account, sizeof identity->account, account);
    str_copy(identity->secret, sizeof identity->secret, buf_str(&secret));
    INV(map_put(m, name, identity) == NULL);
}

void dos_directory_take_keys(struct dos_directory *d, const void *spec, size_t spec_size)
{
    struct dos_unpack in = {.at = spec, .end = (const char *)spec + spec_size};
    struct map keys = {0}, secrets = {0};
    for (int64_t left = dos_unpack_i64(&in); left > 0; left--) {
        const char *id = dos_unpack_text(&in), *account = dos_unpack_text(&in);
        add(d, &keys, "key", id, account, dos_unpack_text(&in));
    }
    while (dos_unpack_more(&in)) {
        const char *name = dos_unpack_text(&in);
        add(d, &secrets, "secret", name, "", dos_unpack_text(&in));
    }
    pthread_rwlock_wrlock(&d->lock);
    struct map old_keys = d->keys, old_secrets = d->secrets;
    d->keys = keys;
    d->secrets = secrets;
    d->is_ready = true;
    pthread_rwlock_unlock(&d->lock);
    drop_identities(&old_keys);
    drop_identities(&old_secrets);
}

void dos_directory_take_buckets(struct dos_directory *d, const void *spec, size_t spec_size)
{
    struct dos_unpack in = {.at = spec, .end = (const char *)spec + spec_size};
    pthread_rwlock_wrlock(&d->lock);
    while (spec_size > 0 && dos_unpack_more(&in)) {
        const char *name = dos_unpack_text(&in), *account = dos_unpack_text(&in);
        free(*account != '\0' ? map_put(&d->buckets, name, check_strdup(account))
                              : map_remove(&d->buckets, name));
    }
    pthread_rwlock_unlock(&d->lock);
}

bool dos_directory_is_ready(struct dos_directory *d)
{
    pthread_rwlock_rdlock(&d->lock);
    bool is_ready = d->is_ready;
    pthread_rwlock_unlock(&d->lock);
    return is_ready;
}

static bool find(struct dos_directory *d, const struct map *m, const char *name,
                 struct dos_identity *out)
{
    pthread_rwlock_rdlock(&d->lock);
    const struct dos_identity *found = map_get(m, name);
    if (found != NULL)
        *out = *found;
    pthread_rwlock_unlock(&d->lock);
    return found != NULL;
}

bool dos_directory_key(struct dos_directory *d, const char *id, struct dos_identity *out)
{
    return find(d, &d->keys, id, out);
}

bool dos_directory_secret(struct dos_directory *d, const char *name, char out[DOS_SECRET_SIZE])
{
    struct dos_identity identity;
    if (!find(d, &d->secrets, name, &identity))
        return false;
    memcpy(out, identity.secret, DOS_SECRET_SIZE);
    explicit_bzero(&identity, sizeof identity);
    return true;
}

bool dos_directory_bucket(struct dos_directory *d, const char *name, char account[DOS_ACCOUNT_SIZE])
{
    pthread_rwlock_rdlock(&d->lock);
    const char *found = map_get(&d->buckets, name);
    if (found != NULL)
        INV(str_copy(account, DOS_ACCOUNT_SIZE, found));
    pthread_rwlock_unlock(&d->lock);
    return found != NULL;
}
