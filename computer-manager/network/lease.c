/* lease.c - dnsmasq's files. */
#include "computer-manager/network/lease.h"

#include "base/check.h"
#include "base/str.h"
#include "computer-manager/model/address.h"
#include "computer-manager/model/netname.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LEASE_SECONDS = 3600, LEASE_MAX = 4096 };

static void join(char out[RUNFILE_PATH_SIZE], const char *dir, const char *name)
{
    int len = snprintf(out, RUNFILE_PATH_SIZE, "%s/%s", dir, name);
    POST(len > 0 && len < RUNFILE_PATH_SIZE);
}

void lease_paths(struct lease_paths *out, const struct network *net, int64_t vni)
{
    int len = snprintf(out->dir, sizeof out->dir, "%s/%06x", net->run_dir, (unsigned)vni);
    PRE(len > 0 && len < (int)sizeof out->dir);
    join(out->conf, out->dir, "dnsmasq.conf");
    join(out->subnets, out->dir, "subnets");
    join(out->leases, out->dir, "leases");
    join(out->names, out->dir, "names");
    join(out->pid, out->dir, "dnsmasq.pid");
}

/* Only what is written here is ever leased: nothing is kept on disk, and a guest that renews after
 * a restart is known all the same. What a guest calls itself is ignored. */
void lease_conf(struct buf *out, const struct lease_paths *paths, const char *user,
                const char *domain, const struct host_filter_resolvers *resolvers)
{
    buf_printf(out,
               "no-resolv\nno-hosts\nno-ping\nquiet-dhcp\nleasefile-ro\n"
               "interface=" HOST_NETNAME_GATEWAY "\nexcept-interface=lo\nbind-interfaces\n"
               "user=%s\npid-file=%s\n"
               "domain=%s\nlocal=/%s/\ndomain-needed\nno-negcache\ncache-size=1000\n"
               "dns-forward-max=150\nedns-packet-max=1232\n"
               "dhcp-authoritative\ndhcp-ignore-names\ndhcp-lease-max=%d\n"
               "dhcp-hostsfile=%s\naddn-hosts=%s\nconf-dir=%s,*.conf\n",
               user, paths->pid, domain, domain, LEASE_MAX, paths->leases, paths->names,
               paths->subnets);
    char text[HOST_ADDRESS_SIZE];
    for (size_t r = 0; r < resolvers->len; r++)
        buf_printf(out, "server=%s\n", host_address_format(text, resolvers->addresses[r]));
}

void lease_subnet(struct buf *out, const struct host_port *port)
{
    char subnet[HOST_ADDRESS_SIZE], mask[HOST_ADDRESS_SIZE], gateway[HOST_ADDRESS_SIZE];
    char resolver[HOST_ADDRESS_SIZE], tag[16];
    snprintf(tag, sizeof tag, "s%08x", port->subnet);
    host_address_format(subnet, port->subnet);
    host_address_format(mask, host_address_mask(port->subnet_len));
    host_address_format(gateway, port->gateway);
    host_address_format(resolver, port->vpc_cidr + 2);
    buf_printf(out, "dhcp-range=set:%s,%s,static,%s,%d\n", tag, subnet, mask, LEASE_SECONDS);
    buf_printf(out, "dhcp-option=tag:%s,option:router,%s\n", tag, gateway);
    buf_printf(out, "dhcp-option=tag:%s,option:dns-server,%s\n", tag, resolver);
    buf_printf(out, "dhcp-option=tag:%s,option:mtu,%lld\n", tag, (long long)port->mtu);
    /* Who takes this option ignores the router above, so the default is in it too (RFC 3442). */
    buf_printf(out, "dhcp-option=tag:%s,121,169.254.169.254/32,%s,0.0.0.0/0,%s\n", tag, gateway,
               gateway);
}

static void subnet_path(char out[RUNFILE_PATH_SIZE], const struct lease_paths *paths,
                        const struct host_port *port)
{
    char name[32];
    snprintf(name, sizeof name, "%08x.conf", port->subnet);
    join(out, paths->subnets, name);
}

bool lease_conf_holds(const struct lease_paths *paths, const struct host_port *port,
                      const char *conf, const char *subnet)
{
    char path[RUNFILE_PATH_SIZE];
    subnet_path(path, paths, port);
    return runfile_holds(paths->conf, conf) && runfile_holds(path, subnet);
}

enum err_code lease_conf_write(const struct lease_paths *paths, const struct host_port *port,
                               const char *conf, const char *subnet, struct err *err)
{
    char path[RUNFILE_PATH_SIZE];
    subnet_path(path, paths, port);
    if (runfile_make_dir(paths->subnets, err) != ERR_OK ||
        runfile_make_dir(paths->leases, err) != ERR_OK ||
        runfile_make_dir(paths->names, err) != ERR_OK || runfile_write(path, subnet, err) != ERR_OK)
        return err->code;
    return runfile_write(paths->conf, conf, err);
}

enum err_code lease_write(const struct lease_paths *paths, const struct host_port *port,
                          struct err *err)
{
    CLEANUP(buf_fini) struct buf text = {0};
    char path[RUNFILE_PATH_SIZE], mac[HOST_MAC_SIZE], address[HOST_ADDRESS_SIZE];
    host_address_format_mac(mac, port->mac);
    host_address_format(address, port->address);
    buf_printf(&text, "%s,%s,%s,%d\n", mac, address, port->hostname, LEASE_SECONDS);
    join(path, paths->leases, port->port);
    if (runfile_write(path, text.data, err) != ERR_OK)
        return err->code;
    buf_clear(&text);
    buf_printf(&text, "%s %s.%s %s\n", address, port->hostname, port->domain, port->hostname);
    join(path, paths->names, port->port);
    return runfile_write(path, text.data, err);
}

enum err_code lease_remove(const struct lease_paths *paths, const char *port, struct err *err)
{
    char path[RUNFILE_PATH_SIZE];
    join(path, paths->leases, port);
    if (runfile_remove(path, err) != ERR_OK)
        return err->code;
    join(path, paths->names, port);
    return runfile_remove(path, err);
}

void lease_resolvers(struct host_filter_resolvers *out, const char *resolv_conf)
{
    CLEANUP(buf_fini) struct buf text = {0};
    *out = (struct host_filter_resolvers){.len = 0};
    runfile_read(resolv_conf, &text);
    char *at = text.data;
    while (at != NULL && out->len < HOST_FILTER_RESOLVERS_MAX) {
        char *line = strsep(&at, "\n");
        uint32_t address;
        if (!str_has_prefix(line, "nameserver"))
            continue;
        line += strlen("nameserver");
        line += strspn(line, " \t");
        line[strcspn(line, " \t\r#")] = '\0';
        if (host_address_parse(line, &address) && address >> 24 != 127)
            out->addresses[out->len++] = address;
    }
}
