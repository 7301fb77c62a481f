/* main.c - options, identity, store, real seams, listeners, core, loop. Names effect/. */
#include "base/check.h"
#include "base/daemon.h"
#include "base/job.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/notify.h"
#include "base/str.h"
#include "cloud-manager/core.h"
#include "cloud-manager/effect/timer.h"
#include "cloud-manager/main_identity.h"
#include "cloud-manager/main_verbs.h"
#include "cloud-manager/model/address.h"
#include "proto/http/server.h"
#include "proto/http/status.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct config_option table[] = {
#define OPTION(section, key, name, kind, otherwise, min, max, help)                            \
    {#section, #key, CONFIG_##kind, otherwise, min, max, offsetof(struct cloud_options, name), \
     help},
#include "cloud-manager/options.def"
#undef OPTION
};

enum {
    RENEW_EVERY_MS = 30 *
                     1000, /* a clock that was ahead when a certificate was made is right again */
    TIER_BODY_MAX = 16 * 1024 * 1024,
    TIER_HELD_MAX = 1000,
    JOBS_GRACE_MS = 1000,
};

/* Everything that is open. */
struct shell {
    const struct cloud_options *options;
    struct cloud_identity identity;
    struct store *store;
    struct loop *loop;
    struct http_server *server;
    struct job_pool *jobs;
    size_t tier, tls; /* numbers of listeners */
    bool has_tls;
    struct cloud_pool pool;
    char endpoint[CONFIG_TEXT_SIZE];
};

static void perform_reply(void *self, const struct effect_reply *reply)
{
    http_server_reply(((struct shell *)self)->server, reply);
}

static void perform_more(void *self, const struct effect_more *more)
{
    http_server_more(((struct shell *)self)->server, more);
}

static void perform_job(void *self, const struct effect_job *job)
{
    job_pool_start(((struct shell *)self)->jobs, job);
}

/* ---- listeners ---------------------------------------------------------------------------- */

static struct http_tls tier_tls(const struct shell *s)
{
    return (struct http_tls){.cert_pem = buf_str(&s->identity.chain),
                             .key_pem = buf_str(&s->identity.key),
                             .ca_pem = buf_str(&s->identity.ca.cert_pem)};
}

static enum err_code listen_on(struct shell *s, const struct http_listen *listen, size_t *number,
                               struct err *err)
{
    char port[16];
    if (http_server_listen(s->server, listen, number, err) != ERR_OK)
        return err_wrap(err, "%s", listen->name);
    snprintf(port, sizeof port, "%u", http_server_tcp_port(s->server, *number));
    log_info("cloud.listens", "what", listen->name, "address", listen->address, "port", port, NULL);
    return ERR_OK;
}

static enum err_code listen_tier(struct shell *s, struct err *err)
{
    struct http_tls tls = tier_tls(s);
    struct http_listen listen = {.name = "tier",
                                 .face = FACE_TIER,
                                 .address = s->options->tier_address,
                                 .tcp_port = (uint16_t)s->options->tier_tcp_port,
                                 .tls = &tls,
                                 .client_cert = HTTP_CERT_OPTIONAL, /* who joins has none yet */
                                 .body_max_bytes = TIER_BODY_MAX,
                                 .held_max = TIER_HELD_MAX};
    return listen_on(s, &listen, &s->tier, err);
}

static enum err_code listen_plain(struct shell *s, struct err *err)
{
    struct http_listen listen = {.name = "public",
                                 .face = FACE_PUBLIC,
                                 .address = s->options->public_address,
                                 .tcp_port = (uint16_t)s->options->public_tcp_port};
    size_t number;
    if (*listen.address == '\0')
        return ERR_OK;
    if (listen_on(s, &listen, &number, err) != ERR_OK)
        return err->code;
    snprintf(s->endpoint, sizeof s->endpoint, "%.200s:%u", listen.address,
             http_server_tcp_port(s->server, number));
    return ERR_OK;
}

static enum err_code read_public(struct buf *cert, struct buf *key, const struct cloud_options *o,
                                 struct err *err)
{
    if (http_tls_read(cert, o->tls_certificate, err) != ERR_OK ||
        http_tls_read(key, o->tls_key, err) != ERR_OK)
        return err_wrap(err, "public.tls-certificate, public.tls-key");
    return ERR_OK;
}

static enum err_code listen_tls(struct shell *s, struct err *err)
{
    CLEANUP(buf_fini) struct buf cert = {0};
    CLEANUP(seal_wipe) struct buf key = {0};
    if (*s->options->tls_address == '\0')
        return ERR_OK;
    if (read_public(&cert, &key, s->options, err) != ERR_OK)
        return err->code;
    struct http_tls tls = {.cert_pem = buf_str(&cert), .key_pem = buf_str(&key)};
    struct http_listen listen = {.name = "public tls",
                                 .face = FACE_PUBLIC,
                                 .address = s->options->tls_address,
                                 .tcp_port = (uint16_t)s->options->tls_tcp_port,
                                 .tls = &tls};
    s->has_tls = listen_on(s, &listen, &s->tls, err) == ERR_OK;
    return err->code;
}

/* ---- certificates that change while it runs ------------------------------------------------ */

static void on_hup(void *self)
{
    struct shell *s = self;
    struct err err = {0};
    CLEANUP(buf_fini) struct buf cert = {0};
    CLEANUP(seal_wipe) struct buf key = {0};
    if (!s->has_tls)
        return;
    enum err_code code = read_public(&cert, &key, s->options, &err);
    struct http_tls tls = {.cert_pem = buf_str(&cert), .key_pem = buf_str(&key)};
    if (code == ERR_OK)
        code = http_server_reload(s->server, s->tls, &tls, &err);
    if (code != ERR_OK)
        log_warn("cloud.certificate", "why", err.text, NULL);
}

/* Between turns: no transaction is open while the loop runs a timer of ours. */
static void on_renewal(void *self)
{
    struct shell *s = self;
    struct err err = {0};
    bool renewed = false;
    enum err_code code = cloud_identity_renew(&s->identity, s->store, loop_now(s->loop).wall_ms,
                                              &renewed, &err);
    struct http_tls tls = tier_tls(s);
    if (code == ERR_OK && renewed)
        code = http_server_reload(s->server, s->tier, &tls, &err);
    if (code != ERR_OK)
        log_error("cloud.certificate", "why", err.text, NULL);
}

/* ---- running ------------------------------------------------------------------------------ */

static void run_core(struct shell *s)
{
    const struct cloud_options *o = s->options;
    struct rng rng = rng_system();
    struct cloud_config config = {.region = o->region,
                                  .timing = sync_timing_scaled(o->timing_scale),
                                  .terminated_visible_ms = o->terminated_visible_s * 1000,
                                  .quota_instances = o->quota_instances,
                                  .quota_vcpus = o->quota_vcpus,
                                  .quota_addresses = o->quota_addresses,
                                  .pool = s->pool,
                                  .public_domain = o->public_domain,
                                  .quota_groups = o->quota_groups,
                                  .endpoint = *o->endpoint != '\0' ? o->endpoint : s->endpoint};
    memcpy(config.master_key, s->identity.master.bytes, sizeof config.master_key);
    struct cloud_core *core = cloud_core_new(s->store, &rng, &config);
    struct core steps = cloud_core_as_core(core);
    struct instant now = loop_now(s->loop);
    struct turn turn;
    turn_init(&turn, &steps, s->store, &now);
    struct loop_performer performer = {
        .self = s, .reply = perform_reply, .job = perform_job, .more = perform_more};
    loop_on_hup(s->loop, on_hup, s);
    status_open(s->server, s->loop,
                &(struct status_config){.daemon = "tercet-cloud-manager",
                                        .address = o->status_address,
                                        .tcp_port = o->status_tcp_port,
                                        .not_after_ms = &s->identity.info.not_after_ms});
    struct cloud_timer *renewal = cloud_timer_open(s->loop, RENEW_EVERY_MS / o->timing_scale,
                                                   on_renewal, s);
    log_info("cloud.ready", "region", config.region, "endpoint", config.endpoint, NULL);
    notify_ready();
    loop_run(s->loop, &turn, &performer);
    cloud_timer_close(renewal);
    cloud_core_free(core);
    explicit_bzero(&config, sizeof config);
}

static enum err_code open_all(struct shell *s, struct err *err)
{
    struct clock clock = clock_system();
    bool renewed;
    if (cloud_pool_parse(&s->pool, s->options->public_pool, err) != ERR_OK)
        return err_wrap(err, "network.public-pool");
    if (!cloud_domain_is(s->options->public_domain))
        return err_set(err, ERR_INVALID_PARAMETER,
                       "network.public-domain: '%.64s' is no domain, as in \"guests.example.org\"",
                       s->options->public_domain);
    if (cloud_open_store(&s->store, s->options, err) != ERR_OK ||
        cloud_identity_load(&s->identity, s->store, s->options, err) != ERR_OK)
        return err->code;
    return cloud_identity_renew(&s->identity, s->store, clock.read(clock.self).wall_ms, &renewed,
                                err);
}

static enum err_code serve(struct shell *s, struct err *err)
{
    struct rng rng = rng_system();
    const struct job_handler handlers[] = {
        {.kind = CLOUD_JOB_SIGN, .ctx = &s->identity.ca, .run = cloud_job_sign},
        {.kind = CLOUD_JOB_RSA, .run = cloud_job_rsa},
    };
    s->loop = loop_new(NULL);
    s->server = http_server_new(s->loop, &rng);
    s->jobs = job_pool_new(s->loop, handlers, sizeof handlers / sizeof *handlers, NULL);
    if (listen_tier(s, err) == ERR_OK && listen_plain(s, err) == ERR_OK &&
        listen_tls(s, err) == ERR_OK)
        run_core(s);
    http_server_free(s->server);
    if (job_pool_free(s->jobs, JOBS_GRACE_MS))
        loop_free(s->loop);
    return err->code;
}

static bool keep_to_files(const struct cloud_options *o)
{
    const struct landlock_path own[] = {{o->data, LANDLOCK_WRITE},
                                        {o->tls_certificate, LANDLOCK_BESIDE},
                                        {o->tls_key, LANDLOCK_BESIDE}};
    return daemon_keep_to(own, sizeof own / sizeof *own);
}

static int run(const struct cloud_options *o)
{
    struct err err = {0};
    struct shell s = {.options = o};
    if (!keep_to_files(o))
        return 1;
    enum err_code code = open_all(&s, &err);
    if (code == ERR_OK)
        code = serve(&s, &err);
    if (code != ERR_OK)
        fprintf(stderr, "tercet-cloud-manager: %s\n", err.text);
    store_close(s.store);
    cloud_identity_fini(&s.identity);
    return code == ERR_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct cloud_options o;
    struct daemon d = {.name = "tercet-cloud-manager",
                       .summary = "A region: accounts, images, instances, and the public APIs.",
                       .verbs = cloud_verbs_help,
                       .table = table,
                       .table_len = sizeof table / sizeof *table,
                       .options = &o};
    enum daemon_next next = daemon_options(&d, argc, argv);
    if (next != DAEMON_GO)
        return next == DAEMON_DONE ? 0 : 2;
    return d.verb_argc == 0 ? run(&o) : cloud_verb_run(&o, d.verb_argc, d.verb_argv);
}
