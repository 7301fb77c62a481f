/* wal.c - a write-ahead log over itself, through sqlite's own way to it. See wal.h. */
#include "base/wal.h"

#include "base/check.h"

#include <sqlite3.h>
#include <stdlib.h>

/* NULL where there is none: in memory. */
static sqlite3_file *log_of(sqlite3 *db)
{
    sqlite3_file *log = NULL;
    int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    return code == SQLITE_OK && log != NULL && log->pMethods != NULL ? log : NULL;
}

static int write_over_itself(sqlite3_file *f)
{
    enum { CHUNK = 1 << 16 }; /* sqlite's VFS takes less than 1 << 17 at once */
    unsigned char *bytes = check_alloc(CHUNK);
    sqlite3_int64 size = 0;
    int code = f->pMethods->xFileSize(f, &size);
    for (sqlite3_int64 at = 0; code == SQLITE_OK && at < size; at += CHUNK) {
        int len = size - at < CHUNK ? (int)(size - at) : CHUNK;
        code = f->pMethods->xRead(f, bytes, len, at);
        if (code == SQLITE_OK)
            code = f->pMethods->xWrite(f, bytes, len, at);
    }
    free(bytes);
    return code == SQLITE_OK && size > 0 ? f->pMethods->xSync(f, SQLITE_SYNC_NORMAL) : code;
}

int wal_write_again(sqlite3 *db)
{
    sqlite3_file *log = log_of(db);
    if (log == NULL)
        return SQLITE_OK;
    int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return code;
    code = write_over_itself(log);
    int ended = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    return code != SQLITE_OK ? code : ended;
}
