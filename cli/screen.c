/* screen.c - see screen.h. */
#include "cli/screen.h"

#include "cli/interrupt.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static bool is_open;
static volatile sig_atomic_t is_resized;

/* Also so that poll() ends: the next drawing asks for the size. */
static void note_size(int number)
{
    (void)number;
    is_resized = 1;
}

bool cli_screen_was_resized(void)
{
    bool was = is_resized != 0;
    is_resized = 0;
    return was;
}

bool cli_screen_open(void)
{
    struct sigaction action = {.sa_handler = note_size};
    if (isatty(STDOUT_FILENO) != 1 || tcgetattr(STDIN_FILENO, &before) != 0)
        return false;
    struct termios raw = before;
    cli_interrupt_watch();
    sigaction(SIGWINCH, &action, NULL);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    fputs("\x1b[?1049h\x1b[?25l\x1b[?7l", stdout);
    is_open = true;
    return true;
}

void cli_screen_close(void)
{
    if (!is_open)
        return;
    is_open = false;
    fputs("\x1b[?7h\x1b[?25h\x1b[?1049l", stdout);
    fflush(stdout);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

static size_t rows_of_terminal(void)
{
    struct winsize size = {0};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

/* In one write, over what is there: it does not flicker. */
void cli_screen_draw(const struct buf *text)
{
    struct buf out = {0};
    size_t rows = rows_of_terminal();
    buf_text(&out, "\x1b[H");
    for (const char *at = buf_str(text); *at != '\0' && rows > 0; rows--) {
        size_t len = strcspn(at, "\n");
        buf_append(&out, at, len);
        buf_text(&out, rows > 1 ? "\x1b[K\r\n" : "\x1b[K");
        at += len + (at[len] == '\n');
    }
    buf_text(&out, "\x1b[J");
    fwrite(buf_str(&out), 1, out.len, stdout);
    fflush(stdout);
    buf_fini(&out);
}

bool cli_screen_wait(int64_t ms)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char key = 0;
    if (cli_interrupted())
        return false;
    int ready = poll(&input, 1, ms < INT_MAX ? (int)ms : INT_MAX);
    if (ready < 0 && errno != EINTR)
        return false;
    if (ready > 0 && read(STDIN_FILENO, &key, 1) != 1)
        return false;
    return !cli_interrupted() && key != 'q' && key != 'Q' && key != 3 && key != 4;
}
