/* near.h - another host of the cluster gives what it has of an image, while it is fetching it
 * itself, too. It is believed in nothing: every body counts by its hash.
 *
 *   GET /v1/bases/<manifest>/manifest    the manifest's text
 *   GET /v1/bases/<manifest>/have        a bit a chunk, the first one lowest; nothing = none yet
 *   GET /v1/bases/<manifest>/<number>    a chunk */
#pragma once

#include "computer-manager/effect/assembly.h"

enum { NEAR_FOLDER_SIZE = 96 };

/* The path of all that; `manifest` is checked. */
void host_near_folder(char out[NEAR_FOLDER_SIZE], const char *manifest);
/* Takes what it has and what comes to it meanwhile, until all is there. An error at its first
 * fault, or when nothing has come to it for two seconds. */
enum err_code host_near_follow(struct assembly *a, const struct host_fetch_peer *peer,
                               struct err *err);
