/* version.h - messages as a later version of the protocol would send them (PROTOCOL 9): there is
 * one version, so the next is this one with fields and kinds of notes that nobody here knows. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct sim_node;

/* Appends what `n` sends, as its version does: where that is this one, the body as it is. */
void sim_version_speak(const struct sim_node *n, bool is_reply, const char *body, size_t len,
                       struct buf *out);
