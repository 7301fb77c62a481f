/* main.c - options, identity, index, real seams, listeners, loop. The only place that names
 * effect/.
 *
 * Threads: the loop (the index), a pool of threads for each listener (data), workers (jobs). */
#include "base/check.h"
#include "base/daemon.h"
#include "base/job.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/notify.h"
#include "base/str.h"
#include "dos/api/s3/s3.h"
#include "dos/api/tier/tier.h"
#include "dos/core.h"
#include "dos/effect/files.h"
#include "dos/effect/import.h"
#include "dos/effect/sweep.h"
#include "dos/jobs.h"
#include "dos/options.h"
#include "dos/main_verbs.h"
#include "proto/http/client.h"
#include "proto/http/renewal.h"
#include "proto/http/status.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#ifndef TERCET_LIBEXEC /* the build says where `make install` puts the jail */
#define TERCET_LIBEXEC "/usr/local/libexec"
#endif

static const struct config_option table[] = {
#define OPTION(section, key, name, kind, otherwise, min, max, help) \
    {#section, #key, CONFIG_##kind, otherwise, min, max, offsetof(struct dos_options, name), help},
#include "dos/options.def"
#undef OPTION
};

enum { POOLS = 3, GRACE_MS = 3000, GONE_MS = 1000 };

/* Everything that is open. */
struct shell {
    const struct dos_options *options;
    struct rng rng;
    struct store *store;
    struct enroll_identity identity;
    struct loop *loop;
    struct http_client *client;
    struct http_server *server; /* of its status */
    struct dos_index *index;
    struct dos_directory *directory;
    struct dos_files *files;
    struct dos_importer importer;
    struct job_pool *jobs;
    struct dos_s3 *s3_plain, *s3_tls;
    struct dos_tier tier;
    struct http_pool *pools[POOLS];
    size_t pools_len;
    struct http_pool *tls_pool;  /* among them; its certificate is reloaded */
    struct http_pool *tier_pool; /* among them, or NULL; its certificate is renewed */
    struct renewal *renewal;
    char folder[ENROLL_PATH_SIZE]; /* of the identity */
    char jail_root[ENROLL_PATH_SIZE];
    char region[CONFIG_TEXT_SIZE], url[CONFIG_TEXT_SIZE];
};

/* ---- effects -------------------------------------------------------------------------------- */

static void perform_reply(void *self, const struct effect_reply *reply)
{
    dos_index_reply(((struct shell *)self)->index, reply);
}

static void perform_call(void *self, const struct effect_call *call)
{
    http_client_call(((struct shell *)self)->client, call);
}

/* The directory follows the commit before any answer of that turn is heard: effects come in order.
 */
static void perform_job(void *self, const struct effect_job *job)
{
    struct shell *shell = self;
    if (job->kind == DOS_JOB_BUCKETS)
        dos_directory_take_buckets(shell->directory, job->spec, job->spec_size);
    else if (job->kind == DOS_JOB_KEYS)
        dos_directory_take_keys(shell->directory, job->spec, job->spec_size);
    else
        job_pool_start(shell->jobs, job);
}

/* ---- opening -------------------------------------------------------------------------------- */

static enum err_code open_files(struct shell *s, struct err *err)
{
    const struct dos_options *o = s->options;
    dos_path_in(s->jail_root, o, "jail");
    mkdir(s->jail_root, 0755);
    s->importer.converter = (struct dos_converter){
        .jail = o->jail,
        .program = o->converter,
        .root = s->jail_root,
        .socket = o->jail_socket,
        .memory_bytes = (uint64_t)o->image_memory_bytes,
        .cpu_s = (uint64_t)o->image_cpu_s,
        .wall_s = (uint64_t)o->image_wall_s,
    };
    enum err_code code = dos_files_open(&s->files, o->data, o->reserve_bytes, &s->rng, err);
    s->importer.files = s->files;
    return code;
}

static void open_jobs(struct shell *s)
{
    const struct job_handler handlers[] = {
        {.kind = DOS_JOB_UNLINK, .ctx = s->files, .run = dos_unlink_run},
        {.kind = DOS_JOB_SCAN, .ctx = s->files, .run = dos_scan_run},
        {.kind = DOS_JOB_IMPORT, .ctx = &s->importer, .run = dos_import_run},
    };
    s->jobs = job_pool_new(s->loop, handlers, sizeof handlers / sizeof *handlers, NULL);
}

static enum err_code open_state(struct shell *s, struct err *err)
{
    struct seal_key key;
    if (dos_open_store(&s->store, s->options, err) != ERR_OK ||
        dos_open_identity(&s->identity, &key, s->options, err) != ERR_OK ||
        open_files(s, err) != ERR_OK)
        return err->code;
    s->directory = dos_directory_new(&key);
    seal_key_wipe(&key);
    const char *known = *s->identity.region != '\0' ? s->identity.region : "us-east-1";
    str_copy(s->region, sizeof s->region, *s->options->region != '\0' ? s->options->region : known);
    return ERR_OK;
}

static struct dos_s3 *open_s3(struct shell *s, bool is_tls)
{
    return dos_s3_new(&(struct dos_s3_options){.index = s->index,
                                               .directory = s->directory,
                                               .bodies = dos_files_bodies(s->files),
                                               .clock = clock_system(),
                                               .rng = &s->rng,
                                               .region = s->region,
                                               .object_bytes_max = s->options->object_bytes,
                                               .unsigned_payload_ok = is_tls});
}

static enum err_code listen_on(struct shell *s, const struct http_pool_handler *handler,
                               const struct http_listen *listen, struct err *err)
{
    struct http_pool *pool = http_pool_new(handler, (unsigned)s->options->threads);
    size_t listener;
    char port[16];
    s->pools[s->pools_len++] = pool;
    if (http_pool_listen(pool, listen, &listener, err) != ERR_OK)
        return err_wrap(err, "%s", listen->name);
    snprintf(port, sizeof port, "%u", http_pool_tcp_port(pool, listener));
    log_info("dos.listens", "what", listen->name, "address", listen->address, "port", port, NULL);
    return ERR_OK;
}

static enum err_code listen_plain(struct shell *s, struct err *err)
{
    const struct dos_options *o = s->options;
    if (*o->s3_address == '\0')
        return ERR_OK;
    s->s3_plain = open_s3(s, false);
    struct http_pool_handler handler = dos_s3_handler(s->s3_plain);
    struct http_listen listen = {.name = "s3",
                                 .face = FACE_PUBLIC,
                                 .address = o->s3_address,
                                 .tcp_port = (uint16_t)o->s3_tcp_port};
    return listen_on(s, &handler, &listen, err);
}

static enum err_code read_tls(struct buf *cert, struct buf *key, const struct dos_options *o,
                              struct err *err)
{
    if (http_tls_read(cert, o->tls_certificate, err) != ERR_OK ||
        http_tls_read(key, o->tls_key, err) != ERR_OK)
        return err_wrap(err, "s3.tls-certificate, s3.tls-key");
    return ERR_OK;
}

static enum err_code listen_tls(struct shell *s, struct err *err)
{
    const struct dos_options *o = s->options;
    CLEANUP(buf_fini) struct buf cert = {0};
    CLEANUP(seal_wipe) struct buf key = {0};
    if (*o->tls_address == '\0')
        return ERR_OK;
    if (read_tls(&cert, &key, o, err) != ERR_OK)
        return err->code;
    s->s3_tls = open_s3(s, true);
    struct http_pool_handler handler = dos_s3_handler(s->s3_tls);
    struct http_tls tls = {.cert_pem = buf_str(&cert), .key_pem = buf_str(&key)};
    struct http_listen listen = {.name = "s3 tls",
                                 .face = FACE_PUBLIC,
                                 .address = o->tls_address,
                                 .tcp_port = (uint16_t)o->tls_tcp_port,
                                 .tls = &tls};
    enum err_code code = listen_on(s, &handler, &listen, err);
    if (code == ERR_OK)
        s->tls_pool = s->pools[s->pools_len - 1];
    return code;
}

static enum err_code open_tier(struct shell *s, struct err *err)
{
    const struct dos_options *o = s->options;
    struct http_tls tls = {.cert_pem = buf_str(&s->identity.chain),
                           .key_pem = buf_str(&s->identity.key),
                           .ca_pem = buf_str(&s->identity.ca)};
    const char *parent = o->parent;
    if (*o->parent == '\0')
        return ERR_OK;
    http_client_tls(s->client, &tls);
    if (http_client_peer(s->client, "parent", s->identity.parent, &parent, 1, err) != ERR_OK)
        return err->code;
    s->tier = (struct dos_tier){.index = s->index,
                                .directory = s->directory,
                                .bodies = dos_files_bodies(s->files),
                                .clock = clock_system()};
    struct http_pool_handler handler = dos_tier_handler(&s->tier);
    struct http_listen listen = {.name = "tier",
                                 .face = FACE_TIER,
                                 .address = o->tier_address,
                                 .tcp_port = (uint16_t)o->tier_tcp_port,
                                 .tls = &tls,
                                 .client_cert = HTTP_CERT_REQUIRED};
    if (*o->tier_url != '\0')
        str_copy(s->url, sizeof s->url, o->tier_url);
    else
        snprintf(s->url, sizeof s->url, "https://%.200s:%lld", o->tier_address,
                 (long long)o->tier_tcp_port);
    enum err_code code = listen_on(s, &handler, &listen, err);
    if (code == ERR_OK)
        s->tier_pool = s->pools[s->pools_len - 1];
    return code;
}

/* New files are there: new connections use them. */
static void on_renewed(void *self)
{
    struct shell *s = self;
    struct enroll_identity id;
    struct err err = {0};
    if (enroll_load(&id, s->folder, &err) == ERR_OK) {
        struct http_tls tls = {
            .cert_pem = buf_str(&id.chain), .key_pem = buf_str(&id.key), .ca_pem = buf_str(&id.ca)};
        http_client_tls(s->client, &tls);
        http_pool_reload(s->tier_pool, 0, &tls, &err);
        s->identity.info.not_after_ms = id.info.not_after_ms;
        log_info("certificate.renewed", "serial", id.info.serial, NULL);
    }
    if (err.code != ERR_OK)
        log_error("certificate.unusable", "why", err.text, NULL);
    enroll_fini(&id);
}

static void report(void *self, struct report *r)
{
    const struct shell *s = self;
    for (size_t i = 0; i < s->pools_len; i++)
        http_pool_report(s->pools[i], r);
}

/* ---- running -------------------------------------------------------------------------------- */

static void on_hup(void *self)
{
    struct shell *s = self;
    struct err err = {0};
    CLEANUP(buf_fini) struct buf cert = {0};
    CLEANUP(seal_wipe) struct buf key = {0};
    if (s->tls_pool == NULL)
        return;
    enum err_code code = read_tls(&cert, &key, s->options, &err);
    struct http_tls tls = {.cert_pem = buf_str(&cert), .key_pem = buf_str(&key)};
    if (code == ERR_OK)
        code = http_pool_reload(s->tls_pool, 0, &tls, &err);
    if (code != ERR_OK)
        log_warn("dos.certificate", "why", err.text, NULL);
}

static void run_core(struct shell *s)
{
    const struct dos_options *o = s->options;
    struct dos_config config = {.node = s->identity.node,
                                .url = s->url,
                                .timing = sync_timing_scaled(o->timing_scale),
                                .limits = {.buckets_max = o->buckets,
                                           .image_bytes_max = o->image_bytes,
                                           .garbage_ms = o->garbage_ms,
                                           .scan_ms = o->scan_ms}};
    struct dos_core *core = dos_core_new(s->store, &s->rng, &config);
    struct core steps = dos_core_steps(core);
    struct instant now = loop_now(s->loop);
    struct turn turn;
    turn_init(&turn, &steps, s->store, &now);
    struct loop_performer performer = {
        .self = s, .reply = perform_reply, .call = perform_call, .job = perform_job};
    loop_on_hup(s->loop, on_hup, s);
    status_open(s->server, s->loop,
                &(struct status_config){.daemon = "tercet-dos",
                                        .address = o->status_address,
                                        .tcp_port = o->status_tcp_port,
                                        .not_after_ms = &s->identity.info.not_after_ms,
                                        .report = report,
                                        .self = s});
    log_info("dos.ready", "node", config.node, "region", s->region, NULL);
    notify_ready();
    loop_run(s->loop, &turn, &performer);
    dos_index_close(s->index);
    dos_core_free(core);
}

static void close_all(struct shell *s)
{
    bool is_clean = true;
    for (size_t i = 0; i < s->pools_len; i++)
        is_clean = http_pool_free(s->pools[i], GRACE_MS) && is_clean;
    http_server_free(s->server);
    http_client_free(s->client);
    job_pool_free(s->jobs, GONE_MS);
    if (!is_clean)
        return; /* something holds on to all this: the process ends anyway */
    dos_s3_free(s->s3_plain);
    dos_s3_free(s->s3_tls);
    dos_index_free(s->index);
    dos_directory_free(s->directory);
    dos_files_close(s->files);
    loop_free(s->loop);
    store_close(s->store);
    enroll_fini(&s->identity);
}

/* A jail that is a child of ours mounts its root, which no child of a process that keeps to its
 * files may: only with one that is a service. */
static bool keep_to_files(const struct dos_options *o)
{
    const struct landlock_path own[] = {{o->data, LANDLOCK_WRITE},
                                        {o->tls_certificate, LANDLOCK_BESIDE},
                                        {o->tls_key, LANDLOCK_BESIDE}};
    return *o->jail_socket == '\0' || daemon_keep_to(own, sizeof own / sizeof *own);
}

static int run(const struct dos_options *o, const struct daemon *d, char **argv)
{
    struct err err = {0};
    struct shell s = {.options = o, .rng = rng_system()};
    if (!keep_to_files(o))
        return 1;
    if (open_state(&s, &err) != ERR_OK) {
        fprintf(stderr, "tercet-dos: %s\n", err.text);
        store_close(s.store);
        enroll_fini(&s.identity);
        return 1;
    }
    s.loop = loop_new(NULL);
    s.client = http_client_new(s.loop);
    s.server = http_server_new(s.loop, &s.rng);
    s.index = dos_index_new(s.loop);
    open_jobs(&s);
    enum err_code code = listen_plain(&s, &err);
    if (code == ERR_OK)
        code = listen_tls(&s, &err);
    if (code == ERR_OK)
        code = open_tier(&s, &err);
    dos_path_in(s.folder, o, "identity");
    if (s.tier_pool != NULL)
        s.renewal = renewal_new(loop_uv(s.loop),
                                &(struct renewal_config){.folder = s.folder,
                                                         .argv = argv,
                                                         .options_len = d->options_len,
                                                         .self = &s,
                                                         .renewed = on_renewed});
    if (code == ERR_OK)
        run_core(&s);
    else
        fprintf(stderr, "tercet-dos: %s\n", err.text);
    renewal_close(s.renewal);
    close_all(&s);
    return code == ERR_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct dos_options o;
    struct daemon d = {.name = "tercet-dos",
                       .summary = "Objects over S3, and the chunks of images for hosts.",
                       .verbs = dos_verbs_help,
                       .table = table,
                       .table_len = sizeof table / sizeof *table,
                       .options = &o};
    enum daemon_next next = daemon_options(&d, argc, argv);
    if (next != DAEMON_GO)
        return next == DAEMON_DONE ? 0 : 2;
    return d.verb_argc == 0 ? run(&o, &d, argv) : dos_verb_run(&o, d.verb_argc, d.verb_argv);
}
