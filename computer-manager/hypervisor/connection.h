/* connection.h - the one connection to the hypervisor service, opened when it is needed and
 * opened anew after it broke. Shared by the worker threads: libvirt's calls may run at once.
 *
 * It also hears the service's events: each change of a domain's state is passed to `changed`
 * with the domain's name, each restart of a guest to `rebooted`, and "" to `changed` when the
 * connection goes. Both are called on libvirt's own event thread; they must not call libvirt. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"

#include <libvirt/libvirt.h>
#include <stdbool.h>

struct host_connection;

struct host_connection_seam {
    void *self;
    void (*changed)(void *self, const char *instance);
    void (*rebooted)(void *self, const char *instance);
};

/* Starts libvirt's event thread; once in a process, which never ends it. `uri` is borrowed. */
struct host_connection *host_connection_new(const char *uri,
                                            const struct host_connection_seam *seam);
/* A live connection, to be given back by virConnectClose, and the name of the service's run
 * that it leads to (NULL = not wanted). ERR_UNAVAILABLE: the service does not answer. */
enum err_code host_connection_get(struct host_connection *c, virConnectPtr *out,
                                  char service[HOST_NAME_SIZE], struct err *err);
/* Sets `err` from libvirt's last error. A failure of a connection that broke meanwhile becomes
 * ERR_TIMEOUT: what was asked may still happen. */
enum err_code host_connection_failed(virConnectPtr conn, const char *what, struct err *err);
