/* terminal.c - target: text of others on the way to a terminal (cli/safe.h), and the password that
 * a guest prints (cloud-manager/model/password.h).
 *
 * First byte: how a stream is cut. Holds: nothing that commands a terminal comes out, however the
 * pieces are cut, whether it reads UTF-8 or single bytes; a JSON document stays one; a password is
 * base64 of a bounded length. */
#include "cli/safe.h"

#include "base/check.h"
#include "cloud-manager/model/password.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* Would a terminal do something else than to draw it? */
static bool is_command(uint32_t rune)
{
    bool is_control = rune < 0x20 || rune == 0x7f || (rune >= 0x80 && rune <= 0x9f);
    bool is_direction = rune == 0x200e || rune == 0x200f || (rune >= 0x202a && rune <= 0x202e) ||
                        (rune >= 0x2066 && rune <= 0x2069);
    return is_control || is_direction;
}

/* Whole characters, and none of them a command but `allowed`. */
static void hold_harmless(const struct buf *out, const char *allowed)
{
    const char *at = buf_str(out);
    uint32_t rune = 0;
    for (size_t left = out->len, n; left > 0; at += n, left -= n) {
        n = fuzz_rune(at, left, &rune);
        INV(n > 0);
        INV(!is_command(rune) || (rune < 0x80 && rune > 0 && strchr(allowed, (int)rune) != NULL));
    }
}

static void hold_stream(const char *text, size_t len, unsigned seed)
{
    CLEANUP(buf_fini) struct buf whole = {0};
    CLEANUP(buf_fini) struct buf pieces = {0};
    struct cli_plain a = {0}, b = {0};
    cli_plain_take(&a, &whole, text, len);
    for (size_t at = 0, n; at < len; at += n) {
        seed = seed * 1103515245u + 12345u;
        n = 1 + (seed >> 16 & 7);
        n = n < len - at ? n : len - at;
        cli_plain_take(&b, &pieces, text + at, n);
    }
    INV(fuzz_same(&whole, &pieces));
    hold_harmless(&whole, "\n\t");
}

static void hold_texts(const char *text, size_t len)
{
    CLEANUP(buf_fini) struct buf out = {0};
    cli_safe_text(&out, text);
    hold_harmless(&out, "");
    buf_clear(&out);
    cli_safe_json(&out, text, len);
    for (size_t i = 0; i < out.len; i++) /* C0 is the document's own form */
        out.data[i] = (unsigned char)out.data[i] < 0x20 ? ' ' : out.data[i];
    hold_harmless(&out, "");
}

static void hold_password(const char *text, size_t len)
{
    char password[CLOUD_PASSWORD_SIZE];
    memset(password, 'x', sizeof password);
    bool is_there = cloud_password_find(password, text, len);
    size_t n = strnlen(password, sizeof password);
    INV(n < sizeof password && (n > 0) == is_there);
    INV(strspn(password, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    unsigned seed = fuzz_byte(&input);
    char *text = fuzz_rest(&input, &len);
    hold_stream(text, len, seed);
    hold_texts(text, len);
    hold_password(text, len);
    free(text);
    return 0;
}
