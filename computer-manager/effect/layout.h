/* layout.h - where the files of instances and images lie. The manager's disk worker makes them,
 * computer-hypervisor names them to the hypervisor service; both ask here.
 *
 *   STATE/i-0123.../root-PEPOCH.qcow2    root disk of one placement, a linked qcow2
 *   STATE/i-0123.../nvram-PEPOCH.fd      what UEFI remembers of that placement; the service makes
 *                                        it
 *   STATE/i-0123.../medium-PEPOCH        link to the base that lies in its CD-ROM drive: while it
 *                                        stands there, that base is in use
 *   STATE/i-0123.../console.log          newest of the serial console
 *   IMAGES/MANIFEST.raw                  base of an image, sparse, never written again
 *   IMAGES/MANIFEST.json                 its manifest, there before anything else of it
 *   IMAGES/.MANIFEST.part                what has come of it until now
 *
 * Ids and hashes were checked before they come here: no path is made of unchecked text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_PATH_SIZE = 512, LAYOUT_HASH_SIZE = 65 };

/* Each aborts where the path would not fit: directories are bounded when they are configured. */
void host_layout_instance(char out[HOST_PATH_SIZE], const char *state_dir, const char *instance);
void host_layout_root(char out[HOST_PATH_SIZE], const char *state_dir, const char *instance,
                      int64_t pepoch);
void host_layout_nvram(char out[HOST_PATH_SIZE], const char *state_dir, const char *instance,
                       int64_t pepoch);
void host_layout_medium(char out[HOST_PATH_SIZE], const char *state_dir, const char *instance,
                        int64_t pepoch);
void host_layout_console(char out[HOST_PATH_SIZE], const char *state_dir, const char *instance);
void host_layout_base(char out[HOST_PATH_SIZE], const char *images_dir, const char *manifest);
void host_layout_manifest(char out[HOST_PATH_SIZE], const char *images_dir, const char *manifest);
/* ... while it is being written. */
void host_layout_manifest_new(char out[HOST_PATH_SIZE], const char *images_dir,
                              const char *manifest);
void host_layout_part(char out[HOST_PATH_SIZE], const char *images_dir, const char *manifest);

/* Is this the file name of a manifest? Then of which. */
bool host_layout_is_manifest(const char *name, char hash[LAYOUT_HASH_SIZE]);
/* The pepoch of a root disk's file name, or -1. */
int64_t host_layout_root_pepoch(const char *name);
int64_t host_layout_medium_pepoch(const char *name);
/* `to` (a file) as seen from `from_dir`, both absolute and without links: "../../images/x". */
void host_layout_relative(char out[HOST_PATH_SIZE], const char *from_dir, const char *to);
