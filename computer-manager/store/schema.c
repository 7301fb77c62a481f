/* schema.c - the tables of a computer-manager, by number of migration. */
#include "computer-manager/core.h"
#include "proto/sync/child.h"

static const char records[] =
    "CREATE TABLE record(id TEXT NOT NULL, pepoch INTEGER NOT NULL, generation INTEGER NOT NULL,"
    " want INTEGER NOT NULL, reboot_n INTEGER NOT NULL, wished_ms INTEGER NOT NULL,"
    " has_root INTEGER NOT NULL,"
    " is_root_made INTEGER NOT NULL, has_port INTEGER NOT NULL, port TEXT NOT NULL,"
    " vni INTEGER NOT NULL, tap TEXT NOT NULL, port_sum INTEGER NOT NULL,"
    " reboot_done INTEGER NOT NULL, stop_ms INTEGER NOT NULL, ever_ran INTEGER NOT NULL,"
    " ran_generation INTEGER NOT NULL, why INTEGER NOT NULL, why_generation INTEGER NOT NULL,"
    " crashes INTEGER NOT NULL, crash_ms INTEGER NOT NULL, is_refused INTEGER NOT NULL,"
    " text TEXT NOT NULL, profile INTEGER NOT NULL, status INTEGER NOT NULL,"
    " run_ms INTEGER NOT NULL, is_console_told INTEGER NOT NULL,"
    " public_address INTEGER NOT NULL,"
    " PRIMARY KEY(id, pepoch)) WITHOUT ROWID;"
    /* The boot of the machine in which wishes were last known to be fresh (R16). */
    "CREATE TABLE machine(one INTEGER PRIMARY KEY CHECK(one=1), boot TEXT NOT NULL,"
    " fresh_boot TEXT NOT NULL);"
    "INSERT INTO machine VALUES(1, '', '');";

static const char *const migrations[] = {sync_child_schema, records};

const struct store_schema host_schema = {migrations, sizeof migrations / sizeof migrations[0]};
