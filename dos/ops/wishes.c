/* wishes.c - what the cloud wishes of dos, as rows. Called by proto/sync/child with each wish that
 * a sync brings; the bodies are objects.def's. A wish that comes again changes nothing. */
#include "base/check.h"
#include "base/str.h"
#include "dos/jobs.h"
#include "dos/ops/ops.h"
#include "dos/store/import.h"
#include "dos/store/key.h"
#include "dos/store/manifest.h"
#include "proto/wire/messages.h"

#include <string.h>

static enum err_code decode(struct dos_core *core, const struct wire_item *wish,
                            const struct wire_type *type, void *message, struct err *err)
{
    return wire_decode(type, wish->body, strlen(wish->body), core->out->arena, message, err);
}

void dos_wish_tell_keys(struct dos_core *core)
{
    CLEANUP(buf_fini) struct buf spec = {0};
    CLEANUP(buf_fini) struct buf keys = {0};
    struct query q;
    int64_t len = 0;
    for (dos_key_query(core->store, &q); query_next(&q); len++)
        for (int column = 0; column < 3; column++)
            dos_pack_text(&keys, query_text(&q, column));
    dos_pack_i64(&spec, len);
    buf_append(&spec, buf_str(&keys), keys.len);
    for (dos_secret_query(core->store, &q); query_next(&q);)
        for (int column = 0; column < 2; column++)
            dos_pack_text(&spec, query_text(&q, column));
    dos_job_emit(core, core->out, NULL, DOS_JOB_KEYS, &spec, 1);
}

static enum err_code take_key(struct dos_core *core, const struct wire_item *wish, struct err *err)
{
    struct wire_key key;
    if (decode(core, wish, &wire_key_type, &key, err) != ERR_OK)
        return err->code;
    if (*key.account == '\0' || *key.sealed == '\0')
        return err_set(err, ERR_MALFORMED_JSON, "key %s: no account or no secret", wish->id);
    dos_key_put(core->store, wish->id, key.account, key.sealed);
    dos_wish_tell_keys(core);
    return ERR_OK;
}

static enum err_code take_secret(struct dos_core *core, const struct wire_item *wish,
                                 struct err *err)
{
    struct wire_secret secret;
    if (decode(core, wish, &wire_secret_type, &secret, err) != ERR_OK)
        return err->code;
    dos_secret_put(core->store, wish->id, secret.sealed);
    dos_wish_tell_keys(core);
    return ERR_OK;
}

static enum err_code take_image(struct dos_core *core, const struct wire_item *wish,
                                struct err *err)
{
    struct wire_image image;
    struct dos_import row;
    if (decode(core, wish, &wire_image_type, &image, err) != ERR_OK)
        return err->code;
    if (dos_import_find(core->store, wish->id, &row) && row.generation == wish->generation) {
        dos_image_say(core, wish->id); /* the parent may have forgotten: a restored store */
        return ERR_OK;
    }
    row = (struct dos_import){
        .generation = wish->generation, .pepoch = wish->pepoch, .state = DOS_IMPORT_PENDING};
    if (!str_copy(row.id, sizeof row.id, wish->id) ||
        !str_copy(row.account, sizeof row.account, image.account) ||
        !str_copy(row.bucket, sizeof row.bucket, image.bucket) ||
        !str_copy(row.key, sizeof row.key, image.key) || *row.id == '\0')
        return err_set(err, ERR_MALFORMED_JSON, "image %s: a name is too long", wish->id);
    dos_wish_drop(core, "image", wish->id);
    dos_import_save(core->store, &row);
    dos_image_say(core, wish->id);
    return ERR_OK;
}

enum err_code dos_wish_take(struct dos_core *core, const struct wire_item *wish, struct err *err)
{
    PRE(core->out != NULL && wish->kind != NULL && wish->id != NULL && wish->body != NULL);
    if (str_eq(wish->kind, "key"))
        return take_key(core, wish, err);
    if (str_eq(wish->kind, "secret"))
        return take_secret(core, wish, err);
    if (str_eq(wish->kind, "image"))
        return take_image(core, wish, err);
    return err_set(err, ERR_UNSUPPORTED, "dos knows no wish of kind %s", wish->kind);
}

static void drop_image(struct dos_core *core, const char *id)
{
    struct dos_import row;
    if (!dos_import_find(core->store, id, &row))
        return;
    dos_import_delete(core->store, id);
    dos_manifest_drop_unused(core->store, row.manifest);
}

void dos_wish_drop(struct dos_core *core, const char *kind, const char *id)
{
    PRE(core->out != NULL);
    if (str_eq(kind, "image")) {
        drop_image(core, id);
    } else if (str_eq(kind, "key")) {
        dos_key_delete(core->store, id);
        dos_wish_tell_keys(core);
    } else if (str_eq(kind, "secret")) {
        dos_secret_delete(core->store, id);
        dos_wish_tell_keys(core);
    }
}

/* ---- hooks of proto/sync/child ------------------------------------------------------------- */

static enum err_code on_wish(void *self, const struct wire_item *wish, const struct event *ev,
                             struct err *err)
{
    struct dos_core *core = self;
    if (*wish->gone == '\0')
        return dos_wish_take(core, wish, err);
    dos_wish_drop(core, wish->kind, wish->id);
    sync_child_gone(&core->up, wish->kind, wish->id, wish->generation, wish->pepoch, ev);
    return ERR_OK;
}

static void on_ask(void *self, const struct wire_note *note, const struct event *ev)
{
    PRE(self != NULL && note != NULL && ev != NULL); /* nothing ephemeral is asked of dos */
}

static void on_capacity(void *self, struct buf *capacity, struct buf *health)
{
    struct dos_core *core = self;
    struct wire_capacity said = {.placed_rev = sync_child_applied_rev(&core->up),
                                 .dos_url = core->config.url};
    wire_encode(capacity, &wire_capacity_type, &said);
    buf_text(health, "ok");
}

struct sync_child_hooks dos_wish_hooks(struct dos_core *core)
{
    return (struct sync_child_hooks){
        .core = core, .on_wish = on_wish, .on_ask = on_ask, .on_capacity = on_capacity};
}
