/* renewal.h - a child's certificate is renewed when a third of its life has passed (PROTOCOL 10).
 *
 * Called by the main() of a child. It looks at the certificate in its folder now and then, and
 * when it is due runs this same program with the verb `renew` (enroll_renew blocks, and may fail
 * as it likes in a process of its own). Belongs to the loop's thread. */
#pragma once

#include <stdint.h>

struct uv_loop_s;
struct renewal;

struct renewal_config {
    const char *folder; /* of the identity; borrowed */
    char *const *argv;  /* this program's own arguments; borrowed */
    int options_len;    /* how many of them stand before the verb, the program's name too */
    void *self;
    void (*renewed)(void *self); /* new files are there: read them again */
};

struct renewal *renewal_new(struct uv_loop_s *uv, const struct renewal_config *config);
/* Closes its handles; memory goes when the loop has run. */
void renewal_close(struct renewal *r);
