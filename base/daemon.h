/* daemon.h - what every daemon's command line has in common.
 *
 *   PROGRAM [--config FILE] [--set section.key=value]... [VERB ARGUMENT...]
 *   PROGRAM --check-config | --sample-config | --help | --version
 *
 * Called first by each main(). Options come from the daemon's options.def through base/config. */
#pragma once

#include "base/config.h"
#include "base/landlock.h"

#include <stdbool.h>
#include <stddef.h>

enum { DAEMON_OVERRIDES_MAX = 64 };

struct daemon {
    const char *name;    /* "tercet-dos" */
    const char *summary; /* one line for --help */
    const char *verbs;   /* help text of its verbs, "" for none */
    const struct config_option *table;
    size_t table_len;
    void *options; /* the struct that the table describes */
    /* set by daemon_options */
    int options_len; /* words of the command line before the verb, its name too */
    int verb_argc;   /* what stands behind the options */
    char **verb_argv;
};

enum daemon_next { DAEMON_GO, DAEMON_DONE, DAEMON_FAILED };

/* Reads the command line and the configuration; DONE and FAILED have said what they had to.
 * GO: options are filled, verb_argv holds the verb, logging is set up. */
enum daemon_next daemon_options(struct daemon *d, int argc, char **argv);

/* What this process knows is its own: no core file, whatever limit and pattern the machine has, and
 * no reading of its memory by others of its user (I16). A part of daemon_options; programs that a
 * daemon starts call it themselves, for exec undoes half of it. */
void daemon_keep_private(void);

/* From here on this process opens no file but what lies in `own` and what every daemon needs (names
 * of hosts, libraries, /proc); where the kernel has no Landlock it says so and goes on. False: it
 * has one that refused, which was told. Called once, before the first thread; verbs of a command
 * line, which read and write where the admin says, do not. */
bool daemon_keep_to(const struct landlock_path *own, size_t len);
