/* interrupt.h - Ctrl-C: noticed between steps, so that a wait says how to go on and an upload is
 * taken back. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* From now on SIGINT and SIGTERM only set a mark; a second one ends the program as usual. */
void cli_interrupt_watch(void);
bool cli_interrupted(void);
/* For what must still be done after one. */
void cli_interrupt_forget(void);
/* Waits so long, or until interrupted; false then. */
bool cli_pause(int64_t ms);
