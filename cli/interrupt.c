/* interrupt.c - see interrupt.h. */
#include "cli/interrupt.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t is_interrupted;

static void note(int number)
{
    (void)number;
    is_interrupted = 1;
}

void cli_interrupt_watch(void)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool cli_interrupted(void)
{
    return is_interrupted != 0;
}

void cli_interrupt_forget(void)
{
    is_interrupted = 0;
}

bool cli_pause(int64_t ms)
{
    if (!cli_interrupted())
        poll(NULL, 0, ms < INT_MAX ? (int)ms : INT_MAX);
    return !cli_interrupted();
}
