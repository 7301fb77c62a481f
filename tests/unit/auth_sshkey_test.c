/* auth_sshkey_test.c - our keys and fingerprints are those that ssh-keygen and openssl see. */
#include "base/check.h"
#include "base/rng.h"
#include "base/str.h"
#include "proto/auth/base64.h"
#include "proto/auth/sshkey.h"

#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { ARGS_MAX = 16 };

extern char **environ;

static char folder[] = "/tmp/auth_sshkey_test.XXXXXX";
static char path[64];
static struct sshkey_pair rsa; /* made once: it takes a while */

/* What a program prints, without the newline at its end; it must exit with `status`. */
static void run(struct buf *out, int status, const char *const argv[])
{
    char *own[ARGS_MAX] = {NULL};
    for (size_t i = 0; i < ARGS_MAX - 1 && argv[i] != NULL; i++)
        own[i] = check_strdup(argv[i]);
    int ends[2];
    posix_spawn_file_actions_t actions;
    pid_t pid;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    assert_int_equal(posix_spawnp(&pid, own[0], &actions, NULL, own, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    for (size_t i = 0; own[i] != NULL; i++)
        free(own[i]);
    char part[1024];
    ssize_t len;
    while ((len = read(ends[0], part, sizeof part)) > 0)
        buf_append(out, part, (size_t)len);
    close(ends[0]);
    int got;
    assert_int_equal(waitpid(pid, &got, 0), pid);
    assert_true(WIFEXITED(got));
    assert_int_equal(WEXITSTATUS(got), status);
    while (out->len > 0 && out->data[out->len - 1] == '\n')
        out->data[--out->len] = '\0';
}

static void put_file(const struct buf *text)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text->data, text->len), (ssize_t)text->len);
    assert_int_equal(write(fd, "\n", 1), 1);
    close(fd);
}

static int make_all(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/key", folder);
    return sshkey_make_rsa(&rsa, "my key", NULL) == ERR_OK ? 0 : -1;
}

static int remove_all(void **state)
{
    (void)state;
    sshkey_pair_fini(&rsa);
    unlink(path);
    return rmdir(folder);
}

/* ssh-keygen -y reads the private key and prints the public line. */
static void assert_ssh_keygen_reads(const struct sshkey_pair *pair)
{
    CLEANUP(buf_fini) struct buf line = {0};
    const char *const argv[] = {"ssh-keygen", "-y", "-P", "", "-f", path, NULL};
    put_file(&pair->private_pem);
    run(&line, 0, argv);
    /* OpenSSH's own form knows the comment, PKCS#1 does not. */
    assert_true(str_has_prefix(pair->public_line.data, line.data));
}

static void ssh_keygen_reads_our_private_keys(void **state)
{
    (void)state;
    assert_ssh_keygen_reads(&rsa);
    assert_true(str_has_prefix(rsa.private_pem.data, "-----BEGIN RSA PRIVATE KEY-----\n"));
    struct rng_seeded seed = {5};
    struct rng rng = rng_seeded(&seed);
    static const char *const comments[] = {"",        "k",        "my key",
                                           "1234567", "12345678", "a longer comment, with words"};
    for (size_t i = 0; i < sizeof comments / sizeof comments[0]; i++) {
        unsigned char bytes[SSHKEY_SEED_SIZE];
        struct sshkey_pair pair;
        rng.fill(rng.self, bytes, sizeof bytes);
        sshkey_make_ed25519(&pair, bytes, comments[i]);
        assert_true(str_has_prefix(pair.private_pem.data, "-----BEGIN OPENSSH PRIVATE KEY-----\n"));
        assert_ssh_keygen_reads(&pair);
        sshkey_pair_fini(&pair);
    }
}

/* Determinism: a replayed turn makes the same key again. */
static void one_seed_makes_one_pair(void **state)
{
    (void)state;
    static const unsigned char seed[SSHKEY_SEED_SIZE] = {1}, other[SSHKEY_SEED_SIZE] = {2};
    struct sshkey_pair a, b, c;
    sshkey_make_ed25519(&a, seed, "k");
    sshkey_make_ed25519(&b, seed, "k");
    sshkey_make_ed25519(&c, other, "k");
    assert_string_equal(a.private_pem.data, b.private_pem.data);
    assert_string_equal(a.public_line.data, b.public_line.data);
    assert_string_not_equal(a.public_line.data, c.public_line.data);
    sshkey_pair_fini(&a);
    sshkey_pair_fini(&b);
    sshkey_pair_fini(&c);
}

/* RFC 8032 7.1, test 1. */
static void the_point_is_the_seeds(void **state)
{
    (void)state;
    unsigned char seed[SSHKEY_SEED_SIZE];
    char hex[65];
    struct sshkey_pair pair;
    struct sshkey_public key;
    assert_true(str_unhex(seed, sizeof seed,
                          "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
    sshkey_make_ed25519(&pair, seed, "");
    assert_int_equal(sshkey_parse(&key, pair.public_line.data, pair.public_line.len, NULL), ERR_OK);
    str_hex(hex, key.blob.data + key.blob.len - 32, 32);
    assert_string_equal(hex, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    sshkey_public_fini(&key);
    sshkey_pair_fini(&pair);
}

static void parse_and_format(const char *line, struct sshkey_public *key)
{
    CLEANUP(buf_fini) struct buf back = {0};
    struct err err;
    if (sshkey_parse(key, line, strlen(line), &err) != ERR_OK)
        fail_msg("%s: %s", line, err.text);
    sshkey_format(&back, key);
    assert_string_equal(back.data, line);
}

/* "256 SHA256:... comment (ED25519)" against ours, which has padding and no name of the hash. */
static void ssh_keygen_sees_our_sha256(void **state)
{
    (void)state;
    static const unsigned char seed[SSHKEY_SEED_SIZE] = {77};
    struct sshkey_pair pair;
    struct sshkey_public key;
    char imported[SSHKEY_FINGERPRINT_SIZE], wanted[128];
    CLEANUP(buf_fini) struct buf shown = {0};
    sshkey_make_ed25519(&pair, seed, "k");
    parse_and_format(pair.public_line.data, &key);
    sshkey_fingerprint(imported, &key);
    assert_string_equal(imported, pair.fingerprint);
    assert_int_equal(strlen(imported), 44);
    assert_int_equal(imported[43], '=');
    put_file(&pair.public_line);
    const char *const argv[] = {"ssh-keygen", "-l", "-f", path, NULL};
    run(&shown, 0, argv);
    snprintf(wanted, sizeof wanted, "256 SHA256:%.43s k (ED25519)", imported);
    assert_string_equal(shown.data, wanted);
    assert_string_equal(sshkey_kind_name(key.kind), "ed25519");
    assert_int_equal(key.bits, 256);
    sshkey_public_fini(&key);
    sshkey_pair_fini(&pair);
}

static const char pkcs8_sha1[] =
    "openssl pkcs8 -in \"$0\" -inform PEM -outform DER -topk8 -nocrypt |"
    " openssl sha1 -c";
static const char public_md5[] = "openssl rsa -in \"$0\" -pubout -outform DER 2>/dev/null |"
                                 " openssl md5 -c";

/* The commands of the EC2 guide ("Verify the fingerprint of your key pair"). */
static void openssl_sees_our_rsa_fingerprints(void **state)
{
    (void)state;
    struct sshkey_public key;
    char imported[SSHKEY_FINGERPRINT_SIZE];
    put_file(&rsa.private_pem);
    CLEANUP(buf_fini) struct buf made = {0};
    CLEANUP(buf_fini) struct buf given = {0};
    const char *const created[] = {"sh", "-c", pkcs8_sha1, path, NULL};
    const char *const import[] = {"sh", "-c", public_md5, path, NULL};
    run(&made, 0, created);
    run(&given, 0, import);
    parse_and_format(rsa.public_line.data, &key);
    sshkey_fingerprint(imported, &key);
    assert_string_equal(strchr(made.data, ' ') + 1, rsa.fingerprint);
    assert_string_equal(strchr(given.data, ' ') + 1, imported);
    assert_int_equal(key.bits, 2048);
    assert_string_equal(key.comment, "my key");
    assert_string_equal(sshkey_kind_name(key.kind), "rsa");
    sshkey_public_fini(&key);
}

static void ssh_keygens_keys_are_read(void **state)
{
    (void)state;
    static const char *const kinds[][2] = {
        {"rsa", "1024"}, {"rsa", "2048"}, {"rsa", "3072"}, {"ed25519", "256"}};
    char public_path[80];
    snprintf(public_path, sizeof public_path, "%s.pub", path);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        CLEANUP(buf_fini) struct buf out = {0};
        CLEANUP(buf_fini) struct buf line = {0};
        struct sshkey_public key;
        char kind[16], bits[16];
        str_copy(kind, sizeof kind, kinds[i][0]);
        str_copy(bits, sizeof bits, kinds[i][1]);
        unlink(path);
        const char *const argv[] = {"ssh-keygen", "-q", "-N",      "",   "-t", kind, "-b",
                                    bits,         "-C", "me@here", "-f", path, NULL};
        run(&out, 0, argv);
        const char *const cat[] = {"cat", public_path, NULL};
        run(&line, 0, cat);
        parse_and_format(line.data, &key);
        char printed[16];
        snprintf(printed, sizeof printed, "%u", key.bits);
        assert_string_equal(printed, bits);
        sshkey_public_fini(&key);
        unlink(public_path);
    }
}

static enum err_code parse(const char *text, size_t len)
{
    struct sshkey_public key;
    struct err err;
    enum err_code code = sshkey_parse(&key, text, len, &err);
    sshkey_public_fini(&key);
    return code;
}

#define ED25519 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"

static void blanks_around_a_line_are_fine(void **state)
{
    (void)state;
    static const char *const good[] = {ED25519, ED25519 "\n", "  " ED25519 " \r\n",
                                       ED25519 "\tcomment here ", "\n" ED25519 " c"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(parse(good[i], strlen(good[i])), ERR_OK);
}

static void other_lines_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "\n", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 !!!!", "ssh-ed25519 AAAA",
        "no-pty " ED25519, "command=\"x\" " ED25519, ED25519 "\n" ED25519, ED25519 " a\x1b[0m",
        ED25519 "A", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
        "ssh-dss AAAAB3NzaC1kc3M=", "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY=",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n",
        /* a byte short, a byte long */
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAH9damAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1E=",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1EaAA=="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (parse(bad[i], strlen(bad[i])) != ERR_KEY_FORMAT)
            fail_msg("accepted: %s", bad[i]);
    assert_int_equal(parse(ED25519 "\0x", sizeof ED25519 + 1), ERR_KEY_FORMAT);
    CLEANUP(buf_fini) struct buf big = {0};
    buf_text(&big, ED25519 " ");
    while (big.len <= SSHKEY_TEXT_MAX)
        buf_char(&big, 'c');
    assert_int_equal(parse(big.data, big.len - 1), ERR_OK);
    assert_int_equal(parse(big.data, big.len), ERR_KEY_FORMAT);
}

static void put_string(struct buf *out, const void *data, size_t len)
{
    const unsigned char size[4] = {0, 0, (unsigned char)(len >> 8), (unsigned char)len};
    buf_append(out, size, sizeof size);
    buf_append(out, data, len);
}

/* A line for an RSA key of these wire numbers. */
static enum err_code parse_rsa(const void *e, size_t e_len, const void *n, size_t n_len)
{
    CLEANUP(buf_fini) struct buf blob = {0};
    CLEANUP(buf_fini) struct buf line = {0};
    put_string(&blob, "ssh-rsa", 7);
    put_string(&blob, e, e_len);
    put_string(&blob, n, n_len);
    buf_text(&line, "ssh-rsa ");
    base64_encode(&line, blob.data, blob.len);
    struct sshkey_public key;
    char fingerprint[SSHKEY_FINGERPRINT_SIZE];
    enum err_code code = sshkey_parse(&key, line.data, line.len, NULL);
    if (code == ERR_OK)
        sshkey_fingerprint(fingerprint, &key); /* of whatever gets through: must not fail */
    sshkey_public_fini(&key);
    return code;
}

/* Each key has one wire form, and sizes are bounded. */
static void rsa_numbers_are_checked(void **state)
{
    (void)state;
    static unsigned char n[SSHKEY_RSA_BITS_MAX / 8 + 2];
    memset(n, 0xff, sizeof n);
    n[0] = 0; /* n + 0 is a positive number; n + 1 a negative one */
    static const unsigned char e[] = {1, 0, 1}, long_e[] = {0, 1, 0, 1}, even_e[] = {2},
                               one[] = {1};
    static const unsigned char huge_e[] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, zero[] = {0},
                               minus[] = {0x80};
    const size_t min = SSHKEY_RSA_BITS_MIN / 8, max = SSHKEY_RSA_BITS_MAX / 8;
    assert_int_equal(parse_rsa(e, 3, n, min + 1), ERR_OK);
    assert_int_equal(parse_rsa(e, 3, n, max + 1), ERR_OK);
    assert_int_equal(parse_rsa(e, 3, n, max + 2), ERR_KEY_FORMAT);
    assert_int_equal(parse_rsa(e, 3, n, min), ERR_KEY_FORMAT);
    assert_int_equal(parse_rsa(e, 3, n + 1, min), ERR_KEY_FORMAT);
    assert_int_equal(parse_rsa(e, 3, n, 0), ERR_KEY_FORMAT);
    assert_int_equal(parse_rsa(huge_e, 8, n, min + 1), ERR_OK);
    assert_int_equal(parse_rsa(huge_e, 9, n, min + 1), ERR_KEY_FORMAT);
    assert_int_equal(parse_rsa(long_e, 4, n, min + 1), ERR_KEY_FORMAT);
    assert_int_equal(parse_rsa(even_e, 1, n, min + 1), ERR_KEY_FORMAT);
    assert_int_equal(parse_rsa(one, 1, n, min + 1), ERR_KEY_FORMAT);
    assert_int_equal(parse_rsa(zero, 1, n, min + 1), ERR_KEY_FORMAT);
    assert_int_equal(parse_rsa(minus, 1, n, min + 1), ERR_KEY_FORMAT);
    n[min] = 0xfe;
    assert_int_equal(parse_rsa(e, 3, n, min + 1), ERR_KEY_FORMAT);
}

/* The 255 bytes that are kept end in no half of a character and in no blank. */
static void a_long_comment_is_cut_where_it_may_be(void **state)
{
    static const struct {
        const char *around;
        size_t kept;
    } cases[] = {
        {"cccccc", 255}, {"cc\xc3\xa9zz", 254}, {"c\xf0\x9f\x98\x80z", 253}, {"c   zz", 253}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CLEANUP(buf_fini) struct buf line = {0};
        struct sshkey_public key;
        buf_printf(&line, "%s %0252d%s", ED25519, 0, cases[i].around);
        assert_int_equal(sshkey_parse(&key, line.data, line.len, NULL), ERR_OK);
        assert_int_equal(strlen(key.comment), cases[i].kept);
        sshkey_public_fini(&key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ssh_keygen_reads_our_private_keys),
        cmocka_unit_test(one_seed_makes_one_pair),
        cmocka_unit_test(the_point_is_the_seeds),
        cmocka_unit_test(ssh_keygen_sees_our_sha256),
        cmocka_unit_test(a_long_comment_is_cut_where_it_may_be),
        cmocka_unit_test(openssl_sees_our_rsa_fingerprints),
        cmocka_unit_test(ssh_keygens_keys_are_read),
        cmocka_unit_test(blanks_around_a_line_are_fine),
        cmocka_unit_test(other_lines_are_refused),
        cmocka_unit_test(rsa_numbers_are_checked),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
