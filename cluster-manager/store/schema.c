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
    "CREATE INDEX instance_reservation ON instance(reservation);"
    /* Of what hosts say, that which is asked for by its name: who has an image, who has a domain
     * that nobody wishes there, where tunnels end. */
    "CREATE INDEX heard_base ON heard(id, node) WHERE kind='base' AND number>0;"
    "CREATE INDEX heard_stray ON heard(id) WHERE kind='stray' AND number>0;"
    "CREATE INDEX heard_tunnel ON heard(node) WHERE kind='tunnel';"
    /* A host that would not start it; not asked again. */
    "CREATE TABLE excluded(instance TEXT NOT NULL, host TEXT NOT NULL,"
    " PRIMARY KEY(instance, host)) WITHOUT ROWID;"
    /* Sums of the placements on a host. Only the triggers below write it (I3). */
    "CREATE TABLE host_use(host TEXT PRIMARY KEY, memory_mib INTEGER NOT NULL,"
    " vcpus INTEGER NOT NULL, disk_bytes INTEGER NOT NULL, instances INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    /* Hosts of which the roster is to read its rows again; empty between steps (ops/roster.c). */
    "CREATE TABLE host_changed(host TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TRIGGER host_use_insert AFTER INSERT ON host_use BEGIN"
    " INSERT INTO host_changed VALUES(new.host) ON CONFLICT DO NOTHING; END;"
    "CREATE TRIGGER host_use_update AFTER UPDATE ON host_use BEGIN"
    " INSERT INTO host_changed VALUES(new.host) ON CONFLICT DO NOTHING; END;"
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
    " host TEXT NOT NULL, PRIMARY KEY(instance, grp)) WITHOUT ROWID;"
    "CREATE TABLE group_ref(grp TEXT NOT NULL, ref TEXT NOT NULL, PRIMARY KEY(grp, ref))"
    " WITHOUT ROWID;"
    "CREATE INDEX group_ref_ref ON group_ref(ref, grp);"
    /* Why it was placed there, or nowhere: a wire_placement, as it is told. */
    "CREATE TABLE decision(instance TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;"
    /* Hosts that take no new instances. */
    "CREATE TABLE drained(host TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TRIGGER drained_insert AFTER INSERT ON drained BEGIN"
    " INSERT INTO host_changed VALUES(new.host) ON CONFLICT DO NOTHING; END;"
    "CREATE TRIGGER drained_delete AFTER DELETE ON drained BEGIN"
    " INSERT INTO host_changed VALUES(old.host) ON CONFLICT DO NOTHING; END;"
    /* Images that every host is to have: what each was told, and what it said. */
    "CREATE TABLE seeded(image TEXT NOT NULL, host TEXT NOT NULL, generation INTEGER NOT NULL,"
    " granted_wall_ms INTEGER NOT NULL, state TEXT NOT NULL DEFAULT '',"
    " detail TEXT NOT NULL DEFAULT '', PRIMARY KEY(image, host)) WITHOUT ROWID;"
    /* Which host was told to fetch which image, and has not said yet that it has it; in the order
     * of telling. */
    "CREATE TABLE coming(number INTEGER PRIMARY KEY, manifest TEXT NOT NULL, host TEXT NOT NULL,"
    " since_wall_ms INTEGER NOT NULL, UNIQUE(manifest, host));"
    "CREATE TABLE shape(type TEXT PRIMARY KEY, vcpus INTEGER NOT NULL,"
    " memory_mib INTEGER NOT NULL) WITHOUT ROWID;"
    /* Secrets shared with dos, as the cloud sealed them. */
    "CREATE TABLE secret(name TEXT PRIMARY KEY, sealed TEXT NOT NULL) WITHOUT ROWID;";

static const char underlay[] =
    /* Every port of the zone, and the host where it lives: '' while it lives nowhere, and from the
     * wish of its end on. Only the triggers on `instance` write the host. */
    "CREATE TABLE port(id TEXT PRIMARY KEY, instance TEXT NOT NULL, vni INTEGER NOT NULL,"
    " mac TEXT NOT NULL, address TEXT NOT NULL, host TEXT NOT NULL DEFAULT '') WITHOUT ROWID;"
    "CREATE INDEX port_instance ON port(instance);"
    "CREATE INDEX port_vni ON port(vni, host, id);"
    "CREATE TRIGGER port_moves AFTER UPDATE OF host, ending ON instance BEGIN"
    " UPDATE port SET host=iif(new.ending, '', new.host) WHERE instance=new.id; END;"
    "CREATE TRIGGER port_ends AFTER DELETE ON instance BEGIN"
    " DELETE FROM port WHERE instance=old.id; END;"
    /* Which hosts have guests of a network, and how many: they are told of its other ports. */
    "CREATE TABLE reach(vni INTEGER NOT NULL, host TEXT NOT NULL, ports INTEGER NOT NULL,"
    " PRIMARY KEY(vni, host)) WITHOUT ROWID;"
    "CREATE INDEX reach_host ON reach(host, vni);"
    /* Where each host's tunnels end. */
    "CREATE TABLE tunnel(host TEXT PRIMARY KEY, address TEXT NOT NULL UNIQUE) WITHOUT ROWID;"
    /* What changed and has not been told; ops/underlay.c empties them at the end of each step. */
    "CREATE TABLE port_changed(id TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE reach_changed(vni INTEGER NOT NULL, host TEXT NOT NULL, PRIMARY KEY(vni, host))"
    " WITHOUT ROWID;"
    "CREATE TRIGGER port_insert AFTER INSERT ON port BEGIN"
    " INSERT INTO port_changed VALUES(new.id) ON CONFLICT DO NOTHING;"
    " INSERT INTO reach SELECT new.vni, new.host, 1 WHERE new.host<>''"
    " ON CONFLICT DO UPDATE SET ports=ports+1; END;"
    "CREATE TRIGGER port_update AFTER UPDATE ON port WHEN (new.vni, new.mac, new.address, new.host)"
    " IS NOT (old.vni, old.mac, old.address, old.host) BEGIN"
    " INSERT INTO port_changed VALUES(new.id) ON CONFLICT DO NOTHING;"
    " UPDATE reach SET ports=ports-1 WHERE vni=old.vni AND host=old.host;"
    " INSERT INTO reach SELECT new.vni, new.host, 1 WHERE new.host<>''"
    " ON CONFLICT DO UPDATE SET ports=ports+1;"
    " DELETE FROM reach WHERE vni=old.vni AND host=old.host AND ports=0; END;"
    "CREATE TRIGGER port_delete AFTER DELETE ON port BEGIN"
    " INSERT INTO port_changed VALUES(old.id) ON CONFLICT DO NOTHING;"
    " UPDATE reach SET ports=ports-1 WHERE vni=old.vni AND host=old.host;"
    " DELETE FROM reach WHERE vni=old.vni AND host=old.host AND ports=0; END;"
    "CREATE TRIGGER reach_insert AFTER INSERT ON reach BEGIN"
    " INSERT INTO reach_changed VALUES(new.vni, new.host) ON CONFLICT DO NOTHING; END;"
    "CREATE TRIGGER reach_delete AFTER DELETE ON reach BEGIN"
    " INSERT INTO reach_changed VALUES(old.vni, old.host) ON CONFLICT DO NOTHING; END;"
    "CREATE TRIGGER tunnel_insert AFTER INSERT ON tunnel BEGIN"
    " INSERT INTO port_changed SELECT id FROM reach r JOIN port p ON p.vni=r.vni AND p.host=r.host"
    " WHERE r.host=new.host ON CONFLICT DO NOTHING;"
    " INSERT INTO reach_changed SELECT vni, host FROM reach WHERE host=new.host"
    " ON CONFLICT DO NOTHING; END;"
    "CREATE TRIGGER tunnel_delete AFTER DELETE ON tunnel BEGIN"
    " INSERT INTO port_changed SELECT id FROM reach r JOIN port p ON p.vni=r.vni AND p.host=r.host"
    " WHERE r.host=old.host ON CONFLICT DO NOTHING;"
    " INSERT INTO reach_changed SELECT vni, host FROM reach WHERE host=old.host"
    " ON CONFLICT DO NOTHING; END;";

static const char groups[] =
    /* Which hosts have ports of a group, and how many. Only triggers write it, as the host of
     * instance_group. */
    "CREATE TABLE group_host(grp TEXT NOT NULL, host TEXT NOT NULL, ports INTEGER NOT NULL,"
    " PRIMARY KEY(grp, host)) WITHOUT ROWID;"
    /* Groups that a host may have come to need, or to need no more; ops/group.c empties it at the
     * end of each step. */
    "CREATE TABLE group_changed(grp TEXT NOT NULL, host TEXT NOT NULL, PRIMARY KEY(grp, host))"
    " WITHOUT ROWID;"
    "CREATE TRIGGER instance_group_moves AFTER UPDATE OF host ON instance BEGIN"
    " UPDATE instance_group SET host=new.host WHERE instance=new.id; END;"
    "CREATE TRIGGER instance_group_insert AFTER INSERT ON instance_group BEGIN"
    " INSERT INTO group_host SELECT new.grp, new.host, 1 WHERE new.host<>''"
    " ON CONFLICT DO UPDATE SET ports=ports+1; END;"
    "CREATE TRIGGER instance_group_update AFTER UPDATE OF host ON instance_group"
    " WHEN new.host<>old.host BEGIN"
    " UPDATE group_host SET ports=ports-1 WHERE grp=old.grp AND host=old.host;"
    " INSERT INTO group_host SELECT new.grp, new.host, 1 WHERE new.host<>''"
    " ON CONFLICT DO UPDATE SET ports=ports+1;"
    " DELETE FROM group_host WHERE grp=old.grp AND host=old.host AND ports=0; END;"
    "CREATE TRIGGER instance_group_delete AFTER DELETE ON instance_group BEGIN"
    " UPDATE group_host SET ports=ports-1 WHERE grp=old.grp AND host=old.host;"
    " DELETE FROM group_host WHERE grp=old.grp AND host=old.host AND ports=0; END;"
    /* A host needs what its ports are in, and what the rules of that name. */
    "CREATE TRIGGER group_host_insert AFTER INSERT ON group_host BEGIN"
    " INSERT INTO group_changed SELECT new.grp, new.host WHERE true ON CONFLICT DO NOTHING;"
    " INSERT INTO group_changed SELECT ref, new.host FROM group_ref WHERE grp=new.grp"
    " ON CONFLICT DO NOTHING; END;"
    "CREATE TRIGGER group_host_delete AFTER DELETE ON group_host BEGIN"
    " INSERT INTO group_changed SELECT old.grp, old.host WHERE true ON CONFLICT DO NOTHING;"
    " INSERT INTO group_changed SELECT ref, old.host FROM group_ref WHERE grp=old.grp"
    " ON CONFLICT DO NOTHING; END;"
    "CREATE TRIGGER group_ref_insert AFTER INSERT ON group_ref BEGIN"
    " INSERT INTO group_changed SELECT new.ref, host FROM group_host WHERE grp=new.grp"
    " ON CONFLICT DO NOTHING; END;"
    "CREATE TRIGGER group_ref_delete AFTER DELETE ON group_ref BEGIN"
    " INSERT INTO group_changed SELECT old.ref, host FROM group_host WHERE grp=old.grp"
    " ON CONFLICT DO NOTHING; END;";

static const char *const migrations[] = {sync_parent_schema, sync_child_schema, admit_schema,
                                         instances,          underlay,          groups};

const struct store_schema cluster_schema = {migrations, sizeof migrations / sizeof migrations[0]};
