/* turn_bare.h - what a turn costs that does nothing: the limit beside which bench/place stands. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* CPU time of this process: the machine may be busy with other work, and waits for its disk. */
int64_t turn_cpu_ns(void);
/* `count` turns of one row of 600 bytes each, in a new store at `path`; what each took. */
void turn_bare(const char *path, int64_t *ns, size_t count);
