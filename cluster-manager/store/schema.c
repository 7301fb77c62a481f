/* schema.c - the tables of a cluster-manager, by number of migration. */
#include "cluster-manager/core.h"

/* The links' own tables stand in proto/sync; a migration is one text, so they are migrations of
 * their own. */
#include "proto/sync/admit.h"
#include "proto/sync/child.h"
#include "proto/sync/parent.h"

static const char instances[] =
    /* What the cloud wishes here and where it was put. host '' = nowhere yet. */
    "CREATE TABLE instance(id TEXT PRIMARY KEY, generation INTEGER NOT NULL,"
    " reservation TEXT NOT NULL, minimum INTEGER NOT NULL,"
    " memory_mib INTEGER NOT NULL, vcpus INTEGER NOT NULL, disk_bytes INTEGER NOT NULL,"
    " since_ms INTEGER NOT NULL, host TEXT NOT NULL DEFAULT '', pepoch INTEGER NOT NULL DEFAULT 0,"
    " refused INTEGER NOT NULL DEFAULT 0, ending INTEGER NOT NULL DEFAULT 0,"
    " tries INTEGER NOT NULL DEFAULT 0, guest_mib INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX instance_waiting ON instance(reservation, id)"
    " WHERE host='' AND refused=0 AND ending=0;"
    "CREATE INDEX instance_host ON instance(host, id);"
    /* A host that would not start it; not asked again. */
    "CREATE TABLE excluded(instance TEXT NOT NULL, host TEXT NOT NULL,"
    " PRIMARY KEY(instance, host)) WITHOUT ROWID;"
    /* Sums of the placements on a host. Only the triggers below write it (I3). */
    "CREATE TABLE host_use(host TEXT PRIMARY KEY, memory_mib INTEGER NOT NULL,"
    " vcpus INTEGER NOT NULL, disk_bytes INTEGER NOT NULL, instances INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TRIGGER use_insert AFTER INSERT ON instance WHEN new.host<>'' BEGIN"
    " INSERT INTO host_use VALUES(new.host, new.memory_mib, new.vcpus, new.disk_bytes, 1)"
    " ON CONFLICT DO UPDATE SET memory_mib=memory_mib+excluded.memory_mib,"
    " vcpus=vcpus+excluded.vcpus, disk_bytes=disk_bytes+excluded.disk_bytes,"
    " instances=instances+1; END;"
    "CREATE TRIGGER use_delete AFTER DELETE ON instance WHEN old.host<>'' BEGIN"
    " UPDATE host_use SET memory_mib=memory_mib-old.memory_mib, vcpus=vcpus-old.vcpus,"
    " disk_bytes=disk_bytes-old.disk_bytes, instances=instances-1 WHERE host=old.host; END;"
    "CREATE TRIGGER use_update AFTER UPDATE OF host, memory_mib, vcpus, disk_bytes ON instance"
    " WHEN (new.host, new.memory_mib, new.vcpus, new.disk_bytes)"
    " IS NOT (old.host, old.memory_mib, old.vcpus, old.disk_bytes) BEGIN"
    " UPDATE host_use SET memory_mib=memory_mib-old.memory_mib, vcpus=vcpus-old.vcpus,"
    " disk_bytes=disk_bytes-old.disk_bytes, instances=instances-1 WHERE host=old.host;"
    " INSERT INTO host_use SELECT new.host, new.memory_mib, new.vcpus, new.disk_bytes, 1"
    " WHERE new.host<>'' ON CONFLICT DO UPDATE SET memory_mib=memory_mib+excluded.memory_mib,"
    " vcpus=vcpus+excluded.vcpus, disk_bytes=disk_bytes+excluded.disk_bytes,"
    " instances=instances+1; END;"
    /* Which groups an instance's port is in, and which a group's rules name. */
    "CREATE TABLE instance_group(instance TEXT NOT NULL, grp TEXT NOT NULL,"
    " PRIMARY KEY(instance, grp)) WITHOUT ROWID;"
    "CREATE INDEX instance_group_grp ON instance_group(grp, instance);"
    "CREATE TABLE group_ref(grp TEXT NOT NULL, ref TEXT NOT NULL, PRIMARY KEY(grp, ref))"
    " WITHOUT ROWID;"
    "CREATE INDEX group_ref_ref ON group_ref(ref, grp);"
    "CREATE TABLE shape(type TEXT PRIMARY KEY, vcpus INTEGER NOT NULL,"
    " memory_mib INTEGER NOT NULL) WITHOUT ROWID;"
    /* Secrets shared with dos, as the cloud sealed them. */
    "CREATE TABLE secret(name TEXT PRIMARY KEY, sealed TEXT NOT NULL) WITHOUT ROWID;";

static const char *const migrations[] = {sync_parent_schema, sync_child_schema, admit_schema,
                                         instances};

const struct store_schema cluster_schema = {migrations, sizeof migrations / sizeof migrations[0]};
