/* transfer.c - see transfer.h. */
#include "cli/transfer.h"

#include "base/check.h"
#include "base/str.h"
#include "cli/interrupt.h"
#include "cli/params.h"
#include "cli/progress.h"
#include "cli/s3.h"
#include "proto/auth/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ONE_PUT_MAX = 64 << 20, /* above: in parts */
    PART_MIN = 32 << 20,
    PARTS_MAX = 10000,
    PIECE = 256 << 10,
    ETAG_SIZE = 80,
};

struct transfer {
    struct cli *cli;
    const char *bucket, *key, *name;
    int fd;
    bool is_down;
    uint64_t size, done; /* of the parts before this one */
    struct cli_progress progress;
};

static void moved(void *self, uint64_t bytes, uint64_t total)
{
    struct transfer *t = self;
    if (t->is_down)
        t->size = total;
    if (t->size == 0)
        return;
    uint64_t done = t->done + bytes < t->size ? t->done + bytes : t->size;
    cli_progress_bytes(&t->progress, cli_now_ms(t->cli), t->name, done, t->size);
}

/* ---- a piece of the file ------------------------------------------------------------------ */

struct piece {
    off_t offset;
    uint64_t size;
    char sha256[DIGEST_SHA256_HEX_SIZE];
    char md5[DIGEST_MD5_HEX_SIZE];
};

/* Read once for the hashes, which are signed before the first byte goes out, and once to send. */
static enum cli_exit hash_piece(struct transfer *t, struct piece *p, struct cli_fault *fault)
{
    struct digest sha = {0}, md5 = {0};
    unsigned char raw[DIGEST_MAX_SIZE];
    char *data = check_alloc(PIECE);
    uint64_t at = 0;
    ssize_t got = 1;
    digest_open(&sha, DIGEST_SHA256);
    digest_open(&md5, DIGEST_MD5);
    while (at < p->size && got > 0 && !cli_interrupted()) {
        size_t want = p->size - at < PIECE ? (size_t)(p->size - at) : PIECE;
        got = pread(t->fd, data, want, p->offset + (off_t)at);
        if (got > 0) {
            digest_update(&sha, data, (size_t)got);
            digest_update(&md5, data, (size_t)got);
            at += (uint64_t)got;
        }
    }
    free(data);
    digest_finish(&sha, raw);
    str_hex(p->sha256, raw, DIGEST_SHA256_SIZE);
    digest_finish(&md5, raw);
    str_hex(p->md5, raw, DIGEST_MD5_SIZE);
    if (at == p->size)
        return CLI_OK;
    if (cli_interrupted())
        return cli_fault_set(fault, CLI_INTERRUPTED, "interrupted");
    return cli_fault_set(fault, CLI_FAILED, "cannot read %.150s: %s", t->name,
                         got < 0 ? strerror(errno) : "it became shorter under way");
}

static enum cli_exit send_piece(struct transfer *t, struct piece *p, const char *query,
                                struct cli_fault *fault)
{
    char etag[ETAG_SIZE] = "";
    if (hash_piece(t, p, fault) != CLI_OK)
        return fault->exit;
    struct cli_s3_ask ask = {.method = "PUT",
                             .bucket = t->bucket,
                             .key = t->key,
                             .query = query,
                             .source = {.fd = t->fd, .offset = p->offset, .size = p->size},
                             .sha256 = p->sha256,
                             .sink_fd = -1,
                             .moved = moved,
                             .self = t};
    if (cli_s3(t->cli, &ask, CLI_REPEATABLE, NULL, etag, fault) != CLI_OK)
        return fault->exit;
    if (!str_eq(etag, p->md5))
        return cli_fault_set(fault, CLI_FAILED, "what arrived of %.150s is not what was sent",
                             t->name);
    return CLI_OK;
}

/* ---- in parts ----------------------------------------------------------------------------- */

static enum cli_exit begin_parts(struct transfer *t, const char **upload, struct cli_fault *fault)
{
    struct cli_s3_ask ask = {.method = "POST",
                             .bucket = t->bucket,
                             .key = t->key,
                             .query = "uploads=",
                             .source = {.fd = -1},
                             .sink_fd = -1};
    struct cli_node *answer;
    if (cli_s3(t->cli, &ask, CLI_ONCE, &answer, NULL, fault) != CLI_OK)
        return fault->exit;
    CLEANUP(buf_fini) struct buf query = {0};
    buf_text(&query, "uploadId=");
    cli_percent(&query, cli_node_text(answer, "UploadId"), "");
    *upload = arena_strdup(&t->cli->arena, buf_str(&query));
    return CLI_OK;
}

/* Best effort: the fault that led here is the one to tell. */
static void abort_parts(struct transfer *t, const char *upload)
{
    struct cli_s3_ask ask = {.method = "DELETE",
                             .bucket = t->bucket,
                             .key = t->key,
                             .query = upload,
                             .source = {.fd = -1},
                             .sink_fd = -1};
    struct cli_fault ignored;
    cli_interrupt_forget();
    (void)cli_s3(t->cli, &ask, CLI_ONCE, NULL, NULL, &ignored);
}

static uint64_t part_size(uint64_t size)
{
    uint64_t least = size / PARTS_MAX + 1;
    return least < PART_MIN ? PART_MIN : least;
}

static enum cli_exit send_parts(struct transfer *t, const char *upload, struct buf *list,
                                struct cli_fault *fault)
{
    uint64_t each = part_size(t->size);
    for (unsigned number = 1; t->done < t->size; number++) {
        CLEANUP(buf_fini) struct buf query = {0};
        struct piece p = {.offset = (off_t)t->done,
                          .size = t->size - t->done < each ? t->size - t->done : each};
        buf_printf(&query, "partNumber=%u&%s", number, upload);
        if (send_piece(t, &p, buf_str(&query), fault) != CLI_OK)
            return fault->exit;
        buf_printf(list, "<Part><PartNumber>%u</PartNumber><ETag>\"%s\"</ETag></Part>", number,
                   p.md5);
        t->done += p.size;
    }
    return CLI_OK;
}

/* An answer 200 may still carry an error. */
static enum cli_exit complete_parts(struct transfer *t, const char *upload, const struct buf *list,
                                    struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf body = {0};
    struct cli_node *answer;
    buf_printf(&body, "<CompleteMultipartUpload>%s</CompleteMultipartUpload>", buf_str(list));
    struct cli_s3_ask ask = {.method = "POST",
                             .bucket = t->bucket,
                             .key = t->key,
                             .query = upload,
                             .body = buf_str(&body),
                             .body_len = body.len,
                             .source = {.fd = -1},
                             .sink_fd = -1};
    if (cli_s3(t->cli, &ask, CLI_ONCE, &answer, NULL, fault) != CLI_OK)
        return fault->exit;
    if (str_eq(answer->name, "Error"))
        return cli_fault_api(fault, cli_doing(t->cli), cli_node_text(answer, "Code"),
                             cli_node_text(answer, "Message"), cli_node_text(answer, "RequestId"));
    return CLI_OK;
}

static enum cli_exit put_parts(struct transfer *t, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf list = {0};
    const char *upload = "";
    if (begin_parts(t, &upload, fault) != CLI_OK)
        return fault->exit;
    if (send_parts(t, upload, &list, fault) == CLI_OK &&
        complete_parts(t, upload, &list, fault) == CLI_OK)
        return CLI_OK;
    abort_parts(t, upload);
    return fault->exit;
}

/* ---- up ----------------------------------------------------------------------------------- */

const char *cli_transfer_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static enum cli_exit open_file(struct transfer *t, const char *path, struct cli_fault *fault)
{
    struct stat st;
    t->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (t->fd < 0)
        return cli_fault_set(fault, CLI_FAILED, "cannot read %.150s: %s", path, strerror(errno));
    if (fstat(t->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(t->fd);
        return cli_fault_set(fault, CLI_USAGE, "%.150s is not a file", path);
    }
    t->size = (uint64_t)st.st_size;
    return CLI_OK;
}

enum cli_exit cli_transfer_check(const char *path, struct cli_fault *fault)
{
    struct transfer t = {.fd = -1};
    if (open_file(&t, path, fault) != CLI_OK)
        return fault->exit;
    close(t.fd);
    return CLI_OK;
}

enum cli_exit cli_transfer_put(struct cli *cli, const char *path, const char *bucket,
                               const char *key, struct cli_fault *fault)
{
    struct transfer t = {.cli = cli,
                         .bucket = bucket,
                         .key = key,
                         .name = cli_transfer_name(path),
                         .progress = cli_progress_begin(cli_now_ms(cli))};
    enum cli_exit exit;
    if (open_file(&t, path, fault) != CLI_OK)
        return fault->exit;
    cli_interrupt_watch();
    if (t.size < ONE_PUT_MAX) {
        struct piece whole = {.size = t.size};
        exit = send_piece(&t, &whole, NULL, fault);
    } else {
        exit = put_parts(&t, fault);
    }
    cli_progress_end(&t.progress);
    close(t.fd);
    return exit;
}

/* ---- down --------------------------------------------------------------------------------- */

static bool is_md5(const char *etag)
{
    return strlen(etag) == 2 * DIGEST_MD5_SIZE &&
           strspn(etag, "0123456789abcdef") == 2 * DIGEST_MD5_SIZE;
}

static enum cli_exit receive(struct transfer *t, char etag[ETAG_SIZE], struct cli_fault *fault)
{
    struct cli_s3_ask ask = {.method = "GET",
                             .bucket = t->bucket,
                             .key = t->key,
                             .source = {.fd = -1},
                             .sink_fd = t->fd,
                             .moved = moved,
                             .self = t};
    return cli_s3(t->cli, &ask, CLI_REPEATABLE, NULL, etag, fault);
}

/* The name is taken only by what is whole. */
static enum cli_exit keep(struct transfer *t, const char *part, const char *path, const char *etag,
                          struct cli_fault *fault)
{
    struct stat st;
    INV(fstat(t->fd, &st) == 0);
    struct piece whole = {.size = (uint64_t)st.st_size};
    if (is_md5(etag) && hash_piece(t, &whole, fault) != CLI_OK)
        return fault->exit;
    if (is_md5(etag) && !str_eq(whole.md5, etag))
        return cli_fault_set(fault, CLI_FAILED, "what came of %.150s is not what is stored",
                             t->key);
    if (fsync(t->fd) != 0 || rename(part, path) != 0)
        return cli_fault_set(fault, CLI_FAILED, "cannot write %.150s: %s", path, strerror(errno));
    return CLI_OK;
}

static enum cli_exit get_file(struct transfer *t, const char *path, struct cli_fault *fault)
{
    char etag[ETAG_SIZE] = "";
    char *part = arena_printf(&t->cli->arena, "%s.part-XXXXXX", path);
    t->fd = mkstemp(part);
    if (t->fd < 0)
        return cli_fault_set(fault, CLI_FAILED, "cannot make %.150s: %s", part, strerror(errno));
    mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(t->fd, 0666 & ~mask);
    enum cli_exit exit = receive(t, etag, fault);
    if (exit == CLI_OK)
        exit = keep(t, part, path, etag, fault);
    if (exit != CLI_OK)
        unlink(part);
    close(t->fd);
    return exit;
}

enum cli_exit cli_transfer_get(struct cli *cli, const char *bucket, const char *key,
                               const char *path, struct cli_fault *fault)
{
    struct transfer t = {.cli = cli,
                         .bucket = bucket,
                         .key = key,
                         .name = cli_transfer_name(key),
                         .fd = STDOUT_FILENO,
                         .is_down = true,
                         .progress = cli_progress_begin(cli_now_ms(cli))};
    char etag[ETAG_SIZE];
    cli_interrupt_watch();
    enum cli_exit exit = str_eq(path, "-") ? receive(&t, etag, fault) : get_file(&t, path, fault);
    cli_progress_end(&t.progress);
    return exit;
}
