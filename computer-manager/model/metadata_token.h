/* metadata_token.h - the session token of IMDSv2: expiry and a MAC, nothing kept.
 *
 * Bound to the instance whose port asked: shown from any other port it is worth nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { METADATA_TOKEN_TEXT_SIZE = 2 * (8 + 32) + 1, METADATA_TOKEN_KEY_SIZE = 32 };

/* A token good until `until_ms`, in hex. */
void metadata_token_format(char out[METADATA_TOKEN_TEXT_SIZE], const char *instance,
                           int64_t until_ms, const uint8_t key[METADATA_TOKEN_KEY_SIZE]);
/* Is `token` ours, of this instance, and not over at `now_ms`? In constant time. */
bool metadata_token_holds(const char *token, const char *instance, int64_t now_ms,
                          const uint8_t key[METADATA_TOKEN_KEY_SIZE]);
