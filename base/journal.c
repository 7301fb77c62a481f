/* journal.c - fields of an entry are lines NAME=value; a value with a line feed travels with its
 * length (systemd's "native journal protocol"). */
#include "base/journal.h"

#include "base/str.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

bool journal_has_stderr(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char ours[48];
    struct stat st;
    if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
        return false;
    snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return str_eq(stream, ours);
}

int journal_open(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && str_copy(to.sun_path, sizeof to.sun_path, path) &&
        connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void append_name(struct buf *entry, const char *name)
{
    for (const char *p = name; *p != '\0'; p++) {
        bool is_lower = *p >= 'a' && *p <= 'z';
        bool is_other = (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
        buf_char(entry, (char)(is_lower ? *p - 'a' + 'A' : is_other ? *p : '_'));
    }
}

void journal_field(struct buf *entry, const char *prefix, const char *name, const char *value)
{
    buf_text(entry, prefix);
    append_name(entry, name);
    if (strchr(value, '\n') == NULL) {
        buf_char(entry, '=');
    } else {
        uint64_t len = strlen(value);
        buf_char(entry, '\n');
        for (int i = 0; i < 8; i++)
            buf_char(entry, (char)(len >> (8 * i)));
    }
    buf_text(entry, value);
    buf_char(entry, '\n');
}

bool journal_send(int fd, const struct buf *entry)
{
    return send(fd, entry->data, entry->len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)entry->len;
}
