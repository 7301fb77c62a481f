/* connection.c - opens, watches and reopens the connection; see connection.h. */
#include "computer-manager/hypervisor/connection.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/hypervisor/service.h"

#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdio.h>

/* A service that answers no ping within 20 s is taken for gone. */
enum { KEEPALIVE_S = 5, KEEPALIVE_MISSED = 4 };

struct host_connection {
    const char *uri;
    struct host_connection_seam seam;
    pthread_mutex_t lock; /* of what follows */
    virConnectPtr conn;   /* NULL = none */
    int callbacks[3];     /* of conn; -1 = not registered */
    char service[HOST_NAME_SIZE];
};

static void no_print(void *self, virErrorPtr error)
{
    (void)self;
    (void)error; /* every error is taken by whoever called, and logged once by the manager */
}

static void *run_events(void *self)
{
    (void)self;
    for (;;)
        if (virEventRunDefaultImpl() < 0)
            log_error("libvirt.event-loop", NULL);
    return NULL;
}

struct host_connection *host_connection_new(const char *uri,
                                            const struct host_connection_seam *seam)
{
    struct host_connection *c = check_alloc(sizeof *c);
    *c = (struct host_connection){.uri = uri, .seam = *seam, .callbacks = {-1, -1, -1}};
    pthread_mutex_init(&c->lock, NULL);
    virSetErrorFunc(NULL, no_print);
    int rc = virInitialize();
    POST(rc == 0);
    rc = virEventRegisterDefaultImpl();
    POST(rc == 0);
    pthread_t thread;
    rc = pthread_create(&thread, NULL, run_events, NULL);
    POST(rc == 0);
    pthread_detach(thread);
    return c;
}

static int on_lifecycle(virConnectPtr conn, virDomainPtr dom, int event, int detail, void *self)
{
    (void)conn;
    (void)event;
    (void)detail;
    struct host_connection *c = self;
    c->seam.changed(c->seam.self, virDomainGetName(dom));
    return 0;
}

static void on_reboot(virConnectPtr conn, virDomainPtr dom, void *self)
{
    (void)conn;
    struct host_connection *c = self;
    c->seam.rebooted(c->seam.self, virDomainGetName(dom));
}

static void on_io_error(virConnectPtr conn, virDomainPtr dom, const char *path, const char *alias,
                        int action, void *self)
{
    (void)path;
    (void)alias;
    (void)action;
    on_lifecycle(conn, dom, 0, 0, self);
}

static void on_close(virConnectPtr conn, int reason, void *self)
{
    (void)conn;
    (void)reason;
    struct host_connection *c = self;
    c->seam.changed(c->seam.self, "");
}

static int listen_to(struct host_connection *c, virConnectPtr conn)
{
    virConnectSetKeepAlive(conn, KEEPALIVE_S, KEEPALIVE_MISSED);
    virConnectRegisterCloseCallback(conn, on_close, c, NULL);
    const struct {
        int id;
        virConnectDomainEventGenericCallback callback;
    } wanted[3] = {
        {VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle)},
        {VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot)},
        {VIR_DOMAIN_EVENT_ID_IO_ERROR, VIR_DOMAIN_EVENT_CALLBACK(on_io_error)},
    };
    for (int i = 0; i < 3; i++) {
        c->callbacks[i] = virConnectDomainEventRegisterAny(conn, NULL, wanted[i].id,
                                                           wanted[i].callback, c, NULL);
        if (c->callbacks[i] < 0)
            return -1;
    }
    return 0;
}

/* Callbacks hold the connection: without this a broken one would never be freed. */
static void give_up(struct host_connection *c, virConnectPtr conn)
{
    for (int i = 0; i < 3; i++) {
        if (c->callbacks[i] >= 0)
            virConnectDomainEventDeregisterAny(conn, c->callbacks[i]);
        c->callbacks[i] = -1;
    }
    virConnectUnregisterCloseCallback(conn, on_close);
    virConnectClose(conn);
}

static enum err_code identify(const struct host_connection *c, virConnectPtr conn,
                              char out[HOST_NAME_SIZE], struct err *err)
{
    unsigned long version = 0;
    char text[24];
    virConnectGetLibVersion(conn, &version);
    snprintf(text, sizeof text, "%lu", version);
    return host_service_identity(out, c->uri, text, err);
}

/* The run is named before and after: one that was restarted in between is not mixed up. */
static enum err_code open_named(struct host_connection *c, struct err *err)
{
    char before[HOST_NAME_SIZE] = "";
    virConnectPtr conn = virConnectOpen(c->uri);
    if (conn == NULL)
        return err_set(err, ERR_UNAVAILABLE, "the hypervisor service was not reached: %s",
                       virGetLastErrorMessage());
    enum err_code code = identify(c, conn, before, err);
    if (code == ERR_OK && listen_to(c, conn) != 0)
        code = err_set(err, ERR_UNAVAILABLE, "events: %s", virGetLastErrorMessage());
    if (code == ERR_OK)
        code = identify(c, conn, c->service, err);
    if (code == ERR_OK && (virConnectIsAlive(conn) != 1 || !str_eq(before, c->service)))
        code = err_set(err, ERR_UNAVAILABLE, "the hypervisor service is being restarted");
    if (code != ERR_OK) {
        give_up(c, conn);
        return code;
    }
    c->conn = conn;
    log_info("libvirt.connected", "uri", c->uri, "service", c->service, NULL);
    return ERR_OK;
}

enum err_code host_connection_get(struct host_connection *c, virConnectPtr *out,
                                  char service[HOST_NAME_SIZE], struct err *err)
{
    enum err_code code = ERR_OK;
    pthread_mutex_lock(&c->lock);
    if (c->conn != NULL && virConnectIsAlive(c->conn) != 1) {
        give_up(c, c->conn);
        c->conn = NULL;
    }
    if (c->conn == NULL)
        code = open_named(c, err);
    if (code == ERR_OK) {
        virConnectRef(c->conn);
        *out = c->conn;
        if (service != NULL)
            str_copy(service, HOST_NAME_SIZE, c->service);
    }
    pthread_mutex_unlock(&c->lock);
    return code;
}

enum err_code host_connection_failed(virConnectPtr conn, const char *what, struct err *err)
{
    virErrorPtr last = virGetLastError();
    int number = last != NULL ? last->code : VIR_ERR_INTERNAL_ERROR;
    enum err_code code = ERR_INTERNAL;
    if (number == VIR_ERR_NO_DOMAIN)
        code = ERR_INSTANCE_NOT_FOUND;
    else if (number == VIR_ERR_OPERATION_INVALID)
        code = ERR_INSTANCE_STATE;
    else if (number == VIR_ERR_OPERATION_TIMEOUT || number == VIR_ERR_AGENT_UNRESPONSIVE)
        code = ERR_TIMEOUT;
    err_set(err, code, "%s: %s", what, virGetLastErrorMessage());
    if (virConnectIsAlive(conn) != 1)
        err_set(err, ERR_TIMEOUT, "%s: the hypervisor service went away meanwhile", what);
    return err->code;
}
