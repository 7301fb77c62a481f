/* replay.c - the main of a target that was built without libFuzzer: every file of a corpus, then
 * mutations of them. The same corpus and the same number of rounds give the same inputs.
 *
 * usage: TARGET [--rounds N] [FILE|FOLDER]...
 * What was being tried when it died is left in crash-TARGET, which can be given as FILE. */
#include "base/buf.h"
#include "base/check.h"
#include "base/rng.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_MAX = 1 << 16, FILES_MAX = 1024, CHANGES_MAX = 5, RUN_MAX = 16 };

static struct buf files[FILES_MAX];
static size_t files_len;
static struct buf current;
static char crash_path[64], crash_note[128];

/* Of the sanitizers, which end without a signal. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void keep_current(void)
{
    int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_kept = fd >= 0 && write(fd, current.data, current.len) == (ssize_t)current.len;
    if (is_kept && write(STDERR_FILENO, crash_note, strlen(crash_note)) > 0)
        fsync(fd);
    close(fd);
}

static void on_abort(int number)
{
    keep_current();
    signal(number, SIG_DFL);
    raise(number);
}

static void try_current(void)
{
    /* Exactly as long as it is: ASan sees a target that reads on. */
    uint8_t *exact = check_alloc(current.len > 0 ? current.len : 1);
    if (current.len > 0)
        memcpy(exact, current.data, current.len);
    LLVMFuzzerTestOneInput(exact, current.len);
    free(exact);
}

/* ---- the corpus ----------------------------------------------------------------------------- */

static bool load_file(const char *path)
{
    char piece[4096];
    size_t n;
    FILE *file = fopen(path, "rb");
    if (file == NULL || files_len == FILES_MAX)
        return false;
    struct buf *out = &files[files_len++];
    while ((n = fread(piece, 1, sizeof piece, file)) > 0 && out->len < INPUT_MAX)
        buf_append(out, piece, n);
    return fclose(file) == 0;
}

static int is_plain(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool load(const char *path)
{
    struct dirent **list;
    int len = scandir(path, &list, is_plain, alphasort);
    bool fine = true;
    if (len < 0)
        return load_file(path);
    for (int i = 0; i < len; i++) {
        CLEANUP(buf_fini) struct buf name = {0};
        buf_printf(&name, "%s/%s", path, list[i]->d_name);
        fine = load_file(name.data) && fine;
        free(list[i]);
    }
    free(list);
    return fine;
}

/* ---- mutations ------------------------------------------------------------------------------ */

static size_t below(const struct rng *rng, size_t n)
{
    return n == 0 ? 0 : (size_t)rng_below(rng, n);
}

/* Puts `len` bytes in place of `gone` bytes at `at`. */
static void put(size_t at, size_t gone, const void *data, size_t len)
{
    struct buf out = {0};
    buf_append(&out, current.data, at);
    buf_append(&out, data, len);
    buf_append(&out, current.data + at + gone, current.len - at - gone);
    buf_fini(&current);
    current = out;
}

/* What is worth writing: the ends of ranges, and what means something to a parser. */
static uint8_t some_byte(const struct rng *rng)
{
    static const uint8_t worth[] = "\0\x01\x7f\x80\xff\r\n\t \"'%&<>/:;=?[]{}\\.,-+0129aAfFzZ\xc2";
    return below(rng, 2) == 0 ? worth[below(rng, sizeof worth)] : (uint8_t)below(rng, 256);
}

static void mutate(const struct rng *rng)
{
    char piece[RUN_MAX];
    size_t at = below(rng, current.len + 1), left = current.len - at;
    size_t run = below(rng, (left < RUN_MAX ? left : RUN_MAX) + 1);
    const struct buf *other = &files[below(rng, files_len)];
    uint8_t byte = some_byte(rng);
    switch (below(rng, 6)) {
    case 0: /* one byte is another */
        put(at, left > 0, &byte, 1);
        break;
    case 1: /* one bit */
        if (left > 0)
            current.data[at] = (char)(current.data[at] ^ (1 << below(rng, 8)));
        break;
    case 2: /* a run goes */
        put(at, run, "", 0);
        break;
    case 3: /* a byte comes */
        put(at, 0, &byte, 1);
        break;
    case 4: /* a run is there twice */
        if (run > 0)
            memcpy(piece, current.data + at, run);
        put(at, 0, piece, run);
        break;
    default: { /* a piece of another file */
        size_t from = below(rng, other->len + 1);
        put(at, run, other->data + from, below(rng, other->len - from + 1));
    }
    }
}

static void run_rounds(int64_t rounds)
{
    struct rng_seeded seeded = {.state = 1};
    struct rng rng = rng_seeded(&seeded);
    for (int64_t i = 0; i < rounds; i++) {
        const struct buf *from = &files[below(&rng, files_len)];
        buf_clear(&current);
        buf_append(&current, from->data, from->len);
        for (size_t n = 1 + below(&rng, CHANGES_MAX); n > 0; n--)
            mutate(&rng);
        if (current.len <= INPUT_MAX)
            try_current();
    }
}

static void run_files(void)
{
    for (size_t i = 0; i < files_len; i++) {
        buf_clear(&current);
        buf_append(&current, files[i].data, files[i].len);
        try_current();
    }
}

static void die_with_input(const char *program)
{
    const char *slash = strrchr(program, '/');
    snprintf(crash_path, sizeof crash_path, "crash-%s", slash != NULL ? slash + 1 : program);
    snprintf(crash_note, sizeof crash_note, "replay: what did it is in %s\n", crash_path);
    signal(SIGABRT, on_abort);
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(keep_current);
}

int main(int argc, char **argv)
{
    int64_t rounds = 0;
    die_with_input(argv[0]);
    for (int i = 1; i < argc; i++) {
        if (i + 1 < argc && str_eq(argv[i], "--rounds")) {
            if (!str_parse_i64(argv[++i], 0, INT64_MAX, &rounds))
                return 2;
        } else if (!load(argv[i])) {
            fprintf(stderr, "replay: cannot read %s\n", argv[i]);
            return 2;
        }
    }
    if (files_len == 0) {
        fprintf(stderr, "usage: %s [--rounds N] FILE|FOLDER...\n", argv[0]);
        return 2;
    }
    run_files();
    run_rounds(rounds);
    printf("%zu files and %lld mutations of them\n", files_len, (long long)rounds);
    for (size_t i = 0; i < files_len; i++)
        buf_fini(&files[i]);
    buf_fini(&current);
    return 0;
}
