/* journal.h - one entry of systemd's journal, in its own protocol, so that what a line says can be
 * searched by field. Only log.c calls it. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>

/* Where journald listens. */
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Is this process's stderr a stream to the journal, as JOURNAL_STREAM says of it? */
bool journal_has_stderr(void);
/* A socket to the journal at `path`; -1 = none. */
int journal_open(const char *path);
/* Appends a field. `name` is written in capitals, with '_' for whatever is no letter or digit. */
void journal_field(struct buf *entry, const char *prefix, const char *name, const char *value);
/* False when the journal did not take it. Never waits. */
bool journal_send(int fd, const struct buf *entry);
