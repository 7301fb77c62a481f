/* seal_key.c - the file that holds the master key: read with suspicion, made once, never replaced.
 */
#include "proto/auth/seal.h"

#include "base/check.h"
#include "base/str.h"
#include "proto/auth/auth_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEX_LEN = 2 * SEAL_KEY_SIZE, FILE_LEN = HEX_LEN + 1 };

static enum err_code failed(struct err *err, const char *what, const char *path)
{
    return err_set(err, ERR_IO, "%s %s: %s", what, path, strerror(errno));
}

static enum err_code check_file(int fd, const char *path, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return failed(err, "stat", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_CONFIG, "%s is not a regular file", path);
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return err_set(err, ERR_CONFIG, "%s belongs to neither this user nor root", path);
    if ((st.st_mode & 077) != 0)
        return err_set(err, ERR_CONFIG, "%s is open to others: its mode must be 0400", path);
    return ERR_OK;
}

static enum err_code parse(struct seal_key *out, char *text, ssize_t len, const char *path,
                           struct err *err)
{
    bool fine = len == HEX_LEN || (len == FILE_LEN && text[HEX_LEN] == '\n');
    text[HEX_LEN] = '\0';
    if (!fine || !str_unhex(out->bytes, sizeof out->bytes, text))
        return err_set(err, ERR_CONFIG, "%s does not hold 64 hex digits", path);
    return ERR_OK;
}

static enum err_code read_key(struct seal_key *out, int fd, const char *path, struct err *err)
{
    enum err_code code = check_file(fd, path, err);
    if (code != ERR_OK)
        return code;
    char text[FILE_LEN + 1] = {0};
    ssize_t len = read(fd, text, sizeof text);
    code = len < 0 ? failed(err, "read", path) : parse(out, text, len, path, err);
    OPENSSL_cleanse(text, sizeof text);
    return code;
}

static enum err_code write_key(int fd, const char *path, const struct rng *rng, struct err *err)
{
    struct seal_key key;
    char text[FILE_LEN + 1];
    rng->fill(rng->self, key.bytes, sizeof key.bytes);
    str_hex(text, key.bytes, sizeof key.bytes);
    text[HEX_LEN] = '\n';
    bool fine = write(fd, text, FILE_LEN) == FILE_LEN && fsync(fd) == 0;
    OPENSSL_cleanse(text, sizeof text);
    seal_key_wipe(&key);
    return fine ? ERR_OK : failed(err, "write", path);
}

/* Whole or not at all: filled under another name, then linked, which never replaces. */
static enum err_code make_key(const char *path, const struct rng *rng, struct err *err)
{
    char temp[PATH_MAX];
    if (snprintf(temp, sizeof temp, "%s.new", path) >= (int)sizeof temp)
        return err_set(err, ERR_CONFIG, "the path of the master key is too long");
    unlink(temp); /* left by a crash; never linked, so never used */
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
    if (fd < 0)
        return failed(err, "create", temp);
    enum err_code code = write_key(fd, temp, rng, err);
    close(fd);
    if (code == ERR_OK && link(temp, path) != 0)
        code = failed(err, "link", path);
    unlink(temp);
    return code != ERR_OK ? code : auth_file_sync_folder(path, err);
}

enum err_code seal_key_load(struct seal_key *out, const char *path, const struct rng *rng,
                            struct err *err)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        enum err_code code = make_key(path, rng, err);
        if (code != ERR_OK)
            return code;
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0)
        return failed(err, "open", path);
    enum err_code code = read_key(out, fd, path, err);
    close(fd);
    return code;
}
