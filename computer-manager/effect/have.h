/* have.h - which chunks of an image are here: told by the file itself, where what has not come is a
 * hole. Not looked at: a chunk that is being written, or was spoiled, is found out by its hash. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <sys/types.h>

/* Is there anything but holes in that part of the file? Changes its position. */
bool host_have_is(int fd, off_t at, off_t len);
/* A bit a chunk, the first one lowest. `is_part`: of what has come until now; otherwise it is
 * whole, and all are set. */
void host_have_write(struct buf *out, int fd, off_t size, bool is_part);
