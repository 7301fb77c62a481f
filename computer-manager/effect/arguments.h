/* arguments.h - a helper's command line, made from the computer-manager's configuration.
 *
 * The manager makes it for a helper that it starts itself; a helper that is a service of its own
 * reads the same configuration and makes it for itself. So a helper is told by whoever may write
 * that file, and never by who speaks to it. */
#pragma once

#include "base/err.h"
#include "computer-manager/effect/underlay.h"
#include "computer-manager/options.h"

enum { HOST_ARGUMENTS_PATH_SIZE = 300, HOST_ARGUMENTS_MAX = 14 };

struct host_arguments {
    char program[HOST_ARGUMENTS_PATH_SIZE];
    char state[HOST_ARGUMENTS_PATH_SIZE], images[HOST_ARGUMENTS_PATH_SIZE];
    char tunnel_address[UNDERLAY_ADDRESS_SIZE], tunnel_port[8];
    const char *argv[HOST_ARGUMENTS_MAX + 1]; /* ended by NULL; into this struct and the options */
};

/* Where root disks are, and the bases of images. */
void host_state_folder(char out[HOST_ARGUMENTS_PATH_SIZE], const struct host_options *o);
void host_images_folder(char out[HOST_ARGUMENTS_PATH_SIZE], const struct host_options *o);

void host_arguments_hypervisor(struct host_arguments *out, const struct host_options *o);
void host_arguments_network(struct host_arguments *out, const struct host_options *o,
                            const struct underlay *underlay);

/* What a helper's main() does with its own command line: "PROGRAM --config FILE" becomes what the
 * manager would have said; any other is left as it is. ERR_CONFIG says what is wrong with FILE. */
struct host_arguments_own {
    struct host_options options;
    struct host_arguments made;
    int argc;
    char **argv;
};
enum err_code host_arguments_own_hypervisor(struct host_arguments_own *own, struct err *err);
enum err_code host_arguments_own_network(struct host_arguments_own *own, struct err *err);
