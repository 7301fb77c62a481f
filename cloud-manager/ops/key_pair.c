/* key_pair.c - SSH keys of accounts. */
#include "cloud-manager/ops/key_pair.h"

#include "base/check.h"
#include "base/str.h"

#include <string.h>

static enum err_code check_name(struct cloud_op *op, const char *name, struct err *err)
{
    struct cloud_key_pair have;
    if (strlen(name) > 255)
        return err_set(err, ERR_INVALID_PARAMETER, "A key name has at most 255 characters");
    for (const char *p = name; *p != '\0'; p++)
        if (*p < ' ' || *p > '~')
            return err_set(err, ERR_INVALID_PARAMETER,
                           "A key name consists of printable ASCII characters");
    if (cloud_key_pair_get(op->store, op->arena, op->account, name, &have))
        return err_set(err, ERR_KEY_PAIR_DUPLICATE, "The keypair '%.100s' already exists.", name);
    return ERR_OK;
}

enum err_code cloud_key_pair_add(struct cloud_op *op, const struct cloud_key_request *r,
                                 enum sshkey_kind kind, const char *line, const char *fingerprint,
                                 struct cloud_key_pair *out, struct err *err)
{
    if (check_name(op, r->name, err) != ERR_OK)
        return err->code;
    *out = (struct cloud_key_pair){.id = cloud_id(op, "key"),
                                   .account = op->account,
                                   .name = r->name,
                                   .type = sshkey_kind_name(kind),
                                   .fingerprint = arena_strdup(op->arena, fingerprint),
                                   .line = arena_strdup(op->arena, line),
                                   .created_wall_ms = op->wall_ms};
    cloud_key_pair_insert(op->store, out);
    return cloud_tag_new(op, out->id, "key-pair", &r->tags, err);
}

enum err_code cloud_key_pair_import(struct cloud_op *op, const struct cloud_key_request *r,
                                    const char *line, size_t line_len, struct cloud_key_pair *out,
                                    struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    char fingerprint[SSHKEY_FINGERPRINT_SIZE];
    struct sshkey_public key = {0};
    if (cloud_authorize(op, CLOUD_DO_IMPORT_KEY_PAIR, err) != ERR_OK ||
        sshkey_parse(&key, line, line_len, err) != ERR_OK)
        return err->code;
    /* The comment is the owner's business; guests see the name. */
    str_copy(key.comment, sizeof key.comment, r->name);
    sshkey_format(&text, &key);
    sshkey_fingerprint(fingerprint, &key);
    enum err_code code = cloud_key_pair_add(op, r, key.kind, buf_str(&text), fingerprint, out, err);
    sshkey_public_fini(&key);
    return code;
}

enum err_code cloud_key_pair_may_create(struct cloud_op *op, const struct cloud_key_request *r,
                                        struct err *err)
{
    return cloud_authorize(op, CLOUD_DO_CREATE_KEY_PAIR, err) != ERR_OK
               ? err->code
               : check_name(op, r->name, err);
}

enum err_code cloud_key_pair_remove(struct cloud_op *op, const char *name, const char *id,
                                    struct cloud_key_pair *out, bool *existed, struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DELETE_KEY_PAIR, err) != ERR_OK)
        return err->code;
    *existed = *name != '\0' ? cloud_key_pair_get(op->store, op->arena, op->account, name, out)
                             : cloud_key_pair_by_id(op->store, op->arena, op->account, id, out);
    if (!*existed)
        return ERR_OK;
    cloud_tag_delete_all(op->store, out->id);
    cloud_key_pair_delete(op->store, out->id);
    return ERR_OK;
}

static enum err_code find_named(struct cloud_op *op, const char *const *names, size_t len,
                                struct cloud_key_pair *out, struct err *err)
{
    for (size_t i = 0; i < len; i++)
        if (!cloud_key_pair_get(op->store, op->arena, op->account, names[i], &out[i]))
            return err_set(err, ERR_KEY_PAIR_NOT_FOUND, "The key pair '%.100s' does not exist",
                           names[i]);
    return ERR_OK;
}

static enum err_code find_ids(struct cloud_op *op, const char *const *ids, size_t len,
                              struct cloud_key_pair *out, struct err *err)
{
    for (size_t i = 0; i < len; i++)
        if (!cloud_key_pair_by_id(op->store, op->arena, op->account, ids[i], &out[i]))
            return err_set(err, ERR_KEY_PAIR_NOT_FOUND, "The key pair ID '%.64s' does not exist",
                           ids[i]);
    return ERR_OK;
}

enum err_code cloud_key_pairs_describe(struct cloud_op *op, const char *const *names,
                                       size_t names_len, const char *const *ids, size_t ids_len,
                                       struct cloud_key_pair **out, size_t *out_len,
                                       struct err *err)
{
    if (cloud_authorize(op, CLOUD_DO_DESCRIBE_KEY_PAIRS, err) != ERR_OK)
        return err->code;
    if (names_len + ids_len == 0) {
        *out = cloud_key_pair_list(op->store, op->arena, op->account, out_len);
        return ERR_OK;
    }
    *out = arena_alloc(op->arena, (names_len + ids_len) * sizeof **out);
    *out_len = names_len + ids_len;
    if (find_named(op, names, names_len, *out, err) != ERR_OK)
        return err->code;
    return find_ids(op, ids, ids_len, *out + names_len, err);
}
