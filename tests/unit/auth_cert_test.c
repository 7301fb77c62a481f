/* auth_cert_test.c - a CA of three levels: names are the caller's, keys the node's, and time is an
 * argument. */
#include "base/check.h"
#include "base/str.h"
#include "proto/auth/cert.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define NOW_MS INT64_C(1795167215000) /* 2026-11-20T09:33:35Z */
#define DAY_MS INT64_C(86400000)

static struct rng_seeded seed = {11};
static struct rng rng;
static struct buf root_key, root_cert, zone_key, zone_cert, host_key, host_cert, host_csr;

static void make_csr(struct buf *key, struct buf *csr, const char *cn)
{
    if (key->len == 0)
        assert_int_equal(cert_make_key(key, NULL), ERR_OK);
    assert_int_equal(cert_make_csr(key->data, cn, csr, NULL), ERR_OK);
}

static enum err_code sign(const struct cert_sign *s, struct buf *out)
{
    struct err err = {0};
    enum err_code code = cert_sign(s, out, &err);
    assert_int_equal(code, err.code);
    return code;
}

/* What the root is asked for; tests change single fields. */
static struct cert_sign by_root(const char *csr, const char *cn, enum cert_kind kind)
{
    return (struct cert_sign){.ca_cert_pem = root_cert.data,
                              .ca_key_pem = root_key.data,
                              .csr_pem = csr,
                              .cn = cn,
                              .kind = kind,
                              .wall_ms = NOW_MS,
                              .life_s = CERT_LEAF_LIFE_S,
                              .rng = &rng};
}

static int make_all(void **state)
{
    (void)state;
    rng = rng_seeded(&seed);
    struct buf csr = {0};
    struct cert_root root = {
        .cn = "tercet-root", .wall_ms = NOW_MS, .life_s = CERT_CA_LIFE_S, .rng = &rng};
    assert_int_equal(cert_make_key(&root_key, NULL), ERR_OK);
    root.key_pem = root_key.data;
    assert_int_equal(cert_make_root(&root, &root_cert, NULL), ERR_OK);
    make_csr(&zone_key, &csr, "zone-a");
    struct cert_sign s = by_root(csr.data, "zone-a", CERT_INTERMEDIATE);
    assert_int_equal(sign(&s, &zone_cert), ERR_OK);
    make_csr(&host_key, &host_csr, "host-1");
    s = by_root(host_csr.data, "host-1", CERT_LEAF);
    s.ca_cert_pem = zone_cert.data;
    s.ca_key_pem = zone_key.data;
    assert_int_equal(sign(&s, &host_cert), ERR_OK);
    buf_fini(&csr);
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    struct buf *all[] = {&root_key, &root_cert, &zone_key, &zone_cert,
                         &host_key, &host_cert, &host_csr};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_fini(all[i]);
    return 0;
}

static struct cert_info info_of(const char *pem)
{
    struct cert_info info;
    assert_int_equal(cert_info_read(&info, pem, NULL), ERR_OK);
    return info;
}

static void a_certificate_says_what_was_asked_for(void **state)
{
    (void)state;
    struct cert_info info = info_of(host_cert.data);
    assert_string_equal(info.cn, "host-1");
    assert_false(info.is_ca);
    assert_int_equal(info.not_before_ms, NOW_MS - 60000);
    assert_int_equal(info.not_after_ms, NOW_MS + 90 * DAY_MS);
    assert_int_equal(strlen(info.serial), 32);
    assert_int_equal(strspn(info.serial, "0123456789abcdef"), 32);
    assert_int_equal(strspn(info.fingerprint, "0123456789abcdef"), 64);
    assert_true(info_of(zone_cert.data).is_ca);
    assert_true(info_of(root_cert.data).is_ca);
    assert_true(cert_fits_key(host_cert.data, host_key.data));
    assert_false(cert_fits_key(host_cert.data, zone_key.data));
}

static void serials_differ(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf again = {0};
    struct cert_sign s = by_root(host_csr.data, "host-1", CERT_LEAF);
    assert_int_equal(sign(&s, &again), ERR_OK);
    assert_string_not_equal(info_of(again.data).serial, info_of(host_cert.data).serial);
}

/* PROTOCOL 10: a certificate for exactly its node id. A CSR that asks for another name, or to be a
 * CA, gets what the parent decided. */
static void the_name_is_the_callers(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf key = {0};
    CLEANUP(buf_fini) struct buf csr = {0};
    CLEANUP(buf_fini) struct buf cert = {0};
    make_csr(&key, &csr, "cloud-manager");
    struct cert_sign s = by_root(csr.data, "host-9", CERT_LEAF);
    assert_int_equal(sign(&s, &cert), ERR_OK);
    assert_string_equal(info_of(cert.data).cn, "host-9");
}

static enum err_code verify(const char *first, const char *second, int64_t wall_ms)
{
    CLEANUP(buf_fini) struct buf chain = {0};
    struct err err = {0};
    buf_printf(&chain, "%s%s", first, second);
    enum err_code code = cert_verify(root_cert.data, chain.data, wall_ms, &err);
    assert_int_equal(code, err.code);
    return code;
}

static void a_chain_leads_to_the_root(void **state)
{
    (void)state;
    assert_int_equal(verify(host_cert.data, zone_cert.data, NOW_MS), ERR_OK);
    assert_int_equal(verify(zone_cert.data, "", NOW_MS), ERR_OK);
    assert_int_equal(verify(root_cert.data, "", NOW_MS), ERR_OK);
    assert_int_equal(verify(host_cert.data, "", NOW_MS), ERR_PEER_UNKNOWN);
    assert_int_equal(verify("", "", NOW_MS), ERR_BAD_REQUEST);
}

static void a_chain_holds_for_its_time(void **state)
{
    (void)state;
    struct cert_info info = info_of(host_cert.data);
    assert_int_equal(verify(host_cert.data, zone_cert.data, info.not_before_ms), ERR_OK);
    assert_int_equal(verify(host_cert.data, zone_cert.data, info.not_before_ms - 1000),
                     ERR_EXPIRED);
    assert_int_equal(verify(host_cert.data, zone_cert.data, info.not_after_ms - 1000), ERR_OK);
    assert_int_equal(verify(host_cert.data, zone_cert.data, info.not_after_ms + 1000), ERR_EXPIRED);
}

static void another_root_is_not_believed(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf key = {0};
    CLEANUP(buf_fini) struct buf cert = {0};
    assert_int_equal(cert_make_key(&key, NULL), ERR_OK);
    struct cert_root root = {.key_pem = key.data,
                             .cn = "tercet-root",
                             .wall_ms = NOW_MS,
                             .life_s = CERT_CA_LIFE_S,
                             .rng = &rng};
    assert_int_equal(cert_make_root(&root, &cert, NULL), ERR_OK);
    assert_int_equal(cert_verify(cert.data, zone_cert.data, NOW_MS, NULL), ERR_PEER_UNKNOWN);
    assert_int_equal(cert_verify(root_cert.data, cert.data, NOW_MS, NULL), ERR_PEER_UNKNOWN);
}

/* A host that signs others, or a cluster that makes a further CA, must not be believed. */
static void nobody_signs_beyond_his_rank(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf key = {0};
    CLEANUP(buf_fini) struct buf csr = {0};
    CLEANUP(buf_fini) struct buf sub_ca = {0};
    CLEANUP(buf_fini) struct buf leaf = {0};
    make_csr(&key, &csr, "x");
    struct cert_sign s = by_root(csr.data, "x", CERT_LEAF);
    s.ca_cert_pem = host_cert.data;
    s.ca_key_pem = host_key.data;
    assert_int_equal(sign(&s, &leaf), ERR_TLS);
    s = by_root(csr.data, "x", CERT_INTERMEDIATE);
    s.ca_cert_pem = zone_cert.data;
    s.ca_key_pem = zone_key.data;
    assert_int_equal(sign(&s, &sub_ca), ERR_OK);
    s = by_root(host_csr.data, "y", CERT_LEAF);
    s.ca_cert_pem = sub_ca.data;
    s.ca_key_pem = key.data;
    assert_int_equal(sign(&s, &leaf), ERR_OK);
    CLEANUP(buf_fini) struct buf both = {0};
    buf_printf(&both, "%s%s", sub_ca.data, zone_cert.data);
    assert_int_equal(verify(leaf.data, both.data, NOW_MS), ERR_PEER_UNKNOWN);
}

static void no_life_beyond_the_issuers(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf cert = {0};
    struct cert_sign s = by_root(host_csr.data, "host-1", CERT_LEAF);
    s.ca_cert_pem = zone_cert.data;
    s.ca_key_pem = zone_key.data;
    s.wall_ms = NOW_MS + 80 * DAY_MS;
    assert_int_equal(sign(&s, &cert), ERR_OK);
    assert_int_equal(info_of(cert.data).not_after_ms, info_of(zone_cert.data).not_after_ms);
    s.wall_ms = NOW_MS + 91 * DAY_MS;
    assert_int_equal(sign(&s, &cert), ERR_EXPIRED);
}

static void a_csr_must_be_signed_by_its_key(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    CLEANUP(buf_fini) struct buf changed = {0};
    buf_text(&changed, host_csr.data);
    /* The last digits before the end are the signature's. */
    char *end = strstr(changed.data, "\n-----END");
    assert_non_null(end);
    end[-8] = end[-8] == 'A' ? 'B' : 'A';
    struct cert_sign s = by_root(changed.data, "host-1", CERT_LEAF);
    assert_int_equal(sign(&s, &out), ERR_BAD_REQUEST);
    static const char *const bad[] = {"", "garbage", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        s.csr_pem = bad[i];
        assert_int_equal(sign(&s, &out), ERR_BAD_REQUEST);
    }
    s.csr_pem = host_cert.data;
    assert_int_equal(sign(&s, &out), ERR_BAD_REQUEST);
    assert_int_equal(out.len, 0);
}

static void names_are_checked(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    static const char *const bad[] = {
        "",
        "a b",
        "a,DNS:b",
        "a/b",
        "a\nb",
        "*",
        "01234567890123456789012345678901234567890123456789012345678901234"};
    struct cert_sign s = by_root(host_csr.data, "", CERT_LEAF);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        s.cn = bad[i];
        assert_int_equal(sign(&s, &out), ERR_INVALID_PARAMETER);
    }
    static const char *const bad_alt[] = {"x",
                                          "DNS:",
                                          "DNS:a,",
                                          ",DNS:a",
                                          "DNS:a b",
                                          "IP:1.2.3",
                                          "IP:",
                                          "otherName:1.2.3;UTF8:x",
                                          "dirName:section",
                                          "DNS:a,URI:http://x",
                                          "email:copy",
                                          "DNS:a\nDNS:b"};
    s.cn = "host-1";
    for (size_t i = 0; i < sizeof bad_alt / sizeof bad_alt[0]; i++) {
        s.alt_names = bad_alt[i];
        assert_int_equal(sign(&s, &out), ERR_INVALID_PARAMETER);
    }
    s.alt_names = "DNS:cloud.example,IP:192.0.2.1,IP:2001:db8::1";
    assert_int_equal(sign(&s, &out), ERR_OK);
    assert_int_equal(verify(out.data, "", NOW_MS), ERR_OK);
}

static void the_cas_own_texts_must_fit(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf out = {0};
    struct cert_sign s = by_root(host_csr.data, "host-1", CERT_LEAF);
    s.ca_key_pem = zone_key.data;
    assert_int_equal(sign(&s, &out), ERR_TLS);
    s.ca_key_pem = "";
    assert_int_equal(sign(&s, &out), ERR_TLS);
    s.ca_key_pem = root_key.data;
    s.ca_cert_pem = "garbage";
    assert_int_equal(sign(&s, &out), ERR_TLS);
}

/* PROTOCOL 10: with an expired certificate a node may renew with the same key, and with no other.
 */
static void renewal_knows_the_key(void **state)
{
    (void)state;
    CLEANUP(buf_fini) struct buf key = {0};
    CLEANUP(buf_fini) struct buf csr = {0};
    make_csr(&key, &csr, "host-1");
    assert_true(cert_same_key(host_cert.data, host_csr.data));
    assert_false(cert_same_key(host_cert.data, csr.data));
    assert_false(cert_same_key(host_cert.data, ""));
    assert_false(cert_same_key("", host_csr.data));
}

static void renewal_is_due_at_a_third(void **state)
{
    (void)state;
    assert_false(cert_renew_due(1000, 4000, 1999));
    assert_true(cert_renew_due(1000, 4000, 2000));
    assert_true(cert_renew_due(1000, 4000, 9000));
    assert_false(cert_renew_due(1000, 4000, 1000));
    assert_true(cert_renew_due(1000, 4000, 999)); /* made by a clock that was ahead */
    assert_false(cert_renew_due(NOW_MS, NOW_MS + 90 * DAY_MS, NOW_MS + 30 * DAY_MS - 1));
    assert_true(cert_renew_due(NOW_MS, NOW_MS + 90 * DAY_MS, NOW_MS + 30 * DAY_MS));
}

static void garbage_is_no_certificate(void **state)
{
    (void)state;
    struct cert_info info;
    struct err err;
    assert_int_equal(cert_info_read(&info, "", &err), ERR_BAD_REQUEST);
    assert_int_equal(cert_info_read(&info, host_key.data, &err), ERR_BAD_REQUEST);
    CLEANUP(buf_fini) struct buf cut = {0};
    buf_append(&cut, host_cert.data, host_cert.len / 2);
    assert_int_equal(cert_info_read(&info, cut.data, &err), ERR_BAD_REQUEST);
    CLEANUP(buf_fini) struct buf many = {0};
    for (int i = 0; i < 20; i++)
        buf_text(&many, zone_cert.data);
    assert_int_equal(cert_verify(root_cert.data, many.data, NOW_MS, &err), ERR_BAD_REQUEST);
}

static void assert_file(const char *path, const char *text, mode_t mode)
{
    char got[256];
    struct stat st;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t len = read(fd, got, sizeof got - 1);
    assert_true(len >= 0);
    got[len] = '\0';
    assert_int_equal(fstat(fd, &st), 0);
    close(fd);
    assert_string_equal(got, text);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void files_are_replaced_as_a_whole(void **state)
{
    (void)state;
    char folder[] = "/tmp/auth_cert_test.XXXXXX", path[64], temp[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/node.key", folder);
    snprintf(temp, sizeof temp, "%s/node.key.new", folder);
    mode_t mask = umask(0);
    assert_int_equal(cert_write_file(path, "first", 0600, NULL), ERR_OK);
    assert_file(path, "first", 0600);
    assert_int_equal(symlink("/etc/passwd", temp), 0); /* an obstacle, not a way out */
    assert_int_equal(cert_write_file(path, "second", 0600, NULL), ERR_OK);
    assert_file(path, "second", 0600);
    assert_int_not_equal(access(temp, F_OK), 0);
    assert_int_equal(cert_write_file("/tmp/auth_cert_test.none/x", "x", 0600, NULL), ERR_IO);
    umask(mask);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_says_what_was_asked_for),
        cmocka_unit_test(serials_differ),
        cmocka_unit_test(the_name_is_the_callers),
        cmocka_unit_test(a_chain_leads_to_the_root),
        cmocka_unit_test(a_chain_holds_for_its_time),
        cmocka_unit_test(another_root_is_not_believed),
        cmocka_unit_test(nobody_signs_beyond_his_rank),
        cmocka_unit_test(no_life_beyond_the_issuers),
        cmocka_unit_test(a_csr_must_be_signed_by_its_key),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(the_cas_own_texts_must_fit),
        cmocka_unit_test(renewal_knows_the_key),
        cmocka_unit_test(renewal_is_due_at_a_third),
        cmocka_unit_test(garbage_is_no_certificate),
        cmocka_unit_test(files_are_replaced_as_a_whole),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}
