/* arguments.c - configuration into command lines. */
#include "computer-manager/effect/arguments.h"

#include "base/check.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

static void path_in(char out[HOST_ARGUMENTS_PATH_SIZE], const char *folder, const char *name)
{
    int len = snprintf(out, HOST_ARGUMENTS_PATH_SIZE, "%.255s/%.32s", folder, name);
    PRE(len < HOST_ARGUMENTS_PATH_SIZE);
}

void host_state_folder(char out[HOST_ARGUMENTS_PATH_SIZE], const struct host_options *o)
{
    path_in(out, o->data, "instances");
}

void host_images_folder(char out[HOST_ARGUMENTS_PATH_SIZE], const struct host_options *o)
{
    if (*o->images != '\0')
        str_copy(out, HOST_ARGUMENTS_PATH_SIZE, o->images);
    else
        path_in(out, o->data, "images");
}

void host_arguments_hypervisor(struct host_arguments *out, const struct host_options *o)
{
    path_in(out->program, o->helpers, "tercet-computer-hypervisor");
    host_state_folder(out->state, o);
    host_images_folder(out->images, o);
    const char *argv[] = {out->program,   "--uri",     o->uri,          "--state-dir",  out->state,
                          "--images-dir", out->images, "--accelerator", o->accelerator, NULL};
    memcpy(out->argv, argv, sizeof argv);
}

void host_arguments_network(struct host_arguments *out, const struct host_options *o,
                            const struct underlay *underlay)
{
    bool has_tunnel = underlay->address[0] != '\0';
    path_in(out->program, o->helpers, "tercet-computer-network");
    str_copy(out->tunnel_address, sizeof out->tunnel_address, underlay->address);
    snprintf(out->tunnel_port, sizeof out->tunnel_port, "%lld", (long long)o->tunnel_udp_port);
    const char *argv[] = {out->program,        "--prefix",
                          o->prefix,           "--run-dir",
                          o->network_run,      "--resolv-conf",
                          o->resolv_conf,      "--tap-owner",
                          o->tap_owner,        "--tunnel-port",
                          out->tunnel_port,    has_tunnel ? "--tunnel-address" : NULL,
                          out->tunnel_address, NULL};
    memcpy(out->argv, argv, sizeof argv);
}

/* ---- a helper's own ---------------------------------------------------------------------------
 */

static bool names_config(const struct host_arguments_own *own)
{
    return own->argc == 3 && str_eq(own->argv[1], "--config");
}

static enum err_code read_config(struct host_arguments_own *own, struct err *err)
{
    size_t len;
    const struct config_option *table = host_options_table(&len);
    return config_load(&own->options, table, len, own->argv[2], NULL, 0, err);
}

/* getopt moves the pointers about and changes no text. */
static void take_made(struct host_arguments_own *own)
{
    union {
        const char **made;
        char **argv;
    } same = {.made = own->made.argv};
    own->argv = same.argv;
    for (own->argc = 0; own->argv[own->argc] != NULL;)
        own->argc++;
}

enum err_code host_arguments_own_hypervisor(struct host_arguments_own *own, struct err *err)
{
    if (!names_config(own))
        return ERR_OK;
    if (read_config(own, err) != ERR_OK)
        return err->code;
    host_arguments_hypervisor(&own->made, &own->options);
    take_made(own);
    return ERR_OK;
}

enum err_code host_arguments_own_network(struct host_arguments_own *own, struct err *err)
{
    struct underlay underlay;
    if (!names_config(own))
        return ERR_OK;
    if (read_config(own, err) != ERR_OK ||
        underlay_find(&underlay, own->options.tunnel_address, err) != ERR_OK)
        return err->code;
    host_arguments_network(&own->made, &own->options, &underlay);
    take_made(own);
    return ERR_OK;
}
