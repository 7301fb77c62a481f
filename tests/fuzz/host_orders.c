/* host_orders.c - target: what the helper of networks is told and reads
 * (computer-manager/network/valid.h, lease.h).
 *
 * First byte: which; then the bytes of the struct, or a resolv.conf. Holds: of what is accepted
 * every text that goes into a file of dnsmasq or into nft's is a plain name, and the file has the
 * lines that it should have; resolvers are bounded and none is on loopback. */
#include "computer-manager/network/lease.h"
#include "computer-manager/network/valid.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINKS = 0x64400000 };

static void hold_name(const char *field, size_t size)
{
    size_t len = strnlen(field, size);
    INV(len > 0 && len < size);
    INV(strspn(field, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len && field[0] != '.');
}

static size_t count_lines(const struct buf *text)
{
    size_t n = 0;
    for (size_t i = 0; i < text->len; i++)
        n += text->data[i] == '\n';
    return n;
}

static void hold_port(const struct host_port *p)
{
    CLEANUP(buf_fini) struct buf text = {0};
    hold_name(p->port, sizeof p->port);
    hold_name(p->instance, sizeof p->instance);
    hold_name(p->vpc, sizeof p->vpc);
    hold_name(p->hostname, sizeof p->hostname);
    hold_name(p->domain, sizeof p->domain);
    INV(p->rules_len >= 0 && p->rules_len <= HOST_RULES_MAX);
    lease_subnet(&text, p);
    INV(count_lines(&text) == 5);
}

/* A struct of that size with the input in front, zeroes behind. */
static void *filled(struct fuzz *input, size_t size)
{
    void *out = check_alloc(size);
    size_t n = input->len < size ? input->len : size;
    memset(out, 0, size);
    if (n > 0)
        memcpy(out, input->at, n);
    return out;
}

static void try_port(struct fuzz *input)
{
    struct err err = {0};
    struct host_port *p = filled(input, sizeof *p);
    if (valid_port(p, LINKS, &err) == ERR_OK)
        hold_port(p);
    free(p);
}

static void try_unport(struct fuzz *input)
{
    struct err err = {0};
    struct host_net_unport *u = filled(input, sizeof *u);
    if (valid_unport(u, &err) == ERR_OK)
        hold_name(u->port, sizeof u->port);
    free(u);
}

/* The message ends where its bytes end. */
static void try_peers(struct fuzz *input)
{
    struct err err = {0};
    size_t least = offsetof(struct host_net_peers, peers);
    struct host_net_peers *p = filled(input, input->len > least ? input->len : least);
    if (valid_peers(p, input->len, &err) == ERR_OK)
        INV(p->len >= 0 && least + (size_t)p->len * sizeof p->peers[0] <= input->len);
    free(p);
}

static void try_group(struct fuzz *input)
{
    struct err err = {0};
    size_t least = offsetof(struct host_net_group, pages);
    struct host_net_group *g = filled(input, input->len > least ? input->len : least);
    if (valid_group(g, input->len, &err) == ERR_OK) {
        INV(g->len >= 0 && least + (size_t)g->len * sizeof g->pages[0] == input->len);
        hold_name(g->group, sizeof g->group);
        for (int64_t i = 1; i < g->len; i++)
            INV(g->pages[i - 1].base < g->pages[i].base);
    }
    free(g);
}

static void try_resolvers(struct fuzz *input)
{
    char path[64];
    struct host_filter_resolvers out;
    int fd = memfd_create("resolv", MFD_CLOEXEC);
    INV(fd >= 0 && write(fd, input->at, input->len) == (ssize_t)input->len);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    lease_resolvers(&out, path);
    close(fd);
    INV(out.len <= HOST_FILTER_RESOLVERS_MAX);
    for (size_t i = 0; i < out.len; i++)
        INV(out.addresses[i] >> 24 != 127);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static void (*const tries[])(struct fuzz *) = {try_port, try_unport, try_peers, try_resolvers,
                                                   try_group};
    struct fuzz input = {data, len};
    uint8_t choice = fuzz_byte(&input);
    tries[choice % (sizeof tries / sizeof *tries)](&input);
    return 0;
}
