/* client_multi.h - curl's multi handle under libuv: sockets and its one timer.
 *
 * Only client.c calls it. It knows transfers, not calls. */
#pragma once

#include <curl/curl.h>

struct uv_loop_s;
struct http_multi;

/* done() is called from the loop, never from http_multi_add; `self` is CURLOPT_PRIVATE. The
 * transfer is no longer in the multi handle then. */
struct http_multi *http_multi_new(struct uv_loop_s *uv,
                                  void (*done)(void *self, CURL *easy, CURLcode result));
void http_multi_add(struct http_multi *multi, CURL *easy);
/* Without done(). */
void http_multi_remove(struct http_multi *multi, CURL *easy);
/* When no transfer is in it; memory goes when the loop has run once more. */
void http_multi_free(struct http_multi *multi);
