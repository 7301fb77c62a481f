/* main_verbs.c - the verbs of tercet-dos. They open the index themselves; a daemon that runs
 * beside notices at its next start. */
#include "dos/main_verbs.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/store/import.h"
#include "dos/store/key.h"
#include "dos/store/schema.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { JOIN_MS = 30000 };

const char dos_verbs_help[] =
    "verbs:\n"
    "  (none)                          runs dos\n"
    "  join TOKEN                      becomes a child of the cloud-manager named in the token; - "
    "= on stdin\n"
    "  renew                           asks for a new certificate now\n"
    "without a cloud only:\n"
    "  add-key ID ACCOUNT              makes an access key, good from the next start on; the\n"
    "                                  secret is read from stdin\n"
    "  import ID ACCOUNT BUCKET KEY    makes an image of an object at the next start\n";

static int say(const struct err *err)
{
    fprintf(stderr, "tercet-dos: %s\n", err->text);
    return 1;
}

void dos_path_in(char out[ENROLL_PATH_SIZE], const struct dos_options *o, const char *name)
{
    int len = snprintf(out, ENROLL_PATH_SIZE, "%.255s/%.32s", o->data, name);
    PRE(len < ENROLL_PATH_SIZE);
}

enum err_code dos_open_store(struct store **store, const struct dos_options *o, struct err *err)
{
    char path[ENROLL_PATH_SIZE];
    mkdir(o->data, 0700);
    dos_path_in(path, o, "index.db");
    return store_open(store, path, dos_schema(), err);
}

enum err_code dos_open_identity(struct enroll_identity *id, struct seal_key *key,
                                const struct dos_options *o, struct err *err)
{
    struct rng rng = rng_system();
    char folder[ENROLL_PATH_SIZE], path[ENROLL_PATH_SIZE];
    dos_path_in(folder, o, "identity");
    dos_path_in(path, o, "seal.key");
    if (*o->parent == '\0')
        return seal_key_load(key, path, &rng, err);
    if (enroll_load(id, folder, err) != ERR_OK)
        return err->code;
    memcpy(key->bytes, id->link_key, sizeof key->bytes);
    return ERR_OK;
}

static int verb_join(const struct dos_options *o, const char *token)
{
    struct err err = {0};
    char folder[ENROLL_PATH_SIZE];
    mkdir(o->data, 0700);
    dos_path_in(folder, o, "identity");
    return enroll_join(folder, token, JOIN_MS, &err) == ERR_OK ? 0 : say(&err);
}

static int verb_renew(const struct dos_options *o)
{
    struct err err = {0};
    char folder[ENROLL_PATH_SIZE];
    dos_path_in(folder, o, "identity");
    return enroll_renew(folder, o->parent, JOIN_MS, &err) == ERR_OK ? 0 : say(&err);
}

static enum err_code seal_stdin(struct buf *sealed, const struct seal_key *key, const char *id,
                                struct err *err)
{
    char secret[128] = "", context[256];
    struct rng rng = rng_system();
    if (fgets(secret, sizeof secret, stdin) == NULL)
        return err_set(err, ERR_CONFIG, "no secret on stdin");
    secret[strcspn(secret, "\r\n")] = '\0';
    snprintf(context, sizeof context, "key|%s", id);
    seal_wrap(key, context, secret, strlen(secret), &rng, sealed);
    explicit_bzero(secret, sizeof secret);
    return ERR_OK;
}

static enum err_code add_key(const struct dos_options *o, const char *id, const char *account,
                             struct err *err)
{
    struct store *store = NULL;
    struct enroll_identity identity = {0};
    struct seal_key key;
    CLEANUP(buf_fini) struct buf sealed = {0};
    enum err_code code = dos_open_store(&store, o, err);
    if (code == ERR_OK)
        code = dos_open_identity(&identity, &key, o, err);
    if (code == ERR_OK)
        code = seal_stdin(&sealed, &key, id, err);
    if (code == ERR_OK) {
        store_begin(store);
        dos_key_put(store, id, account, buf_str(&sealed));
        code = store_commit(store, err);
        seal_key_wipe(&key);
    }
    store_close(store);
    return code;
}

static enum err_code add_import(const struct dos_options *o, char **argv, struct err *err)
{
    struct store *store = NULL;
    struct dos_import row = {.generation = 1, .state = DOS_IMPORT_PENDING};
    if (!str_copy(row.id, sizeof row.id, argv[1]) ||
        !str_copy(row.account, sizeof row.account, argv[2]) ||
        !str_copy(row.bucket, sizeof row.bucket, argv[3]) ||
        !str_copy(row.key, sizeof row.key, argv[4]))
        return err_set(err, ERR_CONFIG, "an argument is too long");
    enum err_code code = dos_open_store(&store, o, err);
    if (code == ERR_OK) {
        store_begin(store);
        dos_import_save(store, &row);
        code = store_commit(store, err);
    }
    store_close(store);
    return code;
}

int dos_verb_run(const struct dos_options *o, int argc, char **argv)
{
    struct err err = {0};
    if (argc == 2 && str_eq(argv[0], "join"))
        return verb_join(o, argv[1]);
    if (argc == 1 && str_eq(argv[0], "renew"))
        return verb_renew(o);
    if (*o->parent == '\0' && argc == 3 && str_eq(argv[0], "add-key"))
        return add_key(o, argv[1], argv[2], &err) == ERR_OK ? 0 : say(&err);
    if (*o->parent == '\0' && argc == 5 && str_eq(argv[0], "import"))
        return add_import(o, argv, &err) == ERR_OK ? 0 : say(&err);
    fprintf(stderr, "tercet-dos: cannot '%s' so; try --help\n", argv[0]);
    return 2;
}
