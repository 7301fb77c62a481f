/* manifest_file.c - reads and writes IMAGES/MANIFEST.json; see manifest_file.h. */
#include "computer-manager/effect/manifest_file.h"

#include "base/check.h"
#include "base/log.h"
#include "base/str.h"
#include "computer-manager/effect/durable.h"
#include "computer-manager/effect/layout.h"
#include "proto/auth/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_MAX = 256, CHUNK_TEXT = 67 /* quotes, a hash and a comma */ };

size_t host_manifest_text_max(int64_t image_bytes)
{
    PRE(image_bytes >= 0);
    return ((size_t)image_bytes / MANIFEST_CHUNK_SIZE + 1) * CHUNK_TEXT + HEAD_MAX;
}

static bool read_all(int fd, char *to, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = pread(fd, to + at, len - at, (off_t)at);
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        at += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool is_named_so(const char *hash, const char *text, size_t len)
{
    char hex[DIGEST_SHA256_HEX_SIZE];
    digest_sha256_hex(hex, text, len);
    return str_eq(hex, hash);
}

bool host_manifest_load(struct manifest *out, const char *images_dir, const char *hash,
                        size_t text_max)
{
    char path[HOST_PATH_SIZE];
    struct stat st;
    struct err err = {0};
    *out = (struct manifest){0};
    host_layout_manifest(path, images_dir, hash);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool is_right = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
                    (uint64_t)st.st_size <= text_max;
    size_t len = is_right ? (size_t)st.st_size : 0;
    char *text = check_alloc(len + 1);
    bool is_whole = is_right && read_all(fd, text, len) && is_named_so(hash, text, len);
    close(fd);
    if (is_right && !is_whole) { /* so that the right one can have its name */
        log_warn("image.manifest_spoiled", "manifest", hash, NULL);
        unlink(path);
    }
    is_whole = is_whole && manifest_decode(out, text, len, &err) == ERR_OK;
    free(text);
    return is_whole;
}

static enum err_code write_all(int fd, const struct buf *text, struct err *err)
{
    for (size_t at = 0; at < text->len;) {
        ssize_t n = write(fd, text->data + at, text->len - at);
        if (n < 0 && errno != EINTR)
            return err_set(err, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, "write: %s",
                           strerror(errno));
        at += n > 0 ? (size_t)n : 0;
    }
    return ERR_OK;
}

enum err_code host_manifest_keep(const char *images_dir, const char *hash, const struct buf *text,
                                 struct err *err)
{
    char path[HOST_PATH_SIZE], temporary[HOST_PATH_SIZE];
    host_layout_manifest(path, images_dir, hash);
    host_layout_manifest_new(temporary, images_dir, hash);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_set(err, errno == ENOSPC ? ERR_NO_SPACE : ERR_IO, "%s: %s", temporary,
                       strerror(errno));
    enum err_code code = write_all(fd, text, err);
    if (code == ERR_OK)
        code = host_durable_publish(fd, temporary, path, images_dir, err);
    if (code != ERR_OK)
        unlink(temporary);
    close(fd);
    return code;
}
