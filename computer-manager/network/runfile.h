/* runfile.h - the small files computer-network keeps under /run for dnsmasq: written whole or not
 * at all. Paths are made from vni and checked ids only. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

enum { RUNFILE_PATH_SIZE = 512 };

/* Is `text` what the file holds? */
bool runfile_holds(const char *path, const char *text);
/* Temporary file and rename; the directory exists. */
enum err_code runfile_write(const char *path, const char *text, struct err *err);
/* Appends at most 64 KiB; nothing where there is no file. */
void runfile_read(const char *path, struct buf *out);
enum err_code runfile_remove(const char *path, struct err *err);
/* Makes the directory and those above it, readable by everybody (dnsmasq has its own uid). */
enum err_code runfile_make_dir(const char *path, struct err *err);
/* Removes the directory, its files and the files of its own directories. */
enum err_code runfile_remove_dir(const char *path, struct err *err);
/* Writes a kernel setting below /proc/sys; one that does not exist is fine when `optional`. */
enum runfile_need { RUNFILE_REQUIRED, RUNFILE_OPTIONAL };
enum err_code runfile_sysctl(const char *name, const char *value, enum runfile_need need,
                             struct err *err);
