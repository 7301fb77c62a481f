/* manifest_file.h - the manifest of an image beside its base: whoever has the one can give both to
 * other hosts, and find in it what another image has in common with it.
 *
 * It is named by its own hash, so that what was spoiled on this disk is noticed. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "proto/wire/manifest.h"

#include <stdbool.h>

/* The longest text of a manifest of such an image. */
size_t host_manifest_text_max(int64_t image_bytes);
/* False where there is none that is right; `text_max` is what is read at most. */
bool host_manifest_load(struct manifest *out, const char *images_dir, const char *hash,
                        size_t text_max);
/* `text` is right. A crash leaves all of it or nothing under its name. */
enum err_code host_manifest_keep(const char *images_dir, const char *hash, const struct buf *text,
                                 struct err *err);
