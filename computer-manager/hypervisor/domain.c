/* domain.c - the calls on one domain; see domain.h. */
#include "computer-manager/hypervisor/domain.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "computer-manager/effect/layout.h"
#include "computer-manager/hypervisor/domain_xml.h"
#include "computer-manager/hypervisor/owned.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A domain that we were asked about, and the connection it was found by. */
struct found {
    virConnectPtr conn;
    virDomainPtr dom; /* NULL = absent, or of a later pepoch and none of our business */
    struct host_metadata metadata;
};

static void found_fini(struct found *f)
{
    if (f->dom != NULL)
        virDomainFree(f->dom);
    if (f->conn != NULL)
        virConnectClose(f->conn);
    *f = (struct found){0};
}

static enum err_code find(struct host_domains *d, struct found *f, const char *instance,
                          struct err *err)
{
    *f = (struct found){0};
    if (host_connection_get(d->connection, &f->conn, NULL, err) != ERR_OK)
        return err->code;
    return host_owned_find(f->conn, instance, &f->dom, &f->metadata, err);
}

/* DESTROY and ERASE end what is at or below their pepoch; a later one is not seen. */
static enum err_code find_upto(struct host_domains *d, struct found *f,
                               const struct host_hv_target *t, struct err *err)
{
    if (find(d, f, t->instance, err) != ERR_OK)
        return err->code;
    if (f->dom != NULL && f->metadata.pepoch > t->pepoch) {
        virDomainFree(f->dom);
        f->dom = NULL;
    }
    return ERR_OK;
}

static enum err_code find_exact(struct host_domains *d, struct found *f,
                                const struct host_hv_target *t, struct err *err)
{
    if (find(d, f, t->instance, err) != ERR_OK)
        return err->code;
    if (f->dom != NULL && f->metadata.pepoch != t->pepoch)
        return err_set(err, ERR_PRECONDITION,
                       "the domain is of placement %" PRId64 ", not %" PRId64, f->metadata.pepoch,
                       t->pepoch);
    return ERR_OK;
}

/* EINVAL is the one answer that says "no O_DIRECT here"; whatever else is QEMU's to find out. */
static bool takes_direct(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECT);
    if (fd < 0)
        return errno != EINVAL;
    close(fd);
    return true;
}

/* The log is ours before the service opens it, which appends: so that we may read and cut it,
 * whoever QEMU runs as: the service may give it to that user, and then it is ours by the group. */
static enum err_code make_console(const char *path, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0660);
    if (fd < 0)
        return err_set(err, ERR_IO, "console log: %s", strerror(errno));
    close(fd);
    return ERR_OK;
}

static enum err_code check_firmware(const struct host_hv_start *s, struct err *err)
{
    const struct host_profile_row *p = host_profile_find(s->profile.number);
    if (s->profile.firmware == HOST_FIRMWARE_UEFI &&
        (access(p->uefi_code, R_OK) != 0 || access(p->uefi_vars, R_OK) != 0))
        return err_set(err, ERR_UNSUPPORTED, "this host has no UEFI firmware: package ovmf");
    return ERR_OK;
}

static enum err_code define(struct host_domains *d, virConnectPtr conn,
                            const struct host_hv_start *s, virDomainPtr *out, struct err *err)
{
    char root[HOST_PATH_SIZE], base[HOST_PATH_SIZE], console[HOST_PATH_SIZE], nvram[HOST_PATH_SIZE];
    host_layout_root(root, d->state_dir, s->instance, s->pepoch);
    host_layout_base(base, d->images_dir, s->manifest);
    host_layout_console(console, d->state_dir, s->instance);
    host_layout_nvram(nvram, d->state_dir, s->instance, s->pepoch);
    if (access(root, F_OK) != 0 || access(base, F_OK) != 0)
        return err_set(err, ERR_PRECONDITION, "the root disk or its base is not on this host");
    if (check_firmware(s, err) != ERR_OK || make_console(console, err) != ERR_OK)
        return err->code;
    struct host_metadata metadata = {
        .pepoch = s->pepoch, .generation = s->generation, .profile = s->profile.number};
    str_copy(metadata.instance, sizeof metadata.instance, s->instance);
    str_copy(metadata.boot, sizeof metadata.boot, d->boot);
    struct host_domain_plan plan = {.start = s,
                                    .profile = host_profile_find(s->profile.number),
                                    .metadata = &metadata,
                                    .is_kvm = d->is_kvm,
                                    .is_direct = takes_direct(root) && takes_direct(base),
                                    .root = root,
                                    .base = base,
                                    .console = console,
                                    .nvram = nvram};
    CLEANUP(buf_fini) struct buf xml = {0};
    host_domain_xml(&xml, &plan);
    *out = virDomainDefineXML(conn, buf_str(&xml));
    return *out != NULL ? ERR_OK : host_connection_failed(conn, "define", err);
}

static enum err_code check_known(const struct found *f, const struct host_hv_start *s,
                                 struct err *err)
{
    if (f->metadata.pepoch != s->pepoch)
        return err_set(err, ERR_PRECONDITION,
                       "the domain is of placement %" PRId64 ", not %" PRId64, f->metadata.pepoch,
                       s->pepoch);
    if (f->metadata.generation > s->generation)
        return err_set(err, ERR_PRECONDITION,
                       "the domain is of generation %" PRId64 ", later than %" PRId64,
                       f->metadata.generation, s->generation);
    return ERR_OK;
}

static enum err_code create(struct found *f, struct err *err)
{
    if (virDomainCreate(f->dom) == 0)
        return ERR_OK;
    host_connection_failed(f->conn, "start", err);
    /* Somebody's earlier order was still on its way at the service, and has come first. */
    if (err->code == ERR_INSTANCE_STATE && virDomainIsActive(f->dom) == 1)
        return err_set(err, ERR_OK, "%s", "");
    return err->code;
}

enum err_code host_domain_start(struct host_domains *d, const struct host_hv_start *s,
                                struct err *err)
{
    CLEANUP(found_fini) struct found f = {0};
    if (find(d, &f, s->instance, err) != ERR_OK)
        return err->code;
    if (f.dom != NULL && check_known(&f, s, err) != ERR_OK)
        return err->code;
    if (f.dom != NULL && virDomainIsActive(f.dom) == 1)
        return ERR_OK;
    virDomainPtr defined = NULL;
    if (define(d, f.conn, s, &defined, err) != ERR_OK)
        return err->code;
    if (f.dom != NULL)
        virDomainFree(f.dom);
    f.dom = defined;
    return create(&f, err);
}

static int64_t clock_mono_ms(void)
{
    struct clock clock = clock_system();
    return clock.read(clock.self).mono_ms;
}

static struct host_guest_run run_of(const struct found *f, const struct host_hv_target *t,
                                    int64_t in_ms)
{
    struct host_guest_run r = {
        .pepoch = t->pepoch, .run = (int)virDomainGetID(f->dom), .at_ms = clock_mono_ms() + in_ms};
    str_copy(r.instance, sizeof r.instance, t->instance);
    return r;
}

static bool is_run(const struct found *f, const struct host_guest_run *r)
{
    return f->dom != NULL && f->metadata.pepoch == r->pepoch &&
           (int)virDomainGetID(f->dom) == r->run;
}

enum err_code host_domain_shutdown(struct host_domains *d, const struct host_hv_target *t,
                                   struct host_guest_run *pressed, struct err *err)
{
    enum { AGENT_WAITS_MS = 5000 };
    CLEANUP(found_fini) struct found f = {0};
    *pressed = (struct host_guest_run){.instance = ""};
    if (find_exact(d, &f, t, err) != ERR_OK)
        return err->code;
    if (f.dom == NULL || virDomainIsActive(f.dom) == 0)
        return ERR_OK;
    host_reboots_heard(d->reboots, t->instance); /* a later order: no reset any more */
    if (virDomainShutdownFlags(f.dom, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) != 0)
        return host_connection_failed(f.conn, "shutdown", err);
    *pressed = run_of(&f, t, AGENT_WAITS_MS);
    return ERR_OK;
}

/* libvirt's own shutdown by agent waits a minute for one that is silent; a command has a bound. */
void host_domain_ask_agent(struct host_domains *d, const struct host_guest_run *r)
{
    enum { ANSWER_S = 2 };
    CLEANUP(found_fini) struct found f = {0};
    struct err err = {0};
    if (clock_mono_ms() > r->at_ms || find(d, &f, r->instance, &err) != ERR_OK || !is_run(&f, r))
        return;
    virDomainAgentSetResponseTimeout(f.dom, ANSWER_S, 0);
    free(virDomainQemuAgentCommand(f.dom, "{\"execute\":\"guest-shutdown\"}", ANSWER_S, 0));
}

static enum err_code power_off(struct found *f, struct err *err)
{
    if (virDomainIsActive(f->dom) == 0 || virDomainDestroy(f->dom) == 0)
        return ERR_OK;
    host_connection_failed(f->conn, "destroy", err);
    bool is_off = err->code == ERR_INSTANCE_NOT_FOUND || err->code == ERR_INSTANCE_STATE;
    return is_off && virDomainIsActive(f->dom) != 1 ? err_set(err, ERR_OK, "%s", "") : err->code;
}

enum err_code host_domain_destroy(struct host_domains *d, const struct host_hv_target *t,
                                  struct err *err)
{
    CLEANUP(found_fini) struct found f = {0};
    if (find_upto(d, &f, t, err) != ERR_OK)
        return err->code;
    host_reboots_heard(d->reboots, t->instance);
    return f.dom == NULL ? ERR_OK : power_off(&f, err);
}

static enum err_code expect_reboot(struct host_domains *d, const struct found *f,
                                   const struct host_hv_target *t, struct err *err)
{
    struct host_guest_run r = run_of(f, t, d->reboot_deadline_ms);
    if (!host_reboots_expect(d->reboots, &r))
        return err_set(err, ERR_UNAVAILABLE, "too many reboots at once");
    return ERR_OK;
}

enum err_code host_domain_reboot(struct host_domains *d, const struct host_hv_target *t,
                                 struct err *err)
{
    CLEANUP(found_fini) struct found f = {0};
    if (find_exact(d, &f, t, err) != ERR_OK)
        return err->code;
    if (f.dom == NULL || virDomainIsActive(f.dom) != 1)
        return err_set(err, ERR_INSTANCE_STATE, "the domain does not run");
    if (expect_reboot(d, &f, t, err) != ERR_OK)
        return err->code;
    if (virDomainReboot(f.dom, VIR_DOMAIN_REBOOT_ACPI_POWER_BTN) == 0)
        return ERR_OK;
    host_reboots_heard(d->reboots, t->instance);
    return host_connection_failed(f.conn, "reboot", err);
}

enum err_code host_domain_reset(struct host_domains *d, const struct host_guest_run *r,
                                struct err *err)
{
    CLEANUP(found_fini) struct found f = {0};
    if (find(d, &f, r->instance, err) != ERR_OK)
        return err->code;
    if (!is_run(&f, r))
        return ERR_OK;
    return virDomainReset(f.dom, 0) == 0 ? ERR_OK : host_connection_failed(f.conn, "reset", err);
}

enum err_code host_domain_resume(struct host_domains *d, const struct host_hv_target *t,
                                 struct err *err)
{
    CLEANUP(found_fini) struct found f = {0};
    int state = 0, reason = 0;
    if (find_exact(d, &f, t, err) != ERR_OK)
        return err->code;
    if (f.dom == NULL)
        return ERR_OK;
    if (virDomainGetState(f.dom, &state, &reason, 0) != 0)
        return host_connection_failed(f.conn, "state", err);
    if (!host_owned_is_disk_error(state, reason) || virDomainResume(f.dom) == 0)
        return ERR_OK;
    return host_connection_failed(f.conn, "resume", err);
}

static enum err_code undefine(struct found *f, struct err *err)
{
    unsigned flags = VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                     VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM;
    if (virDomainIsPersistent(f->dom) != 1 || virDomainUndefineFlags(f->dom, flags) == 0)
        return ERR_OK;
    host_connection_failed(f->conn, "undefine", err);
    return err->code == ERR_INSTANCE_NOT_FOUND ? err_set(err, ERR_OK, "%s", "") : err->code;
}

/* The second round finds nothing, unless an order of before came in between; a third is ample. */
enum { ERASE_ROUNDS = 4 };

enum err_code host_domain_erase(struct host_domains *d, const struct host_hv_target *t,
                                struct err *err)
{
    host_reboots_heard(d->reboots, t->instance);
    for (int round = 0; round < ERASE_ROUNDS; round++) {
        CLEANUP(found_fini) struct found f = {0};
        if (find_upto(d, &f, t, err) != ERR_OK)
            return err->code;
        if (f.dom == NULL)
            return ERR_OK;
        if (undefine(&f, err) != ERR_OK || power_off(&f, err) != ERR_OK)
            return err->code;
    }
    return err_set(err, ERR_UNAVAILABLE, "the domain came back %d times", ERASE_ROUNDS);
}
