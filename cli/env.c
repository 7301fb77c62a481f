/* env.c - `env`: the settings for the stock clients, as a shell takes them; and `version`. */
#include "base/buf.h"
#include "base/check.h"
#include "base/str.h"
#include "cli/handlers.h"
#include "cli/output.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *variable;
    size_t offset;
} exports[] = {
    {"EC2_URL", offsetof(struct cli_profile, endpoint)},
    {"S3_URL", offsetof(struct cli_profile, s3_endpoint)},
    {"STS_URL", offsetof(struct cli_profile, endpoint)},
    {"AWS_ENDPOINT_URL_EC2", offsetof(struct cli_profile, endpoint)},
    {"AWS_ENDPOINT_URL_S3", offsetof(struct cli_profile, s3_endpoint)},
    {"AWS_ENDPOINT_URL_STS", offsetof(struct cli_profile, endpoint)},
    {"AWS_ACCESS_KEY_ID", offsetof(struct cli_profile, access_key)},
    {"AWS_SECRET_ACCESS_KEY", offsetof(struct cli_profile, secret_key)},
    {"AWS_DEFAULT_REGION", offsetof(struct cli_profile, region)},
    {"AWS_CA_BUNDLE", offsetof(struct cli_profile, ca)},
};
enum { EXPORTS_LEN = sizeof exports / sizeof exports[0] };

/* In single quotes nothing is special but the quote itself. */
static void add_quoted(struct buf *out, const char *text)
{
    buf_char(out, '\'');
    for (; *text != '\0'; text++)
        if (*text == '\'')
            buf_text(out, "'\\''");
        else
            buf_char(out, *text);
    buf_char(out, '\'');
}

static const char *value_of(const struct cli *cli, size_t i)
{
    return (const char *)&cli->profile + exports[i].offset;
}

static void put_json(const struct cli *cli, struct buf *out)
{
    json_t *object = json_object();
    for (size_t i = 0; i < EXPORTS_LEN; i++)
        if (*value_of(cli, i) != '\0')
            json_object_set_new(object, exports[i].variable, json_string(value_of(cli, i)));
    char *text = json_dumps(object, JSON_INDENT(2));
    INV(text != NULL);
    buf_printf(out, "%s\n", text);
    explicit_bzero(text, strlen(text));
    free(text);
    json_decref(object);
}

enum cli_exit cli_do_env(struct cli *cli, struct cli_fault *fault)
{
    struct buf out = {0};
    if (cli_output_is_data(cli))
        put_json(cli, &out);
    for (size_t i = 0; i < EXPORTS_LEN && !cli_output_is_data(cli); i++) {
        if (*value_of(cli, i) == '\0')
            continue;
        buf_printf(&out, "export %s=", exports[i].variable);
        add_quoted(&out, value_of(cli, i));
        buf_char(&out, '\n');
    }
    enum cli_exit exit = cli_output_bytes(buf_str(&out), out.len, fault);
    if (out.data != NULL)
        explicit_bzero(out.data, out.len);
    buf_fini(&out);
    return exit;
}

enum cli_exit cli_do_version(struct cli *cli, struct cli_fault *fault)
{
    if (cli_output_is_data(cli))
        return cli_output_line("{\"version\":\"" TERCET_VERSION "\"}", fault);
    return cli_output_line("tercet " TERCET_VERSION, fault);
}
