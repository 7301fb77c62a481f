/* members.h - who is in a security group, by pages: one for each /24 that a living port of it has
 * an address in. A member that comes or goes changes its page, and triggers note that. Tables
 * port_group (written by port.c), member_changed. */
#pragma once

#include "cloud-manager/store/row.h"

#include <stdbool.h>

enum { CLOUD_MEMBERS_PAGE_LEN = 256, CLOUD_MEMBERS_PAGE_BYTES = CLOUD_MEMBERS_PAGE_LEN / 8 };

struct cloud_members_page {
    const char *grp;
    int64_t base; /* its first address */
};

/* A bit for each address, the highest of the first byte for the base; false = nobody is in it. */
bool cloud_members_read(struct store *st, const struct cloud_members_page *page,
                        unsigned char bits[CLOUD_MEMBERS_PAGE_BYTES]);
/* Those of a group that somebody is in: reads all of its members. */
struct cloud_members_page *cloud_members_list(struct store *st, struct arena *arena,
                                              const char *group, size_t *len);
/* Those that changed since they were taken last. */
struct cloud_members_page *cloud_members_take_changed(struct store *st, struct arena *arena,
                                                      size_t *len);
bool cloud_members_any_changed(struct store *st);
