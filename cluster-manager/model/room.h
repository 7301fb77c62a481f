/* room.h - what a host has and what an instance takes. Pure.
 *
 * memory in MiB, vcpus counted after overcommit, disk in bytes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct room {
    int64_t memory_mib, vcpus, disk_bytes;
};

/* What the hypervisor itself takes beside a guest's memory. Measured by tests/lab/lab_launches.py
 * under emulation: 71 MiB alone, 56 MiB each where twenty share the program; the rest is for
 * buffers and the maps of large disks, the 2 % for page tables. */
enum { ROOM_OVERHEAD_MIB = 96 };

/* The memory that an instance of that size takes on a host. */
int64_t room_memory_of(int64_t guest_mib);
struct room room_sub(struct room total, struct room used);
bool room_equal(struct room a, struct room b);
struct room room_add_times(struct room sum, struct room room, int64_t times);
bool room_fits(struct room free, struct room need);
/* How many times `need` goes into `free`; `need` is positive. */
int64_t room_count(struct room free, struct room need);
