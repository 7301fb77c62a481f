/* wrap.c - see wrap.h. */
#include "cli/wrap.h"

#include "base/check.h"
#include "cli/safe.h"

#include <stdint.h>
#include <string.h>

enum { LEAST = 20 }; /* narrower than that nothing can be read */

void cli_wrap(struct buf *out, const char *text, size_t indent, size_t width)
{
    CLEANUP(buf_fini) struct buf safe = {0};
    size_t room = width > indent + LEAST ? width - indent : SIZE_MAX, used = 0;
    cli_safe_text(&safe, text);
    for (const char *at = buf_str(&safe); *at != '\0';) {
        size_t word = strcspn(at, " "), blanks = strspn(at + word, " ");
        if (used > 0 && used + word > room) {
            buf_printf(out, "\n%*s", (int)indent, "");
            used = 0;
        }
        buf_append(out, at, word);
        used += word + blanks;
        at += word + blanks;
        if (blanks > 0 && *at != '\0' && used + strcspn(at, " ") <= room)
            buf_append(out, at - blanks, blanks);
    }
}
