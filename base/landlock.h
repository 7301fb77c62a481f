/* landlock.h - from a call on, this process and its children open no files but below named folders.
 *
 * Landlock is the kernel's: no privilege is needed, and nothing takes it back. It stands beside the
 * units of deploy/systemd, which say the same to systemd, and holds where there is none. Children
 * of the process can mount nothing. Called by base/daemon for each daemon, before there is a
 * thread. */
#pragma once

#include "base/err.h"

#include <stddef.h>

enum landlock_use {
    LANDLOCK_READ,   /* and list */
    LANDLOCK_RUN,    /* and execute */
    LANDLOCK_WRITE,  /* all but to execute: make, rename, remove, whole trees */
    LANDLOCK_BESIDE, /* read what lies beside this file, and beside what it leads to if it is a
                        link: it may be replaced by another one of its name */
};

/* A folder with all below it, or a file that nobody replaces. "" and what is not there: nothing. */
struct landlock_path {
    const char *path;
    enum landlock_use use;
};

/* ERR_UNSUPPORTED: this kernel has none, or its Landlock was not switched on, or is of the first
 * version, which forbids every rename from folder to folder: nothing has changed. ERR_IO: it has,
 * and refused. */
enum err_code landlock_restrict(const struct landlock_path *paths, size_t len, struct err *err);
