/* version.c - adds to a message what this version does not know. */
#include "tests/sim/version.h"

#include "base/arena.h"
#include "base/check.h"
#include "proto/wire/messages.h"
#include "proto/wire/version.h"
#include "tests/sim/node.h"

#include <string.h>

enum { NOTES_MAX = 64 }; /* of one message: the bound of sync.def */

static const struct wire_note later_note = {.kind = "later", .id = "x", .body = "{}"};

static struct wire_note *add_note(struct arena *arena, const struct wire_note *notes, size_t *len)
{
    struct wire_note *more = arena_alloc(arena, (*len + 1) * sizeof *more);
    if (*len > 0)
        memcpy(more, notes, *len * sizeof *more);
    if (*len < NOTES_MAX)
        more[(*len)++] = later_note;
    return more;
}

/* A sync under the next number, with a note of a kind that nobody knows; false: it is no sync. */
static bool encode_later(bool is_reply, const char *body, size_t len, struct arena *arena,
                         struct buf *out)
{
    struct wire_sync_request q;
    struct wire_sync_reply r;
    struct err err;
    if (is_reply) {
        if (wire_decode(&wire_sync_reply_type, body, len, arena, &r, &err) != ERR_OK)
            return false;
        r.proto = WIRE_VERSION + 1;
        r.ask = add_note(arena, r.ask, &r.ask_len);
        wire_encode(out, &wire_sync_reply_type, &r);
        return true;
    }
    if (wire_decode(&wire_sync_request_type, body, len, arena, &q, &err) != ERR_OK)
        return false;
    q.proto = WIRE_VERSION + 1;
    if (q.busy)
        q.tell = add_note(arena, q.tell, &q.tell_len);
    wire_encode(out, &wire_sync_request_type, &q);
    return true;
}

/* Each object of the text begins with a field that nobody knows, under a name that none of those
 * bears which it was passed on with. */
static void add_fields(struct sim_world *w, const char *text, struct buf *out)
{
    bool in_string = false;
    for (const char *at = text; *at != '\0'; at++) {
        buf_char(out, *at);
        if (in_string && *at == '\\' && at[1] != '\0')
            buf_char(out, *++at);
        else if (*at == '"')
            in_string = !in_string;
        else if (*at == '{' && !in_string)
            buf_printf(out, "\"later-%lu\":[{}]%s", (unsigned long)++w->laters,
                       at[1] == '}' ? "" : ",");
    }
}

void sim_version_speak(const struct sim_node *n, bool is_reply, const char *body, size_t len,
                       struct buf *out)
{
    CLEANUP(buf_fini) struct buf said = {0};
    struct arena arena = {0};
    if (!n->is_later)
        buf_append(out, body, len);
    else if (encode_later(is_reply, body, len, &arena, &said))
        add_fields(n->world, buf_str(&said), out);
    else
        add_fields(n->world, body, out);
    arena_fini(&arena);
}
