/* check.h - assertions about our own code. Always compiled in.
 *
 * PRE says what the caller promised, POST what this function promises, INV what always holds.
 * A failed one prints the expression and aborts: the daemons are crash-only, and a wrong turn
 * is never committed. The world's mistakes (input, network, disk) are values: see err.h. */
#pragma once

#define PRE(cond)       CHECK_(cond, "PRE")
#define POST(cond)      CHECK_(cond, "POST")
#define INV(cond)       CHECK_(cond, "INV")
#define IMPOSSIBLE(why) check_failed("IMPOSSIBLE", (why), __FILE__, __LINE__, __func__)

#define CHECK_(cond, kind) \
    ((cond) ? (void)0 : check_failed(kind, #cond, __FILE__, __LINE__, __func__))

/* Prints to stderr and aborts. */
_Noreturn void check_failed(const char *kind, const char *what, const char *file, int line,
                            const char *func);

/* malloc and friends that abort when memory is out: sizes from outside are bounded before. */
void *check_alloc(unsigned long size_bytes);
void *check_realloc(void *old, unsigned long size_bytes);
char *check_strdup(const char *text);

/* Scope-owned things: CLEANUP(buf_fini) struct buf b = {0}; */
#define CLEANUP(fini) __attribute__((cleanup(fini)))
