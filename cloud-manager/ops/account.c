/* account.c - a new account: id, access key, default network. */
#include "cloud-manager/ops/account.h"

#include "base/check.h"
#include "base/str.h"
#include "cloud-manager/model/address.h"
#include "cloud-manager/model/rule.h"
#include "cloud-manager/ops/group.h"
#include "cloud-manager/store/account.h"
#include "cloud-manager/store/network.h"
#include "cloud-manager/store/node.h"
#include "proto/auth/seal.h"

#include <string.h>

static void draw(char *out, size_t len, const char *alphabet, const struct rng *rng)
{
    for (size_t i = 0; i < len; i++)
        out[i] = alphabet[rng_below(rng, strlen(alphabet))];
    out[len] = '\0';
}

bool cloud_account_is_name(const char *name)
{
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    return len >= 1 && len < 64 && name[len] == '\0';
}

static struct seal_key master(const struct cloud_op *op)
{
    struct seal_key key;
    memcpy(key.bytes, op->config->master_key, sizeof key.bytes);
    return key;
}

static void add_access_key(struct cloud_op *op, const struct cloud_root *root)
{
    CLEANUP(buf_fini) struct buf sealed = {0};
    struct seal_key key = master(op);
    seal_wrap(&key, arena_printf(op->arena, "access_key|%s", root->key_id), root->secret,
              strlen(root->secret), op->rng, &sealed);
    seal_key_wipe(&key);
    cloud_access_key_insert(op->store, &(struct cloud_access_key){.id = root->key_id,
                                                                  .account = root->account,
                                                                  .sealed = buf_str(&sealed),
                                                                  .created_wall_ms = op->wall_ms});
}

enum err_code cloud_access_key_secret(struct cloud_op *op, const char *key_id, const char *sealed,
                                      struct buf *secret, struct err *err)
{
    struct seal_key key = master(op);
    enum err_code code = seal_unwrap(&key, arena_printf(op->arena, "access_key|%s", key_id), sealed,
                                     secret, err);
    seal_key_wipe(&key);
    return code;
}

/* AWS's default group: in from itself, out to everywhere. */
static void add_default_group(struct cloud_op *op, const char *account, const char *vpc)
{
    const char *id = cloud_group_make(op, account, vpc, "default", "default VPC security group");
    bool added = cloud_rule_insert(op->store, &(struct cloud_rule){.id = cloud_id(op, "sgr"),
                                                                   .account = account,
                                                                   .grp = id,
                                                                   .protocol = CLOUD_RULE_EVERY,
                                                                   .from_port = -1,
                                                                   .to_port = -1,
                                                                   .cidr = "",
                                                                   .peer = id,
                                                                   .description = ""});
    INV(added);
}

static void add_subnet(struct cloud_op *op, const char *account, const char *vpc,
                       const char *letter)
{
    cloud_subnet_insert(op->store,
                        &(struct cloud_subnet){.id = cloud_id(op, "subnet"),
                                               .account = account,
                                               .vpc = vpc,
                                               .letter = letter,
                                               .base = cloud_subnet_base((unsigned)(*letter - 'a')),
                                               .prefix = CLOUD_SUBNET_PREFIX,
                                               .is_default = 1});
}

static void add_network(struct cloud_op *op, const char *account)
{
    struct cloud_vpc vpc = {.id = cloud_id(op, "vpc"),
                            .account = account,
                            .cidr = CLOUD_VPC_CIDR,
                            .vni = cloud_vpc_next_vni(op->store),
                            .dhcp_options = cloud_id(op, "dopt"),
                            .is_default = 1};
    cloud_vpc_insert(op->store, &vpc);
    add_default_group(op, account, vpc.id);
    size_t len;
    const struct cloud_node *zones = cloud_node_list(op->store, op->arena, "cluster", &len);
    for (size_t i = 0; i < len; i++)
        add_subnet(op, account, vpc.id, zones[i].letter);
}

void cloud_account_create(struct cloud_op *op, const char *name, struct cloud_root *out)
{
    draw(out->account, 1, "123456789", op->rng);
    draw(out->account + 1, 11, "0123456789", op->rng);
    str_copy(out->key_id, sizeof out->key_id, "AKIA");
    draw(out->key_id + 4, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", op->rng);
    draw(out->secret, 40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
         op->rng);
    cloud_account_insert(op->store, out->account, name, op->wall_ms);
    add_access_key(op, out);
    add_network(op, out->account);
}

void cloud_zone_add_subnets(struct cloud_op *op, const char *letter)
{
    size_t len;
    const char **accounts = cloud_account_ids(op->store, op->arena, &len);
    for (size_t i = 0; i < len; i++) {
        struct cloud_subnet have;
        struct cloud_vpc vpc;
        if (cloud_vpc_default(op->store, op->arena, accounts[i], &vpc) &&
            !cloud_subnet_default(op->store, op->arena, accounts[i], letter, &have))
            add_subnet(op, accounts[i], vpc.id, letter);
    }
}
