/* space.h - network namespaces by name, as `ip netns` keeps them (/run/netns/NAME), and a visit
 * inside. The process has one thread: while it visits, it is there with everything it does. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/* Where the process lives; call once before anything else. */
enum err_code space_init(struct err *err);

bool space_exists(const char *name);
/* Makes it where it is not; *made says so. */
enum err_code space_ensure(const char *name, bool *made, struct err *err);
/* Takes the name away; the namespace goes with its last process and socket. */
enum err_code space_remove(const char *name, struct err *err);
/* A descriptor of it; the caller closes. -1 and `err` where it cannot be had. */
int space_open(const char *name, struct err *err);

/* Runs `fn` inside and comes back, whatever it returns. Failing to come back aborts. */
enum err_code space_visit(const char *name, enum err_code (*fn)(void *self, struct err *err),
                          void *self, struct err *err);
/* Runs `fn` in a new namespace that nobody else sees and that is gone afterwards. */
enum err_code space_try(enum err_code (*fn)(void *self, struct err *err), void *self,
                        struct err *err);
