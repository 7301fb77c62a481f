/* screen.h - the whole terminal for something that changes: `top` and --watch. What was on it comes
 * back when it is closed, also by Ctrl-C. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False: stdout or stdin is no terminal; nothing was done. */
bool cli_screen_open(void);
void cli_screen_close(void);
/* Since it was asked last. */
bool cli_screen_was_resized(void);
/* Text of any number of lines; what is below the last row of the terminal is left out. */
void cli_screen_draw(const struct buf *text);
/* Until `ms` have passed, a key is pressed or the terminal has another size. False: it is over (q,
 * Ctrl-C, the end of the input). */
bool cli_screen_wait(int64_t ms);
