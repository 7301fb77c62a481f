/* main_verbs.c - init, token and account create. Each is one short transaction on the daemon's own
 * store. */
#include "cloud-manager/main_verbs.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "cloud-manager/core.h"
#include "cloud-manager/main_identity.h"
#include "proto/auth/token.h"
#include "proto/sync/admit.h"

#include <stdio.h>
#include <string.h>

enum { TOKEN_TTL_S = 15 * 60, TOKEN_TTL_MAX_S = 24 * 3600 };

const char cloud_verbs_help[] =
    "verbs:\n"
    "  (none)     runs the cloud-manager\n"
    "  init       makes store, certificates and the root account; prints its access key, once\n"
    "  token --kind cluster|dos --name NODE [--ttl SECONDS]\n"
    "             prints a token with which NODE may join, once, within 15 minutes\n"
    "  account create NAME\n"
    "             makes an account with a network of its own; prints its access key, once\n";

static int say(const struct err *err)
{
    fprintf(stderr, "tercet-cloud-manager: %s\n", err->text);
    return 1;
}

static int64_t wall_ms(void)
{
    struct clock clock = clock_system();
    return clock.read(clock.self).wall_ms;
}

/* ---- init --------------------------------------------------------------------------------- */

static void print_root(struct cloud_root *root)
{
    printf("account = %s\naccess_key_id = %s\nsecret_access_key = %s\n", root->account,
           root->key_id, root->secret);
    explicit_bzero(root, sizeof *root);
}

static enum err_code make(struct store *store, const struct cloud_options *o,
                          struct cloud_root *root, struct err *err)
{
    struct seal_key master;
    struct rng rng = rng_system();
    struct cloud_config config = {.region = o->region};
    if (store_has(store, "SELECT 1 FROM account", ""))
        return err_set(err, ERR_CONFIG, "%.150s holds a cloud already; nothing was changed",
                       o->data);
    if (cloud_master_load(&master, o, err) != ERR_OK)
        return err->code;
    memcpy(config.master_key, master.bytes, sizeof config.master_key);
    store_begin(store);
    cloud_setup(store, &rng, &config, wall_ms(), root);
    enum err_code code = cloud_identity_make(store, &master, wall_ms(), err);
    seal_key_wipe(&master);
    explicit_bzero(&config, sizeof config);
    if (code == ERR_OK)
        return store_commit(store, err);
    store_rollback(store);
    return code;
}

static int verb_init(const struct cloud_options *o)
{
    struct err err = {0};
    struct store *store = NULL;
    struct cloud_root root = {0};
    enum err_code code = cloud_open_store(&store, o, &err);
    if (code == ERR_OK)
        code = make(store, o, &root, &err);
    store_close(store);
    if (code != ERR_OK)
        return say(&err);
    print_root(&root);
    return 0;
}

/* ---- account create ------------------------------------------------------------------------ */

static enum err_code add_account(struct store *store, const struct cloud_options *o,
                                 const char *name, struct cloud_root *root, struct err *err)
{
    struct seal_key master;
    struct rng rng = rng_system();
    struct cloud_config config = {.region = o->region};
    if (!store_has(store, "SELECT 1 FROM account", ""))
        return err_set(err, ERR_CONFIG, "%.150s holds no cloud yet: init makes it", o->data);
    if (cloud_master_load(&master, o, err) != ERR_OK)
        return err->code;
    memcpy(config.master_key, master.bytes, sizeof config.master_key);
    seal_key_wipe(&master);
    store_begin(store);
    enum err_code code = cloud_account_add(store, &rng, &config, name, wall_ms(), root, err);
    explicit_bzero(&config, sizeof config);
    if (code == ERR_OK)
        return store_commit(store, err);
    store_rollback(store);
    return code;
}

static int verb_account_create(const struct cloud_options *o, const char *name)
{
    struct err err = {0};
    struct store *store = NULL;
    struct cloud_root root = {0};
    enum err_code code = cloud_open_store(&store, o, &err);
    if (code == ERR_OK)
        code = add_account(store, o, name, &root, &err);
    store_close(store);
    if (code != ERR_OK)
        return say(&err);
    print_root(&root);
    return 0;
}

/* ---- token -------------------------------------------------------------------------------- */

struct token_wish {
    const char *kind, *name;
    int64_t ttl_s;
};

static enum err_code read_wish(struct token_wish *wish, int argc, char **argv, struct err *err)
{
    *wish = (struct token_wish){.ttl_s = TOKEN_TTL_S};
    for (int i = 1; i + 1 < argc; i += 2) {
        if (str_eq(argv[i], "--kind"))
            wish->kind = argv[i + 1];
        else if (str_eq(argv[i], "--name"))
            wish->name = argv[i + 1];
        else if (!str_eq(argv[i], "--ttl") ||
                 !str_parse_i64(argv[i + 1], 1, TOKEN_TTL_MAX_S, &wish->ttl_s))
            return err_set(err, ERR_CONFIG, "token does not take %s %s", argv[i], argv[i + 1]);
    }
    if (argc % 2 == 0 || wish->kind == NULL || wish->name == NULL ||
        (!str_eq(wish->kind, "cluster") && !str_eq(wish->kind, "dos")))
        return err_set(err, ERR_CONFIG,
                       "token wants --kind cluster or dos, and --name of the node");
    if (str_eq(wish->name, CLOUD_NODE))
        return err_set(err, ERR_CONFIG, "'%s' is the name of the cloud-manager itself", CLOUD_NODE);
    return ERR_OK;
}

static enum err_code add_token(struct store *store, const struct cloud_options *o,
                               const struct token_wish *wish, struct buf *text, struct err *err)
{
    struct cloud_identity id;
    char parent[CONFIG_TEXT_SIZE], hash[DIGEST_SHA256_HEX_SIZE];
    struct rng rng = rng_system();
    struct cert_info root;
    enum err_code code = cloud_identity_load(&id, store, o, err);
    if (*o->advertise != '\0')
        snprintf(parent, sizeof parent, CLOUD_NODE "@%.180s", o->advertise);
    else
        snprintf(parent, sizeof parent, CLOUD_NODE "@%.150s:%lld", o->tier_address,
                 (long long)o->tier_tcp_port);
    if (code == ERR_OK)
        code = cert_info_read(&root, buf_str(&id.ca.cert_pem), err);
    cloud_identity_fini(&id);
    if (code != ERR_OK ||
        token_make(text, parent, root.fingerprint, wish->name, &rng, err) != ERR_OK)
        return err->code;
    token_hash(hash, buf_str(text));
    store_begin(store);
    admit_token_add(store, hash, wish->name, wish->kind, wall_ms() + wish->ttl_s * 1000);
    return store_commit(store, err);
}

static int verb_token(const struct cloud_options *o, int argc, char **argv)
{
    struct err err = {0};
    struct store *store = NULL;
    struct token_wish wish;
    CLEANUP(seal_wipe) struct buf text = {0};
    enum err_code code = read_wish(&wish, argc, argv, &err);
    if (code == ERR_OK)
        code = cloud_open_store(&store, o, &err);
    if (code == ERR_OK)
        code = add_token(store, o, &wish, &text, &err);
    store_close(store);
    if (code != ERR_OK)
        return say(&err);
    puts(buf_str(&text));
    return 0;
}

int cloud_verb_run(const struct cloud_options *o, int argc, char **argv)
{
    PRE(argc > 0);
    if (argc == 1 && str_eq(argv[0], "init"))
        return verb_init(o);
    if (str_eq(argv[0], "token"))
        return verb_token(o, argc, argv);
    if (argc == 3 && str_eq(argv[0], "account") && str_eq(argv[1], "create"))
        return verb_account_create(o, argv[2]);
    fprintf(stderr, "tercet-cloud-manager: unknown verb %s; try --help\n", argv[0]);
    return 2;
}
