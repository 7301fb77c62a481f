/* ec2_keys.c - ImportKeyPair, CreateKeyPair, DescribeKeyPairs, DeleteKeyPair. */
#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/api/call.h"
#include "cloud-manager/ops/key_pair.h"
#include "proto/auth/base64.h"
#include "proto/auth/seal.h"

#include <string.h>

static const char *const tagged[] = {"key-pair", NULL};

static void write_new(struct cloud_call *call, const struct cloud_key_pair *key,
                      const char *material)
{
    struct cloud_tags tags = cloud_tag_list(call->op->store, call->op->arena, key->id);
    cloud_xml_text(call->xml, "keyFingerprint", key->fingerprint);
    cloud_xml_text_if(call->xml, "keyMaterial", material);
    cloud_xml_text(call->xml, "keyName", key->name);
    cloud_xml_text(call->xml, "keyPairId", key->id);
    cloud_write_tags(call->xml, &tags);
}

enum err_code cloud_ec2_import_key_pair(struct cloud_call *call, struct err *err)
{
    CLEANUP(buf_fini) struct buf line = {0};
    struct cloud_key_request request = {0};
    struct cloud_key_pair key;
    const char *material;
    if (cloud_query_need(call->query, "KeyName", &request.name, err) != ERR_OK ||
        cloud_query_need(call->query, "PublicKeyMaterial", &material, err) != ERR_OK ||
        cloud_decode_tag_specs(call, tagged, &request.tags, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    if (!base64_decode(&line, material, strlen(material)))
        return err_set(err, ERR_KEY_FORMAT, "The public key material is not valid base64");
    if (cloud_key_pair_import(call->op, &request, buf_str(&line), line.len, &key, err) != ERR_OK)
        return err->code;
    write_new(call, &key, "");
    return ERR_OK;
}

static enum err_code create_ed25519(struct cloud_call *call, const struct cloud_key_request *r,
                                    struct err *err)
{
    unsigned char seed[SSHKEY_SEED_SIZE];
    struct sshkey_pair pair = {0};
    struct cloud_key_pair key;
    call->op->rng->fill(call->op->rng->self, seed, sizeof seed);
    sshkey_make_ed25519(&pair, seed, r->name);
    explicit_bzero(seed, sizeof seed);
    enum err_code code = cloud_key_pair_add(call->op, r, SSHKEY_ED25519, buf_str(&pair.public_line),
                                            pair.fingerprint, &key, err);
    if (code == ERR_OK)
        write_new(call, &key, buf_str(&pair.private_pem));
    sshkey_pair_fini(&pair);
    return code;
}

/* The job made it; a line of its own has no comment yet. */
static enum err_code create_rsa(struct cloud_call *call, const struct cloud_key_request *r,
                                struct err *err)
{
    struct cloud_rsa_done made;
    struct cloud_key_pair key;
    INV(call->done->result_size == sizeof made);
    memcpy(&made, call->done->result, sizeof made);
    const char *line = arena_printf(call->op->arena, "%s %s", made.public_line, r->name);
    enum err_code code = cloud_key_pair_add(call->op, r, SSHKEY_RSA, line, made.fingerprint, &key,
                                            err);
    if (code == ERR_OK)
        write_new(call, &key, made.private_pem);
    explicit_bzero(&made, sizeof made);
    return code;
}

enum err_code cloud_ec2_create_key_pair(struct cloud_call *call, struct err *err)
{
    struct cloud_key_request request = {0};
    if (cloud_query_need(call->query, "KeyName", &request.name, err) != ERR_OK ||
        cloud_decode_tag_specs(call, tagged, &request.tags, err) != ERR_OK)
        return err->code;
    const char *type = cloud_query_get(call->query, "KeyType");
    cloud_query_accept(call->query, "KeyFormat", "pem");
    if (cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    if (type != NULL && !str_eq(type, "rsa") && !str_eq(type, "ed25519"))
        return err_set(err, ERR_INVALID_PARAMETER, "Value (%.64s) for parameter KeyType is invalid",
                       type);
    if (cloud_key_pair_may_create(call->op, &request, err) != ERR_OK)
        return err->code;
    if (type != NULL && str_eq(type, "ed25519"))
        return create_ed25519(call, &request, err);
    if (call->done != NULL)
        return create_rsa(call, &request, err);
    call->wait = CLOUD_WAIT_RSA;
    return ERR_OK;
}

static bool matches(struct cloud_call *call, const struct cloud_key_pair *key,
                    const struct cloud_tags *tags, const struct cloud_filters *filters)
{
    struct cloud_facts facts = {.arena = call->op->arena};
    cloud_facts_add(&facts, "key-name", key->name);
    cloud_facts_add(&facts, "key-pair-id", key->id);
    cloud_facts_add(&facts, "fingerprint", key->fingerprint);
    cloud_facts_add_tags(&facts, tags);
    return cloud_filters_match(filters, &facts);
}

static void write_key(struct cloud_xml *x, const struct cloud_key_pair *key,
                      const struct cloud_tags *tags, bool with_line)
{
    cloud_xml_open(x, "item");
    cloud_xml_text(x, "keyPairId", key->id);
    cloud_xml_text(x, "keyFingerprint", key->fingerprint);
    cloud_xml_text(x, "keyName", key->name);
    cloud_xml_text(x, "keyType", key->type);
    cloud_write_tags(x, tags);
    if (with_line)
        cloud_xml_text(x, "publicKey", key->line);
    cloud_xml_time(x, "createTime", key->created_wall_ms);
    cloud_xml_close(x);
}

enum err_code cloud_ec2_describe_key_pairs(struct cloud_call *call, struct err *err)
{
    static const char *const known[] = {"key-name", "key-pair-id", "fingerprint", "tag-key", NULL};
    struct cloud_texts names = cloud_query_list(call->query, "KeyName");
    struct cloud_texts ids = cloud_query_list(call->query, "KeyPairId");
    struct cloud_filters filters;
    struct cloud_page page;
    struct cloud_key_pair *keys;
    size_t len;
    bool with_line;
    if (cloud_filters_decode(&filters, call->query, known, err) != ERR_OK ||
        cloud_query_bool(call->query, "IncludePublicKey", false, &with_line, err) != ERR_OK ||
        cloud_page_decode_whole(&page, call->query, err) != ERR_OK ||
        cloud_query_done(call->query, err) != ERR_OK ||
        cloud_key_pairs_describe(call->op, names.list, names.len, ids.list, ids.len, &keys, &len,
                                 err) != ERR_OK)
        return err->code;
    struct cloud_walk walk = {.page = &page};
    cloud_xml_open(call->xml, "keySet");
    for (size_t i = 0; i < len && !walk.more; i++) {
        struct cloud_tags tags = cloud_tag_list(call->op->store, call->op->arena, keys[i].id);
        if (matches(call, &keys[i], &tags, &filters) && cloud_walk_takes(&walk, keys[i].name))
            write_key(call->xml, &keys[i], &tags, with_line);
    }
    cloud_xml_close(call->xml);
    cloud_write_next(call, &walk);
    return ERR_OK;
}

enum err_code cloud_ec2_delete_key_pair(struct cloud_call *call, struct err *err)
{
    const char *name = cloud_query_get(call->query, "KeyName");
    const char *id = cloud_query_get(call->query, "KeyPairId");
    struct cloud_key_pair key;
    bool existed;
    if (cloud_query_done(call->query, err) != ERR_OK)
        return err->code;
    if (name == NULL && id == NULL)
        return err_set(err, ERR_MISSING_PARAMETER,
                       "The request must contain the parameter KeyName or KeyPairId");
    if (cloud_key_pair_remove(call->op, name != NULL ? name : "", id != NULL ? id : "", &key,
                              &existed, err) != ERR_OK)
        return err->code;
    cloud_write_done(call->xml);
    if (existed)
        cloud_xml_text(call->xml, "keyPairId", key.id);
    return ERR_OK;
}
