/* password.c - finds the block in what a console said. */
#include "cloud-manager/model/password.h"

#include <string.h>

static const char opening[] = "<Password>", closing[] = "</Password>";

static bool is_blank(char c)
{
    return c == '\r' || c == '\n' || c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

/* Consoles fold long lines. False: more than base64 stands there, or more than fits. */
static bool copy_digits(char out[CLOUD_PASSWORD_SIZE], const char *text, size_t len)
{
    size_t used = 0;
    for (size_t i = 0; i < len; i++) {
        if (is_blank(text[i]))
            continue;
        if (!is_digit(text[i]) || used == CLOUD_PASSWORD_SIZE - 1)
            return false;
        out[used++] = text[i];
    }
    out[used] = '\0';
    return used > 0;
}

/* A console may hold NULs. */
static const char *find(const char *text, size_t len, const char *word)
{
    size_t word_len = strlen(word);
    for (size_t i = 0; i + word_len <= len; i++)
        if (memcmp(text + i, word, word_len) == 0)
            return text + i;
    return NULL;
}

bool cloud_password_find(char out[CLOUD_PASSWORD_SIZE], const char *console, size_t len)
{
    char block[CLOUD_PASSWORD_SIZE];
    const char *end = console + len, *at = console;
    bool found = false;
    out[0] = '\0';
    while ((at = find(at, (size_t)(end - at), opening)) != NULL) {
        at += sizeof opening - 1;
        const char *close = find(at, (size_t)(end - at), closing);
        if (close == NULL)
            break;
        if (copy_digits(block, at, (size_t)(close - at))) {
            memcpy(out, block, sizeof block);
            found = true;
        }
    }
    return found;
}
