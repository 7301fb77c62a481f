/* profile_file.h - ~/.config/tercet/config.ini as a text that is changed: what others wrote there,
 * comments too, stays. It is replaced whole, with mode 0600, or not at all. */
#pragma once

#include "cli/node.h"
#include "cli/profile.h"

/* Appends its path. */
void cli_profile_file_path(struct buf *path);
/* The section that is meant when none is named: $TERCET_PROFILE, or "default". */
const char *cli_profile_file_current(void);
/* An <item> for each profile below `list`: name, inUse and the settings but the secret. No file:
 * none. */
enum cli_exit cli_profile_file_list(struct cli_node *list, struct arena *arena,
                                    struct cli_fault *fault);
/* The section [profile NAME] says from now on what `profile` says of the endpoints, the key, the
 * region and the certificates; other keys of it stay. */
enum cli_exit cli_profile_file_save(const char *name, const struct cli_profile *profile,
                                    struct cli_fault *fault);
/* CLI_NOT_FOUND: there is no such section. */
enum cli_exit cli_profile_file_delete(const char *name, struct cli_fault *fault);
/* A part of a file name and of a section: letters, digits, dot, dash, underscore. */
bool cli_profile_file_is_name(const char *name);
