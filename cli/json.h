/* json.h - an answer as JSON: names of the API in camelCase, lists as arrays, numbers and booleans
 * where shapes.def says so. The same answer always gives the same text. */
#pragma once

#include "base/buf.h"
#include "cli/node.h"

#include <jansson.h>
#include <stdbool.h>

/* As values; the caller's own. */
json_t *cli_json_of_answer(const struct cli_node *answer);
json_t *cli_json_of_rows(const struct cli_nodes *rows);
/* Appends, ends the line; nothing in it that a terminal obeys. */
void cli_json_print(struct buf *out, const json_t *value, bool is_pretty);
/* The whole answer, without its request id: {"reservationSet": [..]}. Appends, ends the line. */
void cli_json_answer(struct buf *out, const struct cli_node *answer, bool is_pretty);
/* Rows alone: [{..}, {..}]. */
void cli_json_rows(struct buf *out, const struct cli_nodes *rows, bool is_pretty);
