/* profile.h - the settings of a run: flags, then the environment, then a section of
 * ~/.config/tercet/config.ini ([profile default]). */
#pragma once

#include "cli/line.h"

enum { CLI_SETTING_SIZE = 512 };

struct cli_profile {
#define SETTING(key, flag, variable, stock, otherwise, help) char key[CLI_SETTING_SIZE];
#include "cli/profile.def"
#undef SETTING
};

/* CLI_USAGE: config.ini has an error, holds a secret that others can read, lacks the profile that
 * was asked for, or an endpoint is no URL. Missing keys are not an error yet. */
enum cli_exit cli_profile_load(struct cli_profile *p, const struct cli_line *line,
                               struct cli_fault *fault);
/* CLI_USAGE: an endpoint is no URL; slashes at its end are taken off. */
enum cli_exit cli_profile_check(struct cli_profile *p, struct cli_fault *fault);
/* CLI_DENIED: there is no access key or no secret. */
enum cli_exit cli_profile_need_key(const struct cli_profile *p, struct cli_fault *fault);
/* Wipes the secret. */
void cli_profile_fini(struct cli_profile *p);
