/* lease.h - what dnsmasq of one network reads: its configuration, one file per subnet, and per
 * port one file with its lease and one with its name. Files are the state; dnsmasq only reads. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "computer-manager/model/filter.h"
#include "computer-manager/model/job.h"
#include "computer-manager/network/network.h"
#include "computer-manager/network/runfile.h"

#include <stdbool.h>
#include <stdint.h>

struct lease_paths {
    char dir[RUNFILE_PATH_SIZE / 2]; /* of the network */
    char conf[RUNFILE_PATH_SIZE];
    char subnets[RUNFILE_PATH_SIZE]; /* directory: one file per subnet */
    char leases[RUNFILE_PATH_SIZE];  /* directory: one file per port */
    char names[RUNFILE_PATH_SIZE];   /* directory: one file per port */
    char pid[RUNFILE_PATH_SIZE];
};

void lease_paths(struct lease_paths *out, const struct network *net, int64_t vni);

/* Pure texts. */
void lease_conf(struct buf *out, const struct lease_paths *paths, const char *user,
                const char *domain, const struct host_filter_resolvers *resolvers);
void lease_subnet(struct buf *out, const struct host_port *port);

/* Is the configuration that dnsmasq was started with still right for this port's subnet? */
bool lease_conf_holds(const struct lease_paths *paths, const struct host_port *port,
                      const char *conf, const char *subnet);
/* Writes both; dnsmasq is not running. */
enum err_code lease_conf_write(const struct lease_paths *paths, const struct host_port *port,
                               const char *conf, const char *subnet, struct err *err);
/* The port's own two files. */
enum err_code lease_write(const struct lease_paths *paths, const struct host_port *port,
                          struct err *err);
enum err_code lease_remove(const struct lease_paths *paths, const char *port, struct err *err);

/* Reads the first nameservers of a resolv.conf; those on loopback cannot be reached from a router
 * namespace and are left out. */
void lease_resolvers(struct host_filter_resolvers *out, const char *resolv_conf);
