/* password.c - `instance password`: the administrator's password that a Windows guest has encrypted
 * for the key of its launch, opened with the private half of that key, which stays here. */
#include "base/check.h"
#include "base/str.h"
#include "cli/handlers.h"
#include "cli/output.h"
#include "cli/query.h"
#include "cli/safe.h"
#include "proto/auth/base64.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

/* "" = it stays as it is: programs get it opened only with a key that they have named. */
static const char *key_path(const struct cli *cli)
{
    const char *path = cli_line_get(&cli->line, "identity");
    return path != NULL ? path : cli_output_is_data(cli) ? "" : cli->profile.identity;
}

static EVP_PKEY *load_key(const char *path, struct cli_fault *fault)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        cli_fault_set(fault, CLI_FAILED, "instance password: cannot read %.150s: %s", path,
                      strerror(errno));
        return NULL;
    }
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    if (key != NULL && EVP_PKEY_is_a(key, "RSA"))
        return key;
    EVP_PKEY_free(key);
    cli_fault_set(fault, CLI_USAGE, "instance password: %.150s holds no RSA key as PEM", path);
    cli_fault_try(fault, "--identity with the file of the key pair of its launch");
    return NULL;
}

static bool decrypt(EVP_PKEY *key, const struct buf *sealed, struct buf *out)
{
    unsigned char text[2048]; /* the largest key has 16,384 bits */
    size_t len = sizeof text;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    bool good = ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
                EVP_PKEY_decrypt(ctx, text, &len, (const unsigned char *)sealed->data,
                                 sealed->len) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (good)
        buf_append(out, text, len);
    explicit_bzero(text, sizeof text);
    return good;
}

/* The text that stands in for `data` from here on. */
static enum cli_exit open_password(struct cli *cli, const char *data, const char **out,
                                   struct cli_fault *fault)
{
    CLEANUP(buf_fini) struct buf sealed = {0};
    CLEANUP(buf_fini) struct buf text = {0};
    EVP_PKEY *key = load_key(key_path(cli), fault);
    if (key == NULL)
        return fault->exit;
    bool good = base64_decode(&sealed, data, strlen(data)) && decrypt(key, &sealed, &text);
    EVP_PKEY_free(key);
    if (!good)
        return cli_fault_set(fault, CLI_FAILED,
                             "instance password: %.150s does not open it: another key is its own",
                             key_path(cli));
    *out = arena_strdup(&cli->arena, buf_str(&text));
    return CLI_OK;
}

enum cli_exit cli_do_instance_password(struct cli *cli, struct cli_fault *fault)
{
    struct cli_params params = {0};
    struct cli_node *answer;
    if (cli_query_prepare(cli, &params, fault) != CLI_OK ||
        cli_query_call(cli, &params, &answer, fault) != CLI_OK)
        return fault->exit;
    const char *data = cli_node_text(answer, "passwordData"), *text = data;
    if (*data == '\0' && !cli->line.is_ec2) {
        cli_fault_set(fault, CLI_NOT_FOUND, "instance password: it has told none yet");
        return cli_fault_try(fault, "wait until the guest is up: only Windows tells one");
    }
    bool has_key = *data != '\0' && *key_path(cli) != '\0';
    if (has_key && open_password(cli, data, &text, fault) != CLI_OK)
        return fault->exit;
    if (!cli_output_is_data(cli)) {
        CLEANUP(buf_fini) struct buf safe = {0}; /* the guest has chosen it */
        cli_safe_text(&safe, text);
        return cli_output_line(buf_str(&safe), fault);
    }
    for (struct cli_node *n = answer->first; n != NULL; n = n->next)
        if (str_eq(n->name, "passwordData"))
            n->text = text;
    return cli_output(cli, answer, fault);
}
