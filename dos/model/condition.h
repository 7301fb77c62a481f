/* condition.h - conditional requests (RFC 9110, 13) and HTTP dates. Pure. */
#pragma once

#include "base/event.h"

#include <stdbool.h>
#include <stdint.h>

enum { DOS_HTTP_DATE_SIZE = 30 };

/* "Fri, 20 Nov 2026 09:13:35 GMT" */
void dos_http_date(char out[DOS_HTTP_DATE_SIZE], int64_t wall_ms);
/* Seconds since 1970, -1 when it is no such date. */
int64_t dos_http_date_parse(const char *text);

/* What the conditions of a GET or HEAD say of the object as it is: ERR_OK, ERR_PRECONDITION or
 * ERR_NOT_MODIFIED. `etag` is without quotes. */
enum err_code dos_condition(const struct request *r, const char *etag, int64_t modified_ms);
/* Does If-Range allow a partial answer? */
bool dos_condition_range(const struct request *r, const char *etag);
