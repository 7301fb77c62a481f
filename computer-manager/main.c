/* main.c - options, certificates, helper processes, workers, core, loop. The only place that names
 * effect/. */
#include "base/check.h"
#include "base/daemon.h"
#include "base/job.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/notify.h"
#include "base/str.h"
#include "computer-manager/core.h"
#include "computer-manager/effect/arguments.h"
#include "computer-manager/effect/disk.h"
#include "computer-manager/effect/helper.h"
#include "computer-manager/effect/metadata_server.h"
#include "computer-manager/effect/progress.h"
#include "computer-manager/effect/share.h"
#include "computer-manager/effect/underlay.h"
#include "computer-manager/model/tunnel.h"
#include "computer-manager/options.h"
#include "proto/http/client.h"
#include "proto/http/enroll.h"
#include "proto/http/renewal.h"
#include "proto/http/status.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
    JOIN_MS = 30000,
    RESPAWN_MIN_MS = 100,
    RESPAWN_MAX_MS = 10000,
    LIST_MS = 10000,
    NET_LIST_MS = 3000
};
enum { GUEST_MTU_MIN = 576, GUEST_MTU_MAX = 9166 };

static const char verbs[] =
    "verbs:\n"
    "  (none)      runs the computer-manager\n"
    "  join TOKEN  becomes a host of the cluster-manager named in the token; - = on stdin\n"
    "  renew       asks for a new certificate now\n";

static int say(const struct err *err)
{
    fprintf(stderr, "tercet-computer-manager: %s\n", err->text);
    return 1;
}

static void path_in(char out[ENROLL_PATH_SIZE], const char *folder, const char *name)
{
    int len = snprintf(out, ENROLL_PATH_SIZE, "%.255s/%.32s", folder, name);
    PRE(len < ENROLL_PATH_SIZE);
}

/* ---- verbs --------------------------------------------------------------------------------- */

static int verb_join(const struct host_options *o, const char *token)
{
    struct err err = {0};
    char folder[ENROLL_PATH_SIZE];
    mkdir(o->data, 0711);
    path_in(folder, o->data, "identity");
    return enroll_join(folder, token, JOIN_MS, &err) == ERR_OK ? 0 : say(&err);
}

static int verb_renew(const struct host_options *o)
{
    struct err err = {0};
    char folder[ENROLL_PATH_SIZE];
    path_in(folder, o->data, "identity");
    return enroll_renew(folder, o->parent, JOIN_MS, &err) == ERR_OK ? 0 : say(&err);
}

/* ---- the daemon ---------------------------------------------------------------------------- */

struct shell {
    const struct host_options *options;
    struct loop *loop;
    struct http_client *client;
    struct job_pool *workers;
    struct host_disk *disk;
    struct host_share *share; /* NULL = images are not given to other hosts */
    char share_url[HOST_URL_SIZE];
    struct host_helper *hypervisor, *network;
    struct metadata_server *metadata;
    struct host_core *core;
    char folder[ENROLL_PATH_SIZE]; /* of the identity */
    int64_t not_after_ms;          /* of its certificate */
    char state[ENROLL_PATH_SIZE], images[ENROLL_PATH_SIZE];
    char hypervisor_socket[ENROLL_PATH_SIZE], network_socket[ENROLL_PATH_SIZE];
    struct underlay underlay;
    struct host_arguments hypervisor_arguments, network_arguments;
};

static void perform_call(void *self, const struct effect_call *call)
{
    http_client_call(((struct shell *)self)->client, call);
}

static void perform_job(void *self, const struct effect_job *job)
{
    struct shell *s = self;
    if (job->kind >= HOST_JOB_DISK_BASE)
        job_pool_start(s->workers, job);
    else if (job->kind >= HOST_JOB_NET_LIST)
        host_helper_submit(s->network, job);
    else
        host_helper_submit(s->hypervisor, job);
}

/* The one job that no core ordered. */
#define OWN_LIST UINT64_MAX

/* Each helper's answer is an event like any other. */
static void on_done(void *self, const struct job_done *done)
{
    struct shell *s = self;
    if (done->job_id == OWN_LIST) { /* see on_network_started */
        if (done->code == ERR_OK)
            metadata_server_settle(s->metadata);
        return;
    }
    loop_post(s->loop, &(struct event){.kind = EVENT_JOB_DONE, .job = *done});
}

/* Something may have changed: the core lists at once. */
static void hypervisor_changed(void *self)
{
    struct shell *s = self;
    loop_post(s->loop,
              &(struct event){.kind = EVENT_JOB_DONE, .job = {.kind = HOST_HV_EVENT, .text = ""}});
}

static void on_hypervisor_said(void *self, struct channel_message *m)
{
    if (m->head.kind == HOST_HV_EVENT)
        hypervisor_changed(self);
}

static void on_network_said(void *self, struct channel_message *m)
{
    struct shell *s = self;
    struct host_net_listener listener;
    if (m->head.kind != HOST_NET_LISTENER || m->head.size != sizeof listener)
        return;
    memcpy(&listener, m->body, sizeof listener);
    if (m->fd < 0) {
        metadata_server_drop(s->metadata, listener.vni);
        return;
    }
    metadata_server_listen(s->metadata, listener.vni, m->fd);
    m->fd = -1; /* taken */
}

/* The first NET_LIST of a channel makes the helper send the metadata sockets of all networks. */
static void on_network_started(void *self)
{
    struct shell *s = self;
    metadata_server_age(s->metadata);
    host_helper_submit(s->network, &(struct effect_job){.job_id = OWN_LIST,
                                                        .kind = HOST_JOB_NET_LIST,
                                                        .spec = "",
                                                        .timeout_ms = s->options->job_ms});
}

static const struct metadata_instance *find_metadata(void *self, int64_t vni, uint32_t address)
{
    return host_core_metadata(((struct shell *)self)->core, vni, address);
}

static struct host_helper *start_helper(struct shell *s, const struct host_helper_config *how,
                                        const char *socket)
{
    struct host_helper_config config = *how;
    if (*s->options->sockets != '\0')
        config.socket_path = socket;
    config.respawn_min_ms = RESPAWN_MIN_MS;
    config.respawn_max_ms = RESPAWN_MAX_MS;
    config.self = s;
    config.done = on_done;
    return host_helper_new(loop_uv(s->loop), &config);
}

static void start_helpers(struct shell *s)
{
    const struct host_options *o = s->options;
    host_arguments_hypervisor(&s->hypervisor_arguments, o);
    host_arguments_network(&s->network_arguments, o, &s->underlay);
    path_in(s->hypervisor_socket, o->sockets, "hypervisor.sock");
    path_in(s->network_socket, o->sockets, "network.sock");
    s->hypervisor = start_helper(s,
                                 &(struct host_helper_config){.name = "computer-hypervisor",
                                                              .argv = s->hypervisor_arguments.argv,
                                                              .said = on_hypervisor_said,
                                                              .started = hypervisor_changed},
                                 s->hypervisor_socket);
    s->network = start_helper(s,
                              &(struct host_helper_config){.name = "computer-network",
                                                           .argv = s->network_arguments.argv,
                                                           .said = on_network_said,
                                                           .started = on_network_started},
                              s->network_socket);
}

#define DISK_HANDLER(name, job)                                                        \
    static enum err_code name(void *ctx, const void *spec, size_t size, struct buf *r, \
                              struct err *err)                                         \
    {                                                                                  \
        return host_disk_run(((struct shell *)ctx)->disk, job, spec, size, r, err);    \
    }
DISK_HANDLER(disk_base, HOST_JOB_DISK_BASE)
DISK_HANDLER(disk_root, HOST_JOB_DISK_ROOT)
DISK_HANDLER(disk_erase, HOST_JOB_DISK_ERASE)
DISK_HANDLER(disk_list, HOST_JOB_DISK_LIST)
DISK_HANDLER(disk_evict, HOST_JOB_DISK_EVICT)

static enum err_code share_key(void *ctx, const void *spec, size_t size, struct buf *result,
                               struct err *err);

static enum err_code start_disks(struct shell *s, struct err *err)
{
    char ca[ENROLL_PATH_SIZE], cert[ENROLL_PATH_SIZE], key[ENROLL_PATH_SIZE],
        folder[ENROLL_PATH_SIZE];
    path_in(folder, s->options->data, "identity");
    path_in(ca, folder, "ca.pem");
    path_in(cert, folder, "cert.pem");
    path_in(key, folder, "key.pem");
    struct host_disk_config config = {.state_dir = s->state,
                                      .images_dir = s->images,
                                      .ca_file = ca,
                                      .cert_file = cert,
                                      .key_file = key,
                                      .dos_name = s->options->dos_name,
                                      .progress = host_progress_post,
                                      .self = s->loop};
    mkdir(s->state, 0771); /* computer-hypervisor writes there, by the group that they share */
    if (host_disk_new(&s->disk, &config, err) != ERR_OK)
        return err->code;
    struct job_handler handlers[] = {
        {HOST_JOB_DISK_BASE, s, disk_base},   {HOST_JOB_DISK_ROOT, s, disk_root},
        {HOST_JOB_DISK_ERASE, s, disk_erase}, {HOST_JOB_DISK_LIST, s, disk_list},
        {HOST_JOB_DISK_EVICT, s, disk_evict}, {HOST_JOB_SHARE_KEY, s, share_key}};
    s->workers = job_pool_new(s->loop, handlers, sizeof handlers / sizeof handlers[0], NULL);
    return ERR_OK;
}

static enum err_code open_parent(struct shell *s, const struct enroll_identity *id, struct err *err)
{
    const char *parent = s->options->parent;
    s->client = http_client_new(s->loop);
    http_client_tls(s->client, &(struct http_tls){.cert_pem = buf_str(&id->chain),
                                                  .key_pem = buf_str(&id->key),
                                                  .ca_pem = buf_str(&id->ca)});
    return http_client_peer(s->client, "parent", id->parent, &parent, 1, err);
}

static enum err_code share_key(void *ctx, const void *spec, size_t size, struct buf *result,
                               struct err *err)
{
    struct shell *s = ctx;
    struct host_share_key key;
    (void)result;
    if (size != sizeof key || s->share == NULL)
        return err_set(err, ERR_UNSUPPORTED, "images are not given to other hosts");
    memcpy(&key, spec, sizeof key);
    key.key[sizeof key.key - 1] = '\0';
    return host_share_set_key(s->share, key.key, err);
}

/* Guests do not depend on it: without it other hosts fetch from dos. */
static void open_share(struct shell *s, const struct enroll_identity *id)
{
    const struct host_options *o = s->options;
    const char *address = *o->share_address != '\0' ? o->share_address : s->underlay.address;
    struct err err = {0};
    struct http_tls tls = {
        .cert_pem = buf_str(&id->chain), .key_pem = buf_str(&id->key), .ca_pem = buf_str(&id->ca)};
    struct host_share_config config = {.images_dir = s->images,
                                       .address = address,
                                       .tcp_port = (uint16_t)o->share_tcp_port,
                                       .transfers = (int)o->share_transfers,
                                       .bytes_s = o->share_mib_s << 20,
                                       .tls = &tls};
    if (o->share_transfers == 0 || *address == '\0')
        return;
    if (host_share_open(&s->share, &config, &err) != ERR_OK) {
        log_error("share.closed", "why", err.text, NULL);
        return;
    }
    snprintf(s->share_url, sizeof s->share_url, "https://%.64s:%u", address,
             host_share_tcp_port(s->share));
    log_info("share.listens", "url", s->share_url, NULL);
}

/* New files are there: new connections use them; the disk worker reads them at each fetch. */
static void on_renewed(void *self)
{
    struct shell *s = self;
    struct enroll_identity id;
    struct err err = {0};
    if (enroll_load(&id, s->folder, &err) == ERR_OK) {
        http_client_tls(s->client, &(struct http_tls){.cert_pem = buf_str(&id.chain),
                                                      .key_pem = buf_str(&id.key),
                                                      .ca_pem = buf_str(&id.ca)});
        if (s->share != NULL && host_share_reload(s->share,
                                                  &(struct http_tls){.cert_pem = buf_str(&id.chain),
                                                                     .key_pem = buf_str(&id.key),
                                                                     .ca_pem = buf_str(&id.ca)},
                                                  &err) != ERR_OK)
            log_error("certificate.unusable", "why", err.text, NULL);
        s->not_after_ms = id.info.not_after_ms;
        log_info("certificate.renewed", "serial", id.info.serial, NULL);
    } else {
        log_error("certificate.unusable", "why", err.text, NULL);
    }
    enroll_fini(&id);
}

static int64_t guest_mtu(const struct shell *s)
{
    int64_t mtu = s->underlay.mtu - HOST_TUNNEL_OVERHEAD;
    if (s->options->mtu != 0)
        return s->options->mtu;
    return mtu < GUEST_MTU_MIN ? GUEST_MTU_MIN : mtu > GUEST_MTU_MAX ? GUEST_MTU_MAX : mtu;
}

static void run_core(struct shell *s, struct store *store, const struct enroll_identity *id)
{
    const struct host_options *o = s->options;
    struct rng rng = rng_system();
    struct host_config config = {.node = id->node,
                                 .timing = sync_timing_scaled(o->timing_scale),
                                 .job_ms = o->job_ms,
                                 .stop_ms = o->stop_ms,
                                 .list_ms = LIST_MS,
                                 .net_list_ms = NET_LIST_MS,
                                 .reserve_mib = o->reserve_mib,
                                 .mtu = guest_mtu(s),
                                 .tunnel = s->underlay.address,
                                 .share_url = s->share_url,
                                 .profile = o->profile,
                                 .cache_bytes = o->cache_mib << 20,
                                 .cache_free_percent = o->cache_free};
    s->core = host_core_new(store, &rng, &config);
    struct core steps = host_core_as_core(s->core);
    struct instant now = loop_now(s->loop);
    struct turn turn;
    turn_init(&turn, &steps, store, &now);
    struct clock clock = clock_system();
    s->metadata = metadata_server_new(loop_uv(s->loop), find_metadata, s, &rng, &clock);
    start_helpers(s);
    struct loop_performer performer = {.self = s, .call = perform_call, .job = perform_job};
    s->not_after_ms = id->info.not_after_ms;
    struct http_server *server = http_server_new(s->loop, &rng);
    status_open(server, s->loop,
                &(struct status_config){.daemon = "tercet-computer-manager",
                                        .address = o->status_address,
                                        .tcp_port = o->status_tcp_port,
                                        .not_after_ms = &s->not_after_ms});
    log_info("computer.ready", "node", id->node, "tunnel", s->underlay.address, NULL);
    notify_ready();
    loop_run(s->loop, &turn, &performer);
    http_server_free(server);
    host_helper_close(s->hypervisor);
    host_helper_close(s->network);
    metadata_server_free(s->metadata);
    host_disk_stop(s->disk);
}

/* Helpers that are children of ours mount, and speak with libvirt: only where they are services. */
static bool keep_to_files(const struct shell *s)
{
    const struct landlock_path own[] = {{s->options->data, LANDLOCK_WRITE},
                                        {s->images, LANDLOCK_WRITE}};
    mkdir(s->images, 0751); /* else it could not be named */
    return *s->options->sockets == '\0' || daemon_keep_to(own, sizeof own / sizeof *own);
}

static int run(const struct host_options *o, const struct daemon *d, char **argv)
{
    struct err err = {0};
    struct store *store = NULL;
    struct enroll_identity id = {0};
    struct shell s = {.options = o};
    char db[ENROLL_PATH_SIZE];
    path_in(s.folder, o->data, "identity");
    path_in(db, o->data, "computer.db");
    host_state_folder(s.state, o);
    host_images_folder(s.images, o);
    if (!keep_to_files(&s))
        return 1;
    if (enroll_load(&id, s.folder, &err) != ERR_OK ||
        underlay_find(&s.underlay, o->tunnel_address, &err) != ERR_OK ||
        store_open(&store, db, &host_schema, &err) != ERR_OK) {
        enroll_fini(&id);
        return say(&err);
    }
    s.loop = loop_new(NULL);
    bool ready = start_disks(&s, &err) == ERR_OK && open_parent(&s, &id, &err) == ERR_OK;
    struct renewal *renewal = renewal_new(loop_uv(s.loop),
                                          &(struct renewal_config){.folder = s.folder,
                                                                   .argv = argv,
                                                                   .options_len = d->options_len,
                                                                   .self = &s,
                                                                   .renewed = on_renewed});
    if (ready) {
        open_share(&s, &id);
        run_core(&s, store, &id);
    }
    renewal_close(renewal);
    http_client_free(s.client);
    if (s.workers == NULL || job_pool_free(s.workers, 1000)) {
        loop_free(s.loop);
        host_disk_free(s.disk);
    }
    host_share_close(s.share);
    host_core_free(s.core);
    store_close(store);
    enroll_fini(&id);
    return ready ? 0 : say(&err);
}

int main(int argc, char **argv)
{
    struct host_options o;
    struct daemon d = {.name = "tercet-computer-manager",
                       .summary = "One host: drives its hypervisor, network and disks.",
                       .verbs = verbs,
                       .options = &o};
    d.table = host_options_table(&d.table_len);
    enum daemon_next next = daemon_options(&d, argc, argv);
    if (next != DAEMON_GO)
        return next == DAEMON_DONE ? 0 : 2;
    if (d.verb_argc == 0)
        return run(&o, &d, argv);
    if (d.verb_argc == 2 && str_eq(d.verb_argv[0], "join"))
        return verb_join(&o, d.verb_argv[1]);
    if (d.verb_argc == 1 && str_eq(d.verb_argv[0], "renew"))
        return verb_renew(&o);
    fprintf(stderr, "tercet-computer-manager: unknown verb %s; try --help\n", d.verb_argv[0]);
    return 2;
}
