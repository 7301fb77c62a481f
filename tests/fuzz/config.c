/* config.c - target: a configuration file and what overrides it (base/config.h).
 *
 * First line: an override; then the file. Holds: what is loaded is in its range; a refusal has a
 * text that ends; the sample of a table, with its musts filled, loads. */
#include "base/config.h"

#include "base/check.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct options {
    char name[CONFIG_TEXT_SIZE], data[CONFIG_TEXT_SIZE];
    int64_t tcp_port, room, on;
};

#define AT(field) offsetof(struct options, field)
static const struct config_option table[] = {
    {"public", "name", CONFIG_TEXT, "none", 0, 0, AT(name), "its name"},
    {"public", "tcp-port", CONFIG_INT, "8773", 1, 65535, AT(tcp_port), "port"},
    {"store", "data", CONFIG_PATH, NULL, 0, 0, AT(data), "where it lives"},
    {"store", "room", CONFIG_SIZE, "0", 0, INT64_MAX, AT(room), "bytes"},
    {"store", "on", CONFIG_BOOL, "yes", 0, 0, AT(on), "is it on?"},
};
enum { TABLE_LEN = sizeof table / sizeof *table };

/* libinih wants a path: that of a file in memory. */
static enum err_code load(struct options *o, const char *text, size_t len, const char *override,
                          struct err *err)
{
    char path[64];
    int fd = memfd_create("config", MFD_CLOEXEC);
    INV(fd >= 0 && write(fd, text, len) == (ssize_t)len);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    memset(o, 'x', sizeof *o);
    enum err_code code = config_load(o, table, TABLE_LEN, path, &override, *override != '\0', err);
    close(fd);
    return code;
}

static bool is_ended(const char field[CONFIG_TEXT_SIZE])
{
    return memchr(field, '\0', CONFIG_TEXT_SIZE) != NULL;
}

static void hold_sample(void)
{
    CLEANUP(buf_fini) struct buf sample = {0};
    struct options o;
    struct err err = {0};
    config_sample(&sample, table, TABLE_LEN);
    INV(load(&o, sample.data, sample.len, "store.data=/var", &err) == ERR_OK);
    INV(str_eq(o.name, "none") && o.tcp_port == 8773 && o.on == 1 && str_eq(o.data, "/var"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    struct options o;
    struct err err = {0};
    char *override = fuzz_line(&input), *text = fuzz_rest(&input, &len);
    if (len == 0)
        hold_sample();
    enum err_code code = load(&o, text, len, override, &err);
    INV(code == err.code && (code == ERR_OK || code == ERR_CONFIG));
    if (code == ERR_OK) {
        INV(is_ended(o.name) && is_ended(o.data) && (o.on == 0 || o.on == 1));
        INV(o.tcp_port >= 1 && o.tcp_port <= 65535 && o.room >= 0);
    } else {
        INV(err.text[0] != '\0' && memchr(err.text, '\0', sizeof err.text) != NULL);
    }
    free(override);
    free(text);
    return 0;
}
