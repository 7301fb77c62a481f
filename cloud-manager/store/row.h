/* row.h - one list of columns per table gives its struct, its SELECT, its INSERT and its loader.
 *
 * Used by the files of store/ only. A list is a macro taking two macros, for text and for
 * numbers:  #define CLOUD_KEY_ROW(TEXT, INT) TEXT(id) TEXT(account) INT(created_ms)
 * Loaded text lives in the arena that was given. */
#pragma once

#include "base/arena.h"
#include "base/store.h"

#include <stddef.h>
#include <stdint.h>

/* Members of the struct. */
#define ROW_TEXT_FIELD(name) const char *name;
#define ROW_INT_FIELD(name)  int64_t name;
#define ROW_FIELDS(LIST)     LIST(ROW_TEXT_FIELD, ROW_INT_FIELD)

/* "SELECT 0,id,account" of table alias t. */
#define ROW_NAME(name)       ",t." #name
#define ROW_SELECT(LIST)     "SELECT 0" LIST(ROW_NAME, ROW_NAME)

/* "INSERT INTO key(rowid,id,account) VALUES(NULL,?,?)", its format, and its arguments. */
#define ROW_COLUMN(name)     "," #name
#define ROW_MARK(name)       ",?"
#define ROW_INSERT(table, LIST) \
    "INSERT INTO " table        \
    "(rowid" LIST(ROW_COLUMN, ROW_COLUMN) ") VALUES(NULL" LIST(ROW_MARK, ROW_MARK) ")"
/* The same of a table that is kept by its key: WITHOUT ROWID; REST is all but the column `key`. */
#define ROW_INSERT_BY(table, key, REST)       \
    "INSERT INTO " table                      \
    "(" #key REST(ROW_COLUMN, ROW_COLUMN) ")" \
                                          " VALUES(?" REST(ROW_MARK, ROW_MARK) ")"
#define ROW_S(name)         "s"
#define ROW_I(name)         "i"
#define ROW_FORMAT(LIST)    "" LIST(ROW_S, ROW_I)
#define ROW_ARG(name)       , row->name
#define ROW_ARGS(LIST)      LIST(ROW_ARG, ROW_ARG)

/* Statements that fill *row from the row at hand of `q`; `column` counts from 1. */
#define ROW_LOAD_TEXT(name) row->name = arena_strdup(arena, query_text(q, column++));
#define ROW_LOAD_INT(name)  row->name = query_i64(q, column++);
#define ROW_LOAD(LIST)      LIST(ROW_LOAD_TEXT, ROW_LOAD_INT)

/* Room for one more behind `len` items of `size` bytes; gives the array, moved when it was full. */
void *row_grow(struct arena *arena, void *items, size_t len, size_t size);
