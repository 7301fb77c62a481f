/* room.c - sums and comparisons of room. */
#include "cluster-manager/model/room.h"

#include "base/check.h"

int64_t room_memory_of(int64_t guest_mib)
{
    return guest_mib + ROOM_OVERHEAD_MIB + guest_mib / 50;
}

bool room_equal(struct room a, struct room b)
{
    return a.memory_mib == b.memory_mib && a.vcpus == b.vcpus && a.disk_bytes == b.disk_bytes;
}

struct room room_add_times(struct room sum, struct room room, int64_t times)
{
    return (struct room){
        .memory_mib = sum.memory_mib + room.memory_mib * times,
        .vcpus = sum.vcpus + room.vcpus * times,
        .disk_bytes = sum.disk_bytes + room.disk_bytes * times,
    };
}

struct room room_sub(struct room total, struct room used)
{
    return (struct room){
        .memory_mib = total.memory_mib - used.memory_mib,
        .vcpus = total.vcpus - used.vcpus,
        .disk_bytes = total.disk_bytes - used.disk_bytes,
    };
}

bool room_fits(struct room free, struct room need)
{
    return free.memory_mib >= need.memory_mib && free.vcpus >= need.vcpus &&
           free.disk_bytes >= need.disk_bytes;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t room_count(struct room free, struct room need)
{
    PRE(need.memory_mib > 0 && need.vcpus > 0);
    if (free.memory_mib < 0 || free.vcpus < 0 || free.disk_bytes < 0)
        return 0;
    int64_t count = least(free.memory_mib / need.memory_mib, free.vcpus / need.vcpus);
    return need.disk_bytes > 0 ? least(count, free.disk_bytes / need.disk_bytes) : count;
}
