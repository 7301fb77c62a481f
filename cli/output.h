/* output.h - what a command prints on stdout: a table for people, JSON for programs. */
#pragma once

#include "cli/cli.h"
#include "cli/node.h"

/* The answer to the command of cli->line. Table: its rows, nothing when it has none. JSON: in our
 * spelling the list of its rows, in EC2's spelling (or without rows) the whole answer. */
enum cli_exit cli_output(struct cli *cli, const struct cli_node *answer, struct cli_fault *fault);
bool cli_output_is_json(const struct cli *cli);
/* Bytes as they are. CLI_FAILED: stdout is full or gone. */
enum cli_exit cli_output_bytes(const void *data, size_t len, struct cli_fault *fault);
/* A text and an end of line. */
enum cli_exit cli_output_line(const char *text, struct cli_fault *fault);
