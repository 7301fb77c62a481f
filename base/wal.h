/* wal.h - the write-ahead log of a store that is opened.
 *
 * Where a sync failed Linux keeps the bytes in its cache and takes them for written: the next
 * process reads commits of the last one there that a power cut would undo, and with them every
 * later one. They are written again before anybody is told of them, before the log grows, and
 * before any of it is copied into the database or it is dropped: the names and bytes of a disk
 * come back as they were last synced, and a log that is shorter than what was copied from it puts
 * old pages among new ones. */
#pragma once

struct sqlite3;

/* Writes the log over itself and syncs it; a code of sqlite. Nobody else writes meanwhile. That a
 * sector is what it was or what it is to be, whenever the power goes, is asked of the disk. */
int wal_write_again(struct sqlite3 *db);
