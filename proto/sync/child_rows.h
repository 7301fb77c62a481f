/* child_rows.h - what the parts of a child's end share. Nobody else includes it. */
#pragma once

#include "proto/sync/child.h"

/* First column of a row of child_self. */
int64_t sync_child_self(struct sync_child *c, const char *sql);
/* child_fact.c */
int64_t sync_child_next_number(struct sync_child *c);
/* Says it under a new number, unless it was said so before. */
void sync_child_put_fact(struct sync_child *c, const struct wire_item *fact);
/* Tombstones that everybody has forgotten. */
void sync_child_forget_old(struct sync_child *c, int64_t now_ms);
/* A new run says all facts, in the order of their keys. */
void sync_child_renumber(struct sync_child *c);
