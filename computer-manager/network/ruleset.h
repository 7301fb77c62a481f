/* ruleset.h - nft transactions in the namespace the process is in, and what is loaded there.
 * The text comes from model/filter.c; a transaction is done whole or not at all. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

/* Loads `text` as one transaction. */
enum err_code ruleset_load(const char *text, struct err *err);

enum ruleset_detail { RULESET_ELEMENTS, RULESET_NAMES };
/* Appends the output of an nft listing, e.g. "list map inet t m", with or without what sets and
 * maps hold; nothing where there is no such thing. */
enum err_code ruleset_list(const char *command, enum ruleset_detail detail, struct buf *out,
                           struct err *err);

/* How often rules changed in this namespace, whoever did it: equal = nothing did. */
enum err_code ruleset_generation(uint32_t *out, struct err *err);

/* Calls `each` with the name of every table of the netdev family. Asked of the kernel itself: nft
 * reads every rule of every table to answer this. */
enum err_code ruleset_taps(void (*each)(void *self, const char *table), void *self,
                           struct err *err);
