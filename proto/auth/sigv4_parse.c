/* sigv4_parse.c - from an Authorization header to what it claims. Strict: one spelling for each
 * claim, but for the order of the fields and the blanks between them. */
#include "proto/auth/sigv4_compute.h"

#include "base/str.h"

#include <string.h>
#include <strings.h>

/* A piece of text that is not ended by NUL. */
struct span {
    const char *at;
    size_t len;
};

static enum err_code malformed(struct err *err, const char *what)
{
    return err_set(err, ERR_INCOMPLETE_SIGNATURE, "Authorization: %s", what);
}

static bool span_is(struct span s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

/* Copies a span of letters, digits and the characters in `others`; false when it is empty, too long
 * or has something else. */
static bool span_copy(char *to, size_t to_size, struct span s, const char *others)
{
    if (s.len == 0 || s.len >= to_size)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) &&
            (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    memcpy(to, s.at, s.len);
    to[s.len] = '\0';
    return true;
}

/* Takes what stands before `separator`, or all. */
static struct span span_cut(struct span *rest, char separator)
{
    const char *end = memchr(rest->at, separator, rest->len);
    struct span head = {rest->at, end != NULL ? (size_t)(end - rest->at) : rest->len};
    size_t used = head.len + (end != NULL);
    *rest = (struct span){rest->at + used, rest->len - used};
    return head;
}

static bool is_day(const char *text)
{
    return strlen(text) == 8 && strspn(text, "0123456789") == 8;
}

/* "AKID/20260131/region/service/aws4_request" */
static enum err_code parse_credential(struct sigv4_auth *out, struct span value, struct err *err)
{
    if (!span_copy(out->key_id, sizeof out->key_id, span_cut(&value, '/'), "_-."))
        return malformed(err, "bad access key id in Credential");
    if (!span_copy(out->day, sizeof out->day, span_cut(&value, '/'), "") || !is_day(out->day))
        return malformed(err, "bad date in Credential");
    if (!span_copy(out->region, sizeof out->region, span_cut(&value, '/'), "_-."))
        return malformed(err, "bad region in Credential");
    if (!span_copy(out->service, sizeof out->service, span_cut(&value, '/'), "_-"))
        return malformed(err, "bad service in Credential");
    if (!span_is(value, "aws4_request"))
        return malformed(err, "Credential does not end in aws4_request");
    return ERR_OK;
}

/* Ascending and each once, so that the list has one spelling. */
static bool are_ascending(const char *names)
{
    char last[SIGV4_SIGNED_SIZE] = "", name[SIGV4_SIGNED_SIZE];
    struct span rest = {names, strlen(names)};
    size_t count = 0;
    while (rest.len > 0) {
        struct span one = span_cut(&rest, ';');
        if (one.len == 0 || ++count > SIGV4_SIGNED_MAX)
            return false;
        memcpy(name, one.at, one.len);
        name[one.len] = '\0';
        if (strcmp(last, name) >= 0)
            return false;
        memcpy(last, name, one.len + 1);
    }
    return true;
}

static enum err_code parse_signed_headers(struct sigv4_auth *out, struct span value,
                                          struct err *err)
{
    /* Token characters of RFC 9110 5.6.2 and the separator. */
    if (!span_copy(out->signed_headers, sizeof out->signed_headers, value, "!#$%&'*+-.^_`|~;"))
        return malformed(err, "bad SignedHeaders");
    for (const char *p = out->signed_headers; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            return malformed(err, "SignedHeaders are not in lower case");
    size_t len = value.len;
    if (value.at[len - 1] == ';' || !are_ascending(out->signed_headers))
        return malformed(err, "SignedHeaders are not ascending names, each once");
    return ERR_OK;
}

static enum err_code parse_signature(struct sigv4_auth *out, struct span value, struct err *err)
{
    char hex[DIGEST_SHA256_HEX_SIZE];
    if (!span_copy(hex, sizeof hex, value, "") ||
        !str_unhex(out->signature, sizeof out->signature, hex))
        return malformed(err, "Signature is not 64 hex digits");
    return ERR_OK;
}

static const struct {
    const char *name;
    enum err_code (*parse)(struct sigv4_auth *out, struct span value, struct err *err);
} fields[] = {
    {"Credential", parse_credential},
    {"SignedHeaders", parse_signed_headers},
    {"Signature", parse_signature},
};
enum { FIELDS_LEN = sizeof fields / sizeof fields[0] };

static struct span trimmed(struct span s)
{
    while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t'))
        s = (struct span){s.at + 1, s.len - 1};
    while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
        s.len--;
    return s;
}

static enum err_code parse_field(struct sigv4_auth *out, struct span field, unsigned *seen,
                                 struct err *err)
{
    struct span value = trimmed(field);
    struct span name = span_cut(&value, '=');
    for (unsigned i = 0; i < FIELDS_LEN; i++) {
        if (!span_is(name, fields[i].name))
            continue;
        if (*seen & 1u << i)
            return malformed(err, "a field is there twice");
        *seen |= 1u << i;
        return fields[i].parse(out, value, err);
    }
    return malformed(err, "a field is not Credential, SignedHeaders or Signature");
}

static enum err_code parse_value(struct sigv4_auth *out, const char *value, struct err *err)
{
    size_t scheme = strcspn(value, " \t");
    if (str_has_prefix(value, "AWS "))
        return err_set(err, ERR_UNSUPPORTED, "signature version 2 is not supported: use %s",
                       SIGV4_ALGORITHM);
    if (!span_is((struct span){value, scheme}, SIGV4_ALGORITHM))
        return malformed(err, "the scheme is not " SIGV4_ALGORITHM);
    struct span rest = {value + scheme, strlen(value + scheme)};
    unsigned seen = 0;
    while (rest.len > 0) {
        enum err_code code = parse_field(out, span_cut(&rest, ','), &seen, err);
        if (code != ERR_OK)
            return code;
    }
    if (seen != (1u << FIELDS_LEN) - 1)
        return malformed(err, "Credential, SignedHeaders and Signature are all needed");
    return ERR_OK;
}

/* Does the query carry the signature? Version 4's names, and version 2's. */
static bool is_presigned(const char *target)
{
    static const char *const names[] = {
        "X-Amz-Signature=", "X-Amz-Algorithm=", "X-Amz-Credential=", "AWSAccessKeyId="};
    for (const char *p = strchr(target, '?'); p != NULL; p = strchr(p, '&')) {
        p++;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (strncasecmp(p, names[i], strlen(names[i])) == 0)
                return true;
    }
    return false;
}

enum err_code sigv4_parse(struct sigv4_auth *out, const struct request *r, struct err *err)
{
    *out = (struct sigv4_auth){0};
    if (is_presigned(r->target))
        return err_set(err, ERR_UNSUPPORTED, "presigned URLs are not supported yet");
    const char *value = NULL;
    for (size_t i = 0; i < r->headers_len; i++) {
        if (strcasecmp(r->headers[i].name, "authorization") != 0)
            continue;
        if (value != NULL)
            return malformed(err, "there are two");
        value = r->headers[i].value;
    }
    if (value == NULL)
        return err_set(err, ERR_MISSING_AUTH, "the request is not signed");
    return parse_value(out, value, err);
}
