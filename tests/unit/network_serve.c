/* network_serve.c - the metadata server for one real guest of tests/integ/network_lab.py: serves
 * the example instance of network_facts.c on the listening socket that is its standard input, to
 * whoever has that instance's address. Ends by a signal. */
#include "computer-manager/effect/metadata_server.h"
#include "tests/unit/network_facts.h"

#include <unistd.h>
#include <uv.h>

enum { ANY_VNI = 1 };

static const struct metadata_instance *find(void *self, int64_t vni, uint32_t address)
{
    const struct metadata_instance *i = self;
    return vni == ANY_VNI && address == i->address ? i : NULL;
}

int main(void)
{
    uv_loop_t loop;
    struct metadata_instance instance = network_facts_instance();
    struct rng rng = rng_system();
    struct clock clock = clock_system();
    instance.tokens = METADATA_TOKENS_REQUIRED;
    instance.user_data = (const unsigned char *)"#!/bin/sh\necho served\n";
    instance.user_data_len = 22;
    uv_loop_init(&loop);
    struct metadata_server *server = metadata_server_new(&loop, find, &instance, &rng, &clock);
    metadata_server_listen(server, ANY_VNI, dup(STDIN_FILENO));
    return uv_run(&loop, UV_RUN_DEFAULT);
}
