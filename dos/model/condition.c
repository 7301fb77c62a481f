/* condition.c - If-Match and its sisters. Called by api with the object's row at hand. */
#include "dos/model/condition.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Days since 1970 of a date, and back: Howard Hinnant, "chrono-compatible low-level date
 * algorithms". Years 1970..9999. */
static int64_t days_from(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, in_era = year - era * 400;
    int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

void dos_http_date(char out[DOS_HTTP_DATE_SIZE], int64_t wall_ms)
{
    int64_t s = wall_ms / 1000, z = s / 86400 + 719468, of_day = s % 86400;
    int64_t era = z / 146097, in_era = z - era * 146097;
    int64_t years = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * years + years / 4 - years / 100);
    int64_t shifted = (5 * in_year + 2) / 153;
    int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    int64_t year = years + era * 400 + (month <= 2);
    snprintf(out, DOS_HTTP_DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT",
             days[(s / 86400 + 4) % 7], (int)(in_year - (153 * shifted + 2) / 5 + 1) % 100,
             months[month - 1], (int)(year % 10000), (int)(of_day / 3600), (int)(of_day / 60 % 60),
             (int)(of_day % 60));
}

/* Two or four digits; -1 when there are others. */
static int64_t digits(const char *at, int len)
{
    int64_t value = 0;
    for (; len > 0; at++, len--) {
        if (*at < '0' || *at > '9')
            return -1;
        value = value * 10 + (*at - '0');
    }
    return value;
}

/* The one form that is still written (RFC 9110, IMF-fixdate); each field has its place. */
int64_t dos_http_date_parse(const char *text)
{
    static const char form[] = "***, dd *** dddd dd:dd:dd GMT";
    if (strlen(text) != sizeof form - 1)
        return -1;
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] != '*' && form[i] != 'd' && form[i] != text[i])
            return -1;
    int64_t day = digits(text + 5, 2), year = digits(text + 12, 4), hour = digits(text + 17, 2);
    int64_t minute = digits(text + 20, 2), second = digits(text + 23, 2);
    if (day < 1 || day > 31 || year < 1970 || hour < 0 || hour > 23 || minute < 0 || second < 0)
        return -1;
    for (int m = 0; m < 12; m++)
        if (memcmp(text + 8, months[m], 3) == 0)
            return days_from(year, m + 1, day) * 86400 + hour * 3600 + minute * 60 + second;
    return -1;
}

/* Is the ETag in the list ("*" is every one)? Weak marks are ignored. */
static bool list_has(const char *list, const char *etag)
{
    size_t len = strlen(etag);
    if (str_eq(list, "*"))
        return true;
    for (const char *at = list; (at = strstr(at, etag)) != NULL; at++) {
        bool begins = at == list || at[-1] == '"' || at[-1] == ' ' || at[-1] == ',';
        bool ends = at[len] == '\0' || at[len] == '"' || at[len] == ' ' || at[len] == ',';
        if (begins && ends)
            return true;
    }
    return false;
}

static int64_t date_of(const struct request *r, const char *name)
{
    const char *value = request_header(r, name);
    return value != NULL ? dos_http_date_parse(value) : -1;
}

enum err_code dos_condition(const struct request *r, const char *etag, int64_t modified_ms)
{
    const char *match = request_header(r, "if-match");
    const char *none = request_header(r, "if-none-match");
    int64_t modified_s = modified_ms / 1000;
    int64_t since = date_of(r, "if-modified-since"), until = date_of(r, "if-unmodified-since");
    if (match != NULL ? !list_has(match, etag) : until >= 0 && modified_s > until)
        return ERR_PRECONDITION;
    if (none != NULL ? list_has(none, etag) : since >= 0 && modified_s <= since)
        return ERR_NOT_MODIFIED;
    return ERR_OK;
}

bool dos_condition_range(const struct request *r, const char *etag)
{
    const char *value = request_header(r, "if-range");
    return value == NULL || list_has(value, etag);
}
