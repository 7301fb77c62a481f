/* s3_target.c - target: the line and the small headers of an S3 request (dos/api/s3/target.h,
 * dos/model/range.h, name.h, condition.h).
 *
 * Lines: target, Range, If-Match, If-None-Match, If-Range, If-Modified-Since; then a size of two
 * bytes. Holds: what is read is UTF-8 and written anew is read as the same; a range lies in its
 * object; names of buckets are harmless in a path and in a host; what a date says is written as it
 * was. */
#include "dos/api/s3/target.h"

#include "base/check.h"
#include "base/str.h"
#include "dos/model/condition.h"
#include "dos/model/name.h"
#include "dos/model/range.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { LINES = 6 };

static void put_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
}

static void hold_again(const struct s3_target *t, struct arena *arena)
{
    CLEANUP(buf_fini) struct buf raw = {0};
    struct s3_target again;
    struct err err = {0};
    buf_char(&raw, '/');
    put_escaped(&raw, t->bucket);
    buf_char(&raw, '/');
    put_escaped(&raw, t->key);
    buf_char(&raw, '?');
    for (size_t i = 0; i < t->params_len; i++) {
        put_escaped(&raw, t->params[i].name);
        buf_char(&raw, '=');
        put_escaped(&raw, t->params[i].value);
        buf_char(&raw, '&');
    }
    INV(s3_target_read(&again, raw.data, arena, &err) == ERR_OK);
    INV(str_eq(again.bucket, t->bucket) && str_eq(again.key, t->key));
    INV(again.params_len == t->params_len);
    for (size_t i = 0; i < t->params_len; i++) {
        INV(str_eq(again.params[i].name, t->params[i].name));
        INV(str_eq(again.params[i].value, t->params[i].value));
        INV(s3_target_param(t, t->params[i].name) != NULL);
    }
}

static void hold_bucket(const char *name)
{
    if (!dos_name_is_bucket(name))
        return;
    size_t len = strlen(name);
    INV(len >= 3 && len <= 63 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len);
    INV(strstr(name, "..") == NULL && name[0] != '.' && name[0] != '-');
    INV(name[len - 1] != '.' && name[len - 1] != '-');
}

static void hold_target(const char *raw)
{
    CLEANUP(arena_fini) struct arena arena = {0};
    struct s3_target t;
    struct err err = {0};
    if (s3_target_read(&t, raw, &arena, &err) != ERR_OK)
        return;
    INV(fuzz_is_utf8(t.bucket, strlen(t.bucket)) && fuzz_is_utf8(t.key, strlen(t.key)));
    INV(strlen(t.key) < DOS_KEY_SIZE && t.params_len <= S3_PARAMS_MAX);
    INV(s3_target_param(&t, "") == NULL);
    hold_bucket(t.bucket);
    hold_again(&t, &arena);
}

static void hold_range(const char *text, int64_t size)
{
    int64_t offset, len;
    struct dos_range range = dos_range_parse(text);
    if (!dos_range_resolve(&range, size, &offset, &len))
        return;
    INV(offset >= 0 && len >= 0 && offset + len <= size);
    INV(range.is_given || (offset == 0 && len == size));
}

static void hold_texts(const char *text)
{
    INV(dos_name_is_utf8(text, strlen(text)) == fuzz_is_utf8(text, strlen(text)));
    INV(!dos_name_is_hex(text, 8) || (strlen(text) == 8 && strspn(text, "0123456789abcdef") == 8));
    char date[DOS_HTTP_DATE_SIZE];
    int64_t seconds = dos_http_date_parse(text);
    INV(seconds >= -1);
    if (seconds < 0)
        return;
    dos_http_date(date, seconds * 1000);
    INV(dos_http_date_parse(date) == seconds);
}

static void hold_conditions(char *const lines[LINES])
{
    struct header headers[] = {{"If-Match", lines[2]},
                               {"If-None-Match", lines[3]},
                               {"If-Range", lines[4]},
                               {"If-Modified-Since", lines[5]},
                               {"If-Unmodified-Since", lines[5]}};
    for (size_t from = 0; from < 5; from++) {
        struct request r = {.headers = headers + from, .headers_len = 5 - from};
        enum err_code code = dos_condition(&r, "abc", 1440938160000);
        INV(code == ERR_OK || code == ERR_PRECONDITION || code == ERR_NOT_MODIFIED);
        dos_condition_range(&r, "abc");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz input = {data, len};
    char *lines[LINES];
    for (size_t i = 0; i < LINES; i++)
        lines[i] = fuzz_line(&input);
    int64_t size = fuzz_byte(&input) * 256;
    size += fuzz_byte(&input);
    hold_target(lines[0]);
    hold_range(lines[1], size);
    hold_conditions(lines);
    for (size_t i = 0; i < LINES; i++) {
        hold_texts(lines[i]);
        free(lines[i]);
    }
    return 0;
}
