/* main_verbs.h - what an admin asks on the machine itself, beside the daemon: init, token. */
#pragma once

#include "cloud-manager/options.h"

extern const char cloud_verbs_help[];

/* Runs the verb; the process's exit status. */
int cloud_verb_run(const struct cloud_options *o, int argc, char **argv);
