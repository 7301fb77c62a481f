/* password.h - the administrator's password that a Windows guest has printed on its console,
 * encrypted with the key of its launch: <Password>BASE64</Password>. Pure.
 *
 * The guest writes what it likes: only base64 of a bounded length is taken. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Of a key of 16,384 bits, as base64, and its NUL. */
enum { CLOUD_PASSWORD_SIZE = 2736 + 1 };

/* The newest whole block; false and "" where there is none. */
bool cloud_password_find(char out[CLOUD_PASSWORD_SIZE], const char *console, size_t len);
