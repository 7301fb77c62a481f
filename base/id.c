/* id.c - resource ids and UUIDs. */
#include "base/id.h"

#include "base/check.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

void id_new(char out[ID_SIZE], const char *prefix, const struct rng *rng)
{
    unsigned char bytes[9];
    char hex[2 * sizeof bytes + 1];
    rng->fill(rng->self, bytes, sizeof bytes);
    str_hex(hex, bytes, sizeof bytes);
    int len = snprintf(out, ID_SIZE, "%s-%.17s", prefix, hex);
    POST(len < ID_SIZE);
}

/* The lowest `len` hex digits of a number, without a NUL. */
static void put_digits(char *out, int len, uint64_t number)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < len; i++)
        out[i] = digits[number >> (4 * (len - 1 - i)) & 15];
}

void id_new_at(char out[ID_SIZE], const char *prefix, int64_t wall_ms, uint64_t number,
               const struct rng *rng)
{
    id_new(out, prefix, rng);
    char *time = out + strlen(prefix) + 1;
    put_digits(time, ID_DIGITS_OF_TIME, (uint64_t)(wall_ms / 1000));
    put_digits(time + ID_DIGITS_OF_TIME, ID_DIGITS_OF_NUMBER, number);
}

bool id_is(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    if (strncmp(text, prefix, len) != 0 || text[len] != '-')
        return false;
    const char *digits = text + len + 1;
    size_t n = strspn(digits, "0123456789abcdef");
    return (n == 17 || n == 8) && digits[n] == '\0';
}

void id_uuid(char out[ID_UUID_SIZE], const struct rng *rng)
{
    unsigned char b[16];
    rng->fill(rng->self, b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    char hex[33];
    str_hex(hex, b, sizeof b);
    snprintf(out, ID_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}
