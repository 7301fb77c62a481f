/* doctor.c - `doctor`: what has to be right for instances to be had, one check after the other; for
 * what is not, what to do. It changes nothing. */
#include "base/check.h"
#include "base/str.h"
#include "cli/call.h"
#include "cli/daemons.h"
#include "cli/handlers.h"
#include "cli/http.h"
#include "cli/output.h"
#include "cli/request.h"
#include "cli/resolve.h"
#include "cli/s3.h"
#include "cli/safe.h"
#include "cli/table.h"
#include "cli/wrap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A signature is good for five minutes; a host's clock that is two off will soon be more. */
enum { SKEW_WARN_MS = 60000, SKEW_FAIL_MS = 300000 };
/* A certificate of 90 days is renewed after 30. */
enum { CERTIFICATE_WARN_DAYS = 14 };

struct visit {
    struct cli *cli;
    struct cli_node *answer, *checks;
    bool is_failed, is_known; /* does the cloud answer, and know who we are? */
};

static void note(struct visit *v, const char *check, const char *state, const char *found,
                 const char *hint)
{
    struct arena *arena = &v->cli->arena;
    struct cli_node *item = cli_node_add(v->checks, arena, "item", "");
    cli_node_add(item, arena, "check", check);
    cli_node_add(item, arena, "state", state);
    cli_node_add(item, arena, "found", found);
    cli_node_add(item, arena, "try", hint);
    v->is_failed = v->is_failed || str_eq(state, "fail");
}

/* A fault as a finding. */
static void note_fault(struct visit *v, const char *check, const struct cli_fault *fault)
{
    struct arena *arena = &v->cli->arena;
    note(
        v, check, "fail",
        arena_printf(arena, "%s%s%s", fault->what, *fault->cause != '\0' ? ": " : "", fault->cause),
        arena_strdup(arena, fault->hint));
}

static enum cli_exit fetch(struct visit *v, enum cli_ref ref, struct cli_nodes *rows,
                           struct cli_fault *fault)
{
    struct cli_params params = {.arena = &v->cli->arena};
    struct cli_node *answer;
    if (cli_call(v->cli, CLI_EC2, cli_ref_row(ref)->action, &params, &answer, fault) != CLI_OK)
        return fault->exit;
    *rows = cli_node_all(answer, cli_ref_row(ref)->rows, &v->cli->arena);
    return CLI_OK;
}

/* ---- the cloud ---------------------------------------------------------------------------- */

static void check_clock(struct visit *v)
{
    struct cli_http_seen seen = cli_http_seen(v->cli->http);
    if (seen.server_wall_ms == 0)
        return;
    int64_t skew_ms = seen.local_wall_ms - seen.server_wall_ms;
    int64_t off_ms = skew_ms < 0 ? -skew_ms : skew_ms;
    const char *found = arena_printf(&v->cli->arena, "%lld s %s the cloud's",
                                     (long long)(off_ms / 1000),
                                     skew_ms < 0 ? "behind" : "ahead of");
    if (off_ms < 2000)
        note(v, "clock", "ok", "as the cloud's", "");
    else
        note(v, "clock",
             off_ms >= SKEW_FAIL_MS   ? "fail"
             : off_ms >= SKEW_WARN_MS ? "warn"
                                      : "ok",
             found,
             off_ms >= SKEW_WARN_MS ? "set this machine's clock: timedatectl set-ntp true" : "");
}

static void check_endpoint(struct visit *v)
{
    struct cli *cli = v->cli;
    struct cli_params params = {.arena = &cli->arena};
    struct cli_node *answer;
    struct cli_fault fault = {0};
    enum cli_exit exit = cli_profile_need_key(&cli->profile, &fault);
    if (exit == CLI_OK)
        exit = cli_call(cli, CLI_STS, "GetCallerIdentity", &params, &answer, &fault);
    struct cli_http_seen seen = cli_http_seen(cli->http);
    if (seen.spent_ms >= 0)
        note(v, "endpoint", "ok",
             arena_printf(&cli->arena, "%s answers in %lld ms", cli->profile.endpoint,
                          (long long)seen.spent_ms),
             "");
    else if (exit != CLI_DENIED)
        note_fault(v, "endpoint", &fault);
    check_clock(v);
    v->is_known = exit == CLI_OK;
    if (v->is_known)
        note(v, "credentials", "ok",
             arena_printf(&cli->arena, "account %s, key %s",
                          cli_node_text(answer, "GetCallerIdentityResult/Account"),
                          cli->profile.access_key),
             "");
    else if (exit == CLI_DENIED || seen.spent_ms >= 0)
        note_fault(v, "credentials", &fault);
}

static void check_zones(struct visit *v)
{
    struct cli_nodes zones = {0};
    struct cli_fault fault;
    if (fetch(v, CLI_REF_ZONE, &zones, &fault) != CLI_OK) {
        note_fault(v, "zones", &fault);
        return;
    }
    if (zones.len == 0)
        note(v, "zones", "fail", "there is none",
             "start a cluster-manager and join it to the cloud");
    for (size_t i = 0; i < zones.len; i++) {
        const char *name = cli_node_text(zones.list[i], "zoneName");
        const char *state = cli_node_text(zones.list[i], "zoneState");
        const char *why = cli_node_text(zones.list[i], "messageSet/item/message");
        bool is_up = str_eq(state, "available");
        note(v, "zone", is_up ? "ok" : "fail",
             arena_printf(&v->cli->arena, "%s is %s%s%s", name, state, *why != '\0' ? ": " : "",
                          why),
             is_up ? "" : "look at its cluster-manager: does it run, does it reach the cloud?");
    }
}

static void check_store(struct visit *v)
{
    struct cli_s3_ask ask = {.method = "GET", .source = {.fd = -1}, .sink_fd = -1};
    struct cli_node *answer;
    struct cli_fault fault;
    if (cli_s3(v->cli, &ask, CLI_REPEATABLE, &answer, NULL, &fault) != CLI_OK) {
        note_fault(v, "object store", &fault);
        return;
    }
    note(v, "object store", "ok",
         arena_printf(&v->cli->arena, "%s answers", v->cli->profile.s3_endpoint), "");
}

static void check_hosts(struct visit *v)
{
    struct cli_nodes hosts = {0};
    struct cli_fault fault;
    enum cli_exit exit = fetch(v, CLI_REF_HOST, &hosts, &fault);
    if (exit == CLI_DENIED) {
        note(v, "hosts", "skip", "only administrators see them", "");
        return;
    }
    if (exit != CLI_OK)
        note_fault(v, "hosts", &fault);
    else if (hosts.len == 0)
        note(v, "hosts", "fail", "there is none",
             "start a computer-manager and join it to a cluster");
    for (size_t i = 0; exit == CLI_OK && i < hosts.len; i++) {
        const char *state = cli_node_text(hosts.list[i], "state");
        const char *health = cli_node_text(hosts.list[i], "health");
        bool is_well = str_eq(state, "up") && *health == '\0'; /* it says what it suffers from */
        note(v, "host", is_well ? "ok" : "fail",
             arena_printf(&v->cli->arena, "%s is %s%s%s", cli_node_text(hosts.list[i], "hostId"),
                          state, *health != '\0' ? ": " : "", health),
             is_well ? "" : "look at its computer-manager: does it run, does libvirtd answer?");
    }
}

static void check_images(struct visit *v)
{
    struct cli_nodes images = {0};
    struct cli_fault fault;
    size_t usable = 0;
    if (fetch(v, CLI_REF_IMAGE, &images, &fault) != CLI_OK) {
        note_fault(v, "images", &fault);
        return;
    }
    for (size_t i = 0; i < images.len; i++)
        usable += str_eq(cli_node_text(images.list[i], "imageState"), "available");
    note(v, "images", usable > 0 ? "ok" : "warn",
         arena_printf(&v->cli->arena, "%zu can be launched", usable),
         usable > 0 ? "" : "tercet image upload FILE --name NAME --wait");
}

/* ---- this machine ------------------------------------------------------------------------- */

/* "TYPE KEY" of an OpenSSH public key, without its comment. */
static const char *key_of(const char *line, struct arena *arena)
{
    size_t type = strcspn(line, " "),
           key = line[type] != '\0' ? strcspn(line + type + 1, " \r\n") : 0;
    return arena_strndup(arena, line, type + 1 + key);
}

static bool is_known_key(struct visit *v, const char *public_key, const char **name)
{
    struct cli_params params = {.arena = &v->cli->arena};
    struct cli_node *answer;
    struct cli_fault ignored;
    cli_params_add(&params, "IncludePublicKey", "true");
    if (cli_call(v->cli, CLI_EC2, "DescribeKeyPairs", &params, &answer, &ignored) != CLI_OK)
        return false;
    struct cli_nodes keys = cli_node_all(answer, "keySet/item", &v->cli->arena);
    const char *wanted = key_of(public_key, &v->cli->arena);
    for (size_t i = 0; i < keys.len; i++) {
        *name = cli_node_text(keys.list[i], "keyName");
        if (str_eq(key_of(cli_node_text(keys.list[i], "publicKey"), &v->cli->arena), wanted))
            return true;
    }
    return false;
}

static void check_public_half(struct visit *v, const char *path)
{
    CLEANUP(buf_fini) struct buf text = {0};
    struct cli_fault ignored;
    struct arena *arena = &v->cli->arena;
    const char *half = arena_printf(arena, "%s.pub", path), *name = "";
    if (cli_request_read(&text, half, &ignored) != CLI_OK) {
        note(v, "key", "ok",
             arena_printf(arena, "%s is there; its public half is not beside it", path), "");
        return;
    }
    if (is_known_key(v, buf_str(&text), &name))
        note(v, "key", "ok", arena_printf(arena, "%s is the key pair '%s'", path, name), "");
    else
        note(v, "key", "warn", arena_printf(arena, "%s is no key pair of this account", path),
             arena_printf(arena, "tercet keypair import me --file %s", half));
}

static void check_key(struct visit *v)
{
    const char *path = v->cli->profile.identity;
    struct stat st;
    struct arena *arena = &v->cli->arena;
    if (*path == '\0')
        note(v, "key", "skip", "no identity is set: ssh uses its own keys",
             "identity = FILE in config.ini, or TERCET_IDENTITY");
    else if (stat(path, &st) != 0)
        note(v, "key", "fail", arena_printf(arena, "%s: %s", path, strerror(errno)),
             "identity = FILE in config.ini, or TERCET_IDENTITY");
    else if ((st.st_mode & 077) != 0)
        note(v, "key", "fail",
             arena_printf(arena, "%s can be read by others: ssh will not take it", path),
             arena_printf(arena, "chmod 600 %s", path));
    else if (v->is_known)
        check_public_half(v, path);
}

static void check_daemon(struct visit *v, const struct cli_daemon *d)
{
    struct arena *arena = &v->cli->arena;
    const char *name = arena_printf(arena, "%s %s at %s", d->name, d->version, d->where);
    int64_t days = d->certificate_ends_s - v->cli->clock.read(v->cli->clock.self).wall_ms / 1000;
    days = days / 86400;
    if (*d->unfit != '\0')
        note(v, "daemon", "fail", arena_printf(arena, "%s is not ready: %s", name, d->unfit),
             arena_printf(arena, "read its log, and http://%s/readyz", d->where));
    else if (d->certificate_ends_s != 0 && days < CERTIFICATE_WARN_DAYS)
        note(v, "daemon", "warn",
             arena_printf(arena, "%s: its certificate ends in %lld days", name, (long long)days),
             arena_printf(arena, "%s renew; it should have done so by itself: read its log",
                          d->name));
    else
        note(v, "daemon", "ok", arena_printf(arena, "%s is ready", name), "");
}

/* Where none of ours answers there is none: most clients of a cloud are no part of it. */
static void check_daemons(struct visit *v)
{
    struct arena *arena = &v->cli->arena;
    const char *at = v->cli->profile.status;
    for (at += strspn(at, " "); *at != '\0'; at += strspn(at, " ")) {
        struct cli_daemon daemon;
        size_t len = strcspn(at, " ");
        if (cli_daemon_ask(arena_strndup(arena, at, len), arena, &daemon))
            check_daemon(v, &daemon);
        at += len;
    }
}

/* ---- the report --------------------------------------------------------------------------- */

enum { LEFT = 20 };

static void put_check(struct buf *out, const struct cli_node *check)
{
    const char *state = cli_node_text(check, "state"), *hint = cli_node_text(check, "try");
    const char *colour = cli_output_is_coloured(STDOUT_FILENO) ? cli_table_colour(state) : "";
    buf_printf(out, "%s%-5s%s %-13s ", colour, state, *colour != '\0' ? "\x1b[0m" : "",
               cli_node_text(check, "check"));
    size_t width = isatty(STDOUT_FILENO) == 1 ? cli_output_width() : 0;
    cli_wrap(out, cli_node_text(check, "found"), LEFT, width);
    if (*hint != '\0') {
        buf_printf(out, "\n%*stry: ", LEFT, "");
        cli_wrap(out, hint, LEFT + 5, width);
    }
    buf_char(out, '\n');
}

static enum cli_exit report(struct visit *v, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf out = {0};
    if (!str_eq(v->cli->profile.output, "table") || cli_output_is_data(v->cli))
        return cli_output(v->cli, v->answer, fault);
    for (const struct cli_node *at = v->checks->first; at != NULL; at = at->next)
        put_check(&out, at);
    return cli_output_bytes(buf_str(&out), out.len, fault);
}

enum cli_exit cli_do_doctor(struct cli *cli, struct cli_fault *fault)
{
    struct visit v = {.cli = cli, .answer = cli_node_add(NULL, &cli->arena, "answer", "")};
    v.checks = cli_node_add(v.answer, &cli->arena, "checkSet", "");
    check_endpoint(&v);
    if (v.is_known) {
        check_zones(&v);
        check_store(&v);
        check_hosts(&v);
        check_images(&v);
    }
    check_key(&v);
    check_daemons(&v);
    if (report(&v, fault) != CLI_OK)
        return fault->exit;
    return v.is_failed ? cli_fault_set(fault, CLI_FAILED, "doctor: not all is well") : CLI_OK;
}
