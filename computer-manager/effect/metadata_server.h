/* metadata_server.h - the guests' metadata address, served by the computer-manager on sockets that
 * computer-network opened inside the router namespaces.
 *
 * Who asks is known by (network of the listener, address of the peer), which the taps' gates make
 * true; nothing a guest sends says who it is. The tree and its rules are model/metadata.c; here are
 * sockets, deadlines and bounds only. Runs on the loop's thread.
 *
 * With the messages HOST_NET_LISTENER of model/job.h:
 *   with a descriptor -> metadata_server_listen     without -> metadata_server_drop
 *   the channel ended -> metadata_server_age        first NET_LIST answered ->
 * metadata_server_settle */
#pragma once

#include "base/clock.h"
#include "base/rng.h"
#include "computer-manager/model/metadata.h"

#include <stddef.h>
#include <stdint.h>

enum {
    METADATA_CONNECTIONS_MAX = 256, /* of one network; more are closed at once */
    METADATA_PEER_MAX = 32,         /* of one guest */
    METADATA_HEAD_MS = 5000,        /* a request is whole after this, or its connection ends */
    METADATA_WRITE_MS = 10000,      /* an answer is taken after this */
    METADATA_LINGER_MS = 2000,      /* the guest has closed after this */
};

struct uv_loop_s;
struct metadata_server;

/* The instance with that address on that network, or NULL. Borrowed for the call. */
typedef const struct metadata_instance *metadata_find(void *self, int64_t vni, uint32_t address);

/* The key of tokens is drawn here: tokens of a former run are worth nothing. */
struct metadata_server *metadata_server_new(struct uv_loop_s *loop, metadata_find *find, void *self,
                                            const struct rng *rng, const struct clock *clock);
/* Closes everything; the memory goes as the loop finishes the handles. Then `find` is not called.
 */
void metadata_server_free(struct metadata_server *s);

/* Serves on `fd`, which is listening and is taken; replaces the network's listener. */
void metadata_server_listen(struct metadata_server *s, int64_t vni, int fd);
/* The network is gone: its listener and connections close. */
void metadata_server_drop(struct metadata_server *s, int64_t vni);
/* The listeners of now are from an earlier channel ... */
void metadata_server_age(struct metadata_server *s);
/* ... and those of them that were not replaced go. */
void metadata_server_settle(struct metadata_server *s);

size_t metadata_server_connections(const struct metadata_server *s);
