/* keypair.c - `keypair create` and `keypair import`. A private key is shown once and goes to a new
 * file of mode 0600 or to stdout, nowhere else. */
#include "base/check.h"
#include "base/str.h"
#include "cli/handlers.h"
#include "cli/output.h"
#include "cli/query.h"
#include "cli/request.h"
#include "proto/auth/base64.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Made before the key is, since afterwards nobody can get it again. */
static enum cli_exit open_new(const char *path, int *fd, struct cli_fault *fault)
{
    *fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd >= 0)
        return CLI_OK;
    cli_fault_set(fault, errno == EEXIST ? CLI_CONFLICT : CLI_FAILED,
                  "keypair create: cannot make %.150s: %s", path, strerror(errno));
    return cli_fault_try(fault, "--file with a name that is not there yet");
}

static enum cli_exit write_key(int fd, const char *path, const char *key, struct cli_fault *fault)
{
    size_t len = strlen(key);
    ssize_t put = write(fd, key, len);
    if (put == (ssize_t)len && fsync(fd) == 0)
        return CLI_OK;
    cli_fault_set(fault, CLI_FAILED, "keypair create: cannot write %.150s: %s", path,
                  put < 0 ? strerror(errno) : "short write");
    return cli_fault_try(fault, "tercet keypair delete NAME, then create it again: the private "
                                "key is lost");
}

static enum cli_exit create_into(struct cli *cli, const struct cli_params *params, int fd,
                                 const char *path, struct cli_fault *fault)
{
    struct cli_node *answer;
    if (cli_query_call(cli, params, &answer, fault) != CLI_OK)
        return fault->exit;
    const char *key = cli_node_text(answer, "keyMaterial");
    if (fd >= 0 && write_key(fd, path, key, fault) != CLI_OK)
        return fault->exit;
    if (cli_output_is_data(cli))
        return cli_output(cli, answer, fault);
    if (fd < 0)
        return cli_output_bytes(key, strlen(key), fault);
    fprintf(stderr, "the private key is in %s\n", path);
    return CLI_OK;
}

enum cli_exit cli_do_keypair_create(struct cli *cli, struct cli_fault *fault)
{
    struct cli_params params = {0};
    const char *path = cli_line_get(&cli->line, "file");
    int fd = -1;
    if (cli_query_prepare(cli, &params, fault) != CLI_OK ||
        (path != NULL && open_new(path, &fd, fault) != CLI_OK))
        return fault->exit;
    enum cli_exit exit = create_into(cli, &params, fd, path, fault);
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && exit != CLI_OK)
        unlink(path);
    return exit;
}

enum cli_exit cli_do_keypair_import(struct cli *cli, struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf line = {0};
    CLEANUP(buf_fini) struct buf packed = {0};
    struct cli_params params = {0};
    struct cli_node *answer;
    const char *path = cli_line_get(&cli->line, "file");
    if (cli_query_prepare(cli, &params, fault) != CLI_OK)
        return fault->exit;
    if (path != NULL) {
        if (cli_request_read(&line, path, fault) != CLI_OK)
            return fault->exit;
        if (strstr(buf_str(&line), "PRIVATE KEY") != NULL) {
            cli_fault_set(fault, CLI_USAGE, "keypair import: %.150s is a private key", path);
            return cli_fault_try(fault, "--file %s.pub", path);
        }
        base64_encode(&packed, buf_str(&line), line.len);
        cli_params_add(&params, "PublicKeyMaterial", buf_str(&packed));
    }
    if (cli_query_call(cli, &params, &answer, fault) != CLI_OK)
        return fault->exit;
    return cli_output_is_data(cli) ? cli_output(cli, answer, fault) : CLI_OK;
}
