/* owned.c - finds and lists our domains; see owned.h. */
#include "computer-manager/hypervisor/owned.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/hypervisor/connection.h"

#include <libvirt/virterror.h>
#include <stdlib.h>

static int last_error(void)
{
    virErrorPtr error = virGetLastError();
    return error != NULL ? error->code : VIR_ERR_INTERNAL_ERROR;
}

enum err_code host_owned_metadata(virConnectPtr conn, virDomainPtr dom, struct host_metadata *out,
                                  struct err *err)
{
    char *text = virDomainGetMetadata(dom, VIR_DOMAIN_METADATA_ELEMENT, HOST_METADATA_URI, 0);
    if (text == NULL && last_error() == VIR_ERR_NO_DOMAIN_METADATA)
        return err_set(err, ERR_NOT_FOUND, "domain %s is not ours", virDomainGetName(dom));
    if (text == NULL)
        return host_connection_failed(conn, "metadata", err);
    bool is_read = host_metadata_parse(text, out) && str_eq(out->instance, virDomainGetName(dom));
    free(text);
    if (!is_read)
        return err_set(err, ERR_PRECONDITION, "the metadata of domain %s cannot be read",
                       virDomainGetName(dom));
    return ERR_OK;
}

enum err_code host_owned_find(virConnectPtr conn, const char *instance, virDomainPtr *out,
                              struct host_metadata *metadata, struct err *err)
{
    *out = NULL;
    virDomainPtr dom = virDomainLookupByName(conn, instance);
    if (dom == NULL && last_error() == VIR_ERR_NO_DOMAIN)
        return ERR_OK;
    if (dom == NULL)
        return host_connection_failed(conn, "lookup", err);
    enum err_code code = host_owned_metadata(conn, dom, metadata, err);
    if (code == ERR_OK) {
        *out = dom;
        return ERR_OK;
    }
    virDomainFree(dom);
    if (code == ERR_INSTANCE_NOT_FOUND)
        return err_set(err, ERR_OK, "%s", "");
    if (code == ERR_NOT_FOUND)
        return err_set(err, ERR_PRECONDITION, "a domain of that name is not ours");
    return code;
}

/* Why a domain is off. After a restart of the service it does not know any more; then the boot
 * that the domain was last started in tells whether the machine went down under it. */
static enum host_off_why off_why(int reason, const struct host_metadata *m, const char *boot)
{
    switch ((virDomainShutoffReason)reason) {
    case VIR_DOMAIN_SHUTOFF_SHUTDOWN:
        return HOST_OFF_GUEST;
    case VIR_DOMAIN_SHUTOFF_CRASHED:
        return HOST_OFF_CRASH;
    case VIR_DOMAIN_SHUTOFF_DESTROYED:
    case VIR_DOMAIN_SHUTOFF_MIGRATED:
    case VIR_DOMAIN_SHUTOFF_SAVED:
    case VIR_DOMAIN_SHUTOFF_FAILED:
    case VIR_DOMAIN_SHUTOFF_DAEMON:
        return HOST_OFF_HOST;
    case VIR_DOMAIN_SHUTOFF_UNKNOWN:
    case VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT:
#ifdef VIR_ENUM_SENTINELS
    case VIR_DOMAIN_SHUTOFF_LAST:
#endif
        break;
    }
    return str_eq(m->boot, boot) ? HOST_OFF_UNKNOWN : HOST_OFF_HOST;
}

static enum host_domain_state state_of(int state, int reason)
{
    switch ((virDomainState)state) {
    case VIR_DOMAIN_SHUTOFF:
        return HOST_DOMAIN_OFF;
    case VIR_DOMAIN_SHUTDOWN:
        return HOST_DOMAIN_STOPPING;
    case VIR_DOMAIN_PAUSED: /* one that is being made is paused for a moment */
        return reason == VIR_DOMAIN_PAUSED_STARTING_UP ? HOST_DOMAIN_RUNNING : HOST_DOMAIN_PAUSED;
    case VIR_DOMAIN_CRASHED:
    case VIR_DOMAIN_PMSUSPENDED:
        return HOST_DOMAIN_PAUSED;
    case VIR_DOMAIN_NOSTATE:
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED:
#ifdef VIR_ENUM_SENTINELS
    case VIR_DOMAIN_LAST:
#endif
        break;
    }
    return HOST_DOMAIN_RUNNING;
}

bool host_owned_is_disk_error(int state, int reason)
{
    return state == VIR_DOMAIN_PAUSED && reason == VIR_DOMAIN_PAUSED_IOERROR;
}

static enum err_code describe(virConnectPtr conn, virDomainPtr dom, const char *boot,
                              struct host_domain *out, struct err *err)
{
    struct host_metadata m;
    int state = 0, reason = 0;
    if (host_owned_metadata(conn, dom, &m, err) != ERR_OK)
        return err->code;
    if (virDomainGetState(dom, &state, &reason, 0) != 0)
        return host_connection_failed(conn, "state", err);
    *out = (struct host_domain){.pepoch = m.pepoch,
                                .generation = m.generation,
                                .profile = m.profile,
                                .state = state_of(state, reason)};
    str_copy(out->instance, sizeof out->instance, m.instance);
    out->is_disk_error = host_owned_is_disk_error(state, reason);
    if (out->state == HOST_DOMAIN_OFF)
        out->off_why = off_why(reason, &m, boot);
    return ERR_OK;
}

/* One that went meanwhile, or is not ours, is left out; whatever else makes the listing fail. */
static enum err_code add(virConnectPtr conn, virDomainPtr dom, const char *boot,
                         struct host_hv_list *out, struct err *err)
{
    struct host_domain one;
    enum err_code code = describe(conn, dom, boot, &one, err);
    if (code == ERR_NOT_FOUND || code == ERR_INSTANCE_NOT_FOUND)
        return err_set(err, ERR_OK, "%s", "");
    if (code != ERR_OK)
        return code;
    if (out->len == HOST_DOMAINS_MAX)
        return err_set(err, ERR_TOO_LARGE, "more than %d domains", (int)HOST_DOMAINS_MAX);
    out->domains[out->len++] = one;
    return ERR_OK;
}

enum err_code host_owned_list(virConnectPtr conn, const char *boot, struct host_hv_list *out,
                              struct err *err)
{
    virDomainPtr *all = NULL;
    int len = virConnectListAllDomains(conn, &all, 0);
    if (len < 0)
        return host_connection_failed(conn, "list", err);
    enum err_code code = ERR_OK;
    out->len = 0;
    for (int i = 0; i < len; i++) {
        if (code == ERR_OK)
            code = add(conn, all[i], boot, out, err);
        virDomainFree(all[i]);
    }
    free(all);
    return code;
}
