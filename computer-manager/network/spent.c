/* spent.c - one short list of all kinds. */
#include "computer-manager/network/spent.h"

#include <libmnl/libmnl.h>
#include <malloc.h>
#include <nftables/libnftables.h>
#include <stddef.h>
#include <unistd.h>

/* A context holds what it read of the rules, so not too many; a new port needs half of it. */
enum { SPENT_MAX = 32 };

struct spent {
    struct nft_ctx *context; /* or NULL */
    struct mnl_socket *socket;
    int fd; /* where both are NULL */
};

static struct spent list[SPENT_MAX];
static size_t list_len;

static void keep(struct spent spent)
{
    if (list_len == SPENT_MAX)
        spent_end();
    list[list_len++] = spent;
}

void spent_context(struct nft_ctx *context)
{
    keep((struct spent){.context = context});
}

void spent_socket(struct mnl_socket *socket)
{
    keep((struct spent){.socket = socket});
}

void spent_descriptor(int fd)
{
    keep((struct spent){.fd = fd});
}

static void end(const struct spent *spent)
{
    if (spent->context != NULL)
        nft_ctx_free(spent->context);
    else if (spent->socket != NULL)
        mnl_socket_close(spent->socket);
    else
        close(spent->fd);
}

void spent_end(void)
{
    if (list_len == 0)
        return;
    while (list_len > 0)
        end(&list[--list_len]);
    malloc_trim(0); /* nft reads all that is loaded each time; it is not kept until the next */
}
