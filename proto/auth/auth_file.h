/* auth_file.h - files of keys and certificates, replaced as a whole. For this folder only. */
#pragma once

#include "base/err.h"

#include <sys/types.h>

/* Temporary "<path>.new", fsync, rename, fsync of the folder. ERR_IO. */
enum err_code auth_file_write(const char *path, const char *text, mode_t mode, struct err *err);

/* Makes a change of name in the folder of `path` last. ERR_IO. */
enum err_code auth_file_sync_folder(const char *path, struct err *err);
