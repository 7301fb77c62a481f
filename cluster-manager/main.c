/* main.c - options, certificates, real seams, core, loop. The only place that names effect/. */
#include "base/check.h"
#include "base/daemon.h"
#include "base/job.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/notify.h"
#include "base/str.h"
#include "cluster-manager/core.h"
#include "cluster-manager/effect/sign.h"
#include "cluster-manager/options.h"
#include "proto/auth/token.h"
#include "proto/http/client.h"
#include "proto/http/enroll.h"
#include "proto/http/renewal.h"
#include "proto/http/server.h"
#include "proto/http/status.h"
#include "proto/sync/admit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { JOIN_MS = 30000 };

static const struct config_option table[] = {
#define OPTION(section, key, name, kind, otherwise, min, max, help)                              \
    {#section, #key, CONFIG_##kind, otherwise, min, max, offsetof(struct cluster_options, name), \
     help},
#include "cluster-manager/options.def"
#undef OPTION
};

static const char verbs[] =
    "verbs:\n"
    "  (none)      runs the cluster-manager\n"
    "  join TOKEN  becomes a child of the cloud-manager named in the token; - = on stdin\n"
    "  token NAME  prints a token with which host NAME may join, once\n"
    "  renew       asks for a new certificate now\n"
    "  restored    says that a backup was put in place of its store; to be\n"
    "              run before the next start\n";

static int say(const struct err *err)
{
    fprintf(stderr, "tercet-cluster-manager: %s\n", err->text);
    return 1;
}

static void path_in(char out[ENROLL_PATH_SIZE], const struct cluster_options *o, const char *name)
{
    int len = snprintf(out, ENROLL_PATH_SIZE, "%.255s/%.32s", o->data, name);
    PRE(len < ENROLL_PATH_SIZE);
}

static enum err_code open_store(struct store **store, const struct cluster_options *o,
                                struct err *err)
{
    char path[ENROLL_PATH_SIZE];
    path_in(path, o, "cluster.db");
    return store_open(store, path, &cluster_schema, err);
}

/* ---- verbs --------------------------------------------------------------------------------- */

static int verb_join(const struct cluster_options *o, const char *token)
{
    struct err err = {0};
    mkdir(o->data, 0700);
    char folder[ENROLL_PATH_SIZE];
    path_in(folder, o, "identity");
    return enroll_join(folder, token, JOIN_MS, &err) == ERR_OK ? 0 : say(&err);
}

/* R14: the store opens in RECOVERY, and adopts what the hosts hold before it wishes anything. */
static int verb_restored(const struct cluster_options *o)
{
    struct err err = {0};
    struct store *store = NULL;
    if (open_store(&store, o, &err) != ERR_OK)
        return say(&err);
    store_begin(store);
    sync_parent_open_recovery(store);
    enum err_code code = store_commit(store, &err);
    store_close(store);
    return code == ERR_OK ? 0 : say(&err);
}

static int verb_renew(const struct cluster_options *o)
{
    struct err err = {0};
    char folder[ENROLL_PATH_SIZE];
    path_in(folder, o, "identity");
    return enroll_renew(folder, o->parent, JOIN_MS, &err) == ERR_OK ? 0 : say(&err);
}

/* "node@host:port", as tokens name a parent. */
static void advertised(char *out, size_t out_size, const struct cluster_options *o,
                       const char *node)
{
    if (*o->advertise != '\0')
        snprintf(out, out_size, "%s@%.180s", node, o->advertise);
    else
        snprintf(out, out_size, "%s@%.150s:%lld", node, o->listen_address,
                 (long long)o->listen_tcp_port);
}

/* Writes beside a running daemon: the token is one row in one transaction. */
static int verb_token(const struct cluster_options *o, const char *host)
{
    struct err err = {0};
    struct store *store = NULL;
    struct enroll_identity id = {0};
    struct rng rng = rng_system();
    struct clock clock = clock_system();
    CLEANUP(buf_fini) struct buf text = {0};
    struct cert_info root;
    char folder[ENROLL_PATH_SIZE], parent[CONFIG_TEXT_SIZE], hash[DIGEST_SHA256_HEX_SIZE];
    path_in(folder, o, "identity");
    enum err_code code = enroll_load(&id, folder, &err);
    advertised(parent, sizeof parent, o, id.node);
    if (code == ERR_OK)
        code = cert_info_read(&root, buf_str(&id.ca), &err);
    if (code == ERR_OK)
        code = token_make(&text, parent, root.fingerprint, host, &rng, &err);
    if (code == ERR_OK)
        code = open_store(&store, o, &err);
    if (code == ERR_OK) {
        token_hash(hash, buf_str(&text));
        store_begin(store);
        admit_token_add(store, hash, host, "host",
                        clock.read(clock.self).wall_ms + ADMIT_TOKEN_LIFE_MS);
        code = store_commit(store, &err);
    }
    store_close(store);
    enroll_fini(&id);
    if (code != ERR_OK)
        return say(&err);
    puts(buf_str(&text));
    return 0;
}

/* ---- the daemon ---------------------------------------------------------------------------- */

struct shell {
    struct http_server *server;
    struct http_client *client;
    struct job_pool *jobs;
    struct renewal *renewal;
    size_t listener;
    char folder[ENROLL_PATH_SIZE]; /* of the identity */
    int64_t not_after_ms;          /* of its certificate */
};

static void perform_reply(void *self, const struct effect_reply *reply)
{
    http_server_reply(((struct shell *)self)->server, reply);
}

static void perform_call(void *self, const struct effect_call *call)
{
    http_client_call(((struct shell *)self)->client, call);
}

static void perform_job(void *self, const struct effect_job *job)
{
    job_pool_start(((struct shell *)self)->jobs, job);
}

static enum err_code open_links(struct shell *shell, const struct cluster_options *o,
                                const struct enroll_identity *id, struct err *err)
{
    struct http_tls tls = {
        .cert_pem = buf_str(&id->chain), .key_pem = buf_str(&id->key), .ca_pem = buf_str(&id->ca)};
    struct http_listen listen = {.name = "tier",
                                 .face = FACE_TIER,
                                 .address = o->listen_address,
                                 .tcp_port = (uint16_t)o->listen_tcp_port,
                                 .tls = &tls,
                                 .client_cert = HTTP_CERT_OPTIONAL,
                                 .body_max_bytes = 16 * 1024 * 1024,
                                 .held_max = 10000};
    const char *parent = o->parent;
    http_client_tls(shell->client, &tls);
    if (http_client_peer(shell->client, "parent", id->parent, &parent, 1, err) != ERR_OK)
        return err->code;
    return http_server_listen(shell->server, &listen, &shell->listener, err);
}

/* New files are there: new connections use them. */
static void on_renewed(void *self)
{
    struct shell *shell = self;
    struct enroll_identity id;
    struct err err = {0};
    if (enroll_load(&id, shell->folder, &err) == ERR_OK) {
        struct http_tls tls = {
            .cert_pem = buf_str(&id.chain), .key_pem = buf_str(&id.key), .ca_pem = buf_str(&id.ca)};
        http_client_tls(shell->client, &tls);
        http_server_reload(shell->server, shell->listener, &tls, &err);
        shell->not_after_ms = id.info.not_after_ms;
        log_info("certificate.renewed", "serial", id.info.serial, NULL);
    }
    if (err.code != ERR_OK)
        log_error("certificate.unusable", "why", err.text, NULL);
    enroll_fini(&id);
}

static int run_core(const struct cluster_options *o, struct store *store,
                    struct enroll_identity *id, struct loop *loop, struct shell *shell)
{
    struct rng rng = rng_system();
    struct cluster_config config = {.node = id->node,
                                    .timing = sync_timing_scaled(o->timing_scale),
                                    .ca_pem = buf_str(&id->ca),
                                    .region = id->region,
                                    .zone = id->zone,
                                    .vcpu_overcommit_pct = o->vcpu_overcommit_pct,
                                    .disk_overcommit_pct = o->disk_overcommit_pct};
    memcpy(config.link_key, id->link_key, sizeof config.link_key);
    if (!place_strategy_parse(o->strategy, &config.strategy)) {
        struct err err = {0};
        err_set(&err, ERR_CONFIG, "place.strategy: '%s' is none of spread, pack, balanced",
                o->strategy);
        return say(&err);
    }
    struct cluster_core *core = cluster_core_new(store, &rng, &config);
    struct core steps = cluster_core_as_core(core);
    struct instant now = loop_now(loop);
    struct turn turn;
    turn_init(&turn, &steps, store, &now);
    struct loop_performer performer = {
        .self = shell, .reply = perform_reply, .call = perform_call, .job = perform_job};
    shell->not_after_ms = id->info.not_after_ms;
    status_open(shell->server, loop,
                &(struct status_config){.daemon = "tercet-cluster-manager",
                                        .address = o->status_address,
                                        .tcp_port = o->status_tcp_port,
                                        .not_after_ms = &shell->not_after_ms});
    log_info("cluster.ready", "node", id->node, "zone", id->zone, NULL);
    notify_ready();
    loop_run(loop, &turn, &performer);
    cluster_core_free(core);
    return 0;
}

static int run(const struct cluster_options *o, const struct daemon *d, char **argv)
{
    struct err err = {0};
    struct store *store = NULL;
    struct enroll_identity id = {0};
    struct shell shell = {0};
    const struct landlock_path own[] = {{o->data, LANDLOCK_WRITE}};
    if (!daemon_keep_to(own, sizeof own / sizeof *own))
        return 1;
    path_in(shell.folder, o, "identity");
    if (enroll_load(&id, shell.folder, &err) != ERR_OK || open_store(&store, o, &err) != ERR_OK) {
        enroll_fini(&id);
        return say(&err);
    }
    struct rng rng = rng_system();
    struct loop *loop = loop_new(NULL);
    struct cluster_signer signer = {.folder = shell.folder, .life_s = o->certificate_s};
    struct job_handler sign = {.kind = CLUSTER_JOB_SIGN, .ctx = &signer, .run = cluster_sign_run};
    shell.server = http_server_new(loop, &rng);
    shell.client = http_client_new(loop);
    shell.jobs = job_pool_new(loop, &sign, 1, NULL);
    shell.renewal = renewal_new(loop_uv(loop),
                                &(struct renewal_config){.folder = shell.folder,
                                                         .argv = argv,
                                                         .options_len = d->options_len,
                                                         .self = &shell,
                                                         .renewed = on_renewed});
    int status = open_links(&shell, o, &id, &err) == ERR_OK ? run_core(o, store, &id, loop, &shell)
                                                            : say(&err);
    renewal_close(shell.renewal);
    http_client_free(shell.client);
    http_server_free(shell.server);
    if (job_pool_free(shell.jobs, 1000))
        loop_free(loop);
    store_close(store);
    enroll_fini(&id);
    return status;
}

int main(int argc, char **argv)
{
    struct cluster_options o;
    struct daemon d = {.name = "tercet-cluster-manager",
                       .summary = "One availability zone: chooses hosts, watches their health.",
                       .verbs = verbs,
                       .table = table,
                       .table_len = sizeof table / sizeof table[0],
                       .options = &o};
    enum daemon_next next = daemon_options(&d, argc, argv);
    if (next != DAEMON_GO)
        return next == DAEMON_DONE ? 0 : 2;
    if (d.verb_argc == 0)
        return run(&o, &d, argv);
    if (d.verb_argc == 2 && str_eq(d.verb_argv[0], "join"))
        return verb_join(&o, d.verb_argv[1]);
    if (d.verb_argc == 2 && str_eq(d.verb_argv[0], "token"))
        return verb_token(&o, d.verb_argv[1]);
    if (d.verb_argc == 1 && str_eq(d.verb_argv[0], "renew"))
        return verb_renew(&o);
    if (d.verb_argc == 1 && str_eq(d.verb_argv[0], "restored"))
        return verb_restored(&o);
    fprintf(stderr, "tercet-cluster-manager: unknown verb %s; try --help\n", d.verb_argv[0]);
    return 2;
}
