/* kin.c - see kin.h. */
#include "computer-manager/effect/kin.h"

#include "base/str.h"
#include "computer-manager/effect/layout.h"
#include "computer-manager/effect/manifest_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Texts of manifests that are read for one image: those of about 250 GiB of others. */
#define TEXTS_MAX ((size_t)64 << 20)

static bool is_over(const struct assembly *a)
{
    return a->left == 0 || atomic_load(a->job->peer.is_stopping);
}

static void copy_from(struct assembly *a, const struct manifest *kin, int fd)
{
    for (size_t i = 0; i < kin->len && !is_over(a); i++) {
        size_t at = kin->chunks[i].is_hole ? a->missing_len : assembly_find(a, kin->chunks[i].hash);
        if (at < a->missing_len)
            assembly_copy(a, at, fd, (off_t)i * (off_t)kin->chunk_size_bytes);
    }
}

/* `budget` bounds the text that is read. */
static void look_at(struct assembly *a, const char *hash, size_t *budget)
{
    char path[HOST_PATH_SIZE];
    struct manifest kin;
    struct stat st;
    host_layout_manifest(path, a->job->images_dir, hash);
    if (stat(path, &st) != 0 || st.st_size < 0 || (uint64_t)st.st_size > *budget)
        return;
    host_layout_base(path, a->job->images_dir, hash);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    *budget -= (size_t)st.st_size;
    if (host_manifest_load(&kin, a->job->images_dir, hash, (size_t)st.st_size))
        copy_from(a, &kin, fd);
    manifest_fini(&kin);
    close(fd);
}

void host_kin_copy(struct assembly *a)
{
    char hash[HOST_HASH_SIZE];
    size_t budget = TEXTS_MAX;
    DIR *dir = opendir(a->job->images_dir);
    for (struct dirent *e; dir != NULL && !is_over(a) && (e = readdir(dir)) != NULL;)
        if (host_layout_is_manifest(e->d_name, hash) && !str_eq(hash, a->job->manifest))
            look_at(a, hash, &budget);
    if (dir != NULL)
        closedir(dir);
}
