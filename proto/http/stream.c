/* stream.c - an answer that goes on: what the core adds, libmicrohttpd takes when the socket has
 * room (serving.h). While nothing waits the connection is suspended, and what is added wakes it. */
#include "proto/http/serving.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

enum {
    WAITING_MAX = 64 * 1024, /* then the client does not read */
    BLOCK = 4 * 1024,
};

/* The callback: suspended inside it, a connection is left alone until it is resumed. */
struct reader {
    struct http_stream *stream;
    struct MHD_Connection *mhd;
};

static ssize_t on_read(void *self, uint64_t at, char *to, size_t max)
{
    struct reader *reader = self;
    struct http_stream *s = reader->stream;
    size_t left = s->waiting.len - s->sent;
    size_t n = left < max ? left : max;
    (void)at;
    if (s->is_cut)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (n > 0) {
        memcpy(to, s->waiting.data + s->sent, n);
        s->sent += n;
        return (ssize_t)n;
    }
    if (s->is_last)
        return MHD_CONTENT_READER_END_OF_STREAM;
    MHD_suspend_connection(reader->mhd);
    s->is_suspended = true;
    return 0;
}

struct MHD_Response *http_stream_response(struct http_stream *stream, struct MHD_Connection *mhd)
{
    struct reader *reader = check_alloc(sizeof *reader);
    *reader = (struct reader){stream, mhd};
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK,
                                                                      on_read, reader, free);
    INV(response != NULL);
    return response;
}

bool http_stream_add(struct http_stream *stream, const char *data, size_t len)
{
    if (stream->sent == stream->waiting.len) {
        buf_clear(&stream->waiting);
        stream->sent = 0;
    }
    if (stream->waiting.len + len > WAITING_MAX)
        return false;
    buf_append(&stream->waiting, data, len);
    return true;
}

void http_stream_fini(struct http_stream *stream)
{
    buf_fini(&stream->waiting);
}
