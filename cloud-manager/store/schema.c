/* schema.c - the tables of the cloud-manager, in numbered migrations.
 *
 * Times named *_wall_ms are dates (for answers, signatures, certificates); other *_ms are the
 * daemon's own time, which never goes back. Totals change by triggers and by nothing else. */
#include "cloud-manager/core.h"
#include "proto/sync/admit.h"
#include "proto/sync/parent.h"

/* Who there is: accounts, keys, children, and answers given. */
static const char accounts[] =
    "CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL);"
    "CREATE TABLE account(id TEXT PRIMARY KEY, name TEXT NOT NULL, quota_instances INTEGER,"
    " quota_vcpus INTEGER, created_wall_ms INTEGER NOT NULL);"
    /* What an account holds until its end is confirmed. */
    "CREATE TABLE usage(account TEXT PRIMARY KEY REFERENCES account(id),"
    " instances INTEGER NOT NULL DEFAULT 0 CHECK(instances>=0),"
    " vcpus INTEGER NOT NULL DEFAULT 0 CHECK(vcpus>=0));"
    "CREATE TRIGGER account_usage AFTER INSERT ON account BEGIN"
    " INSERT INTO usage(account) VALUES(NEW.id); END;"
    "CREATE TABLE access_key(id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account(id),"
    " sealed TEXT NOT NULL, created_wall_ms INTEGER NOT NULL);"
    /* Children that joined. joins counts, so that what a new link key wraps is told anew. */
    "CREATE TABLE node(name TEXT PRIMARY KEY, kind TEXT NOT NULL, letter TEXT UNIQUE,"
    " link_key TEXT NOT NULL, joins INTEGER NOT NULL, dos_url TEXT NOT NULL DEFAULT '');"
    /* Asked for with each instance that a cluster is told of. */
    "CREATE INDEX node_dos ON node(name,dos_url) WHERE kind='dos' AND dos_url<>'';"
    /* What each child has been told of things that are not instances. */
    "CREATE TABLE wished(node TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,"
    " generation INTEGER NOT NULL, PRIMARY KEY(node,kind,id)) WITHOUT ROWID;"
    "CREATE INDEX wished_id ON wished(kind,id);"
    /* Hosts that are to take no new instances, or no longer are; dirty = not told yet. */
    "CREATE TABLE drained(node TEXT NOT NULL, host TEXT NOT NULL, generation INTEGER NOT NULL,"
    " is_wanted INTEGER NOT NULL, is_dirty INTEGER NOT NULL, PRIMARY KEY(node,host));"
    "CREATE INDEX drained_dirty ON drained(node,host) WHERE is_dirty=1;"
    /* Answers to changing requests, by signature (RELIABILITY must 3). */
    "CREATE TABLE replay(signature TEXT PRIMARY KEY, answer TEXT NOT NULL,"
    " expires_wall_ms INTEGER NOT NULL);"
    "CREATE INDEX replay_expires ON replay(expires_wall_ms);"
    "CREATE TABLE token(account TEXT NOT NULL, action TEXT NOT NULL, token TEXT NOT NULL,"
    " hash TEXT NOT NULL, reservation TEXT NOT NULL, PRIMARY KEY(account,action,token))"
    " WITHOUT ROWID;"
    "CREATE TABLE tag(account TEXT NOT NULL, resource TEXT NOT NULL, key TEXT NOT NULL,"
    " value TEXT NOT NULL, PRIMARY KEY(resource,key)) WITHOUT ROWID;"
    "CREATE INDEX tag_account ON tag(account,resource,key);"
    "CREATE TABLE key_pair(id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account(id),"
    " name TEXT NOT NULL, type TEXT NOT NULL, fingerprint TEXT NOT NULL, line TEXT NOT NULL,"
    " created_wall_ms INTEGER NOT NULL, UNIQUE(account,name));";

/* Where things are: networks, ports, filters. */
static const char network[] =
    "CREATE TABLE vpc(id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account(id),"
    " cidr TEXT NOT NULL, vni INTEGER NOT NULL UNIQUE, dhcp_options TEXT NOT NULL,"
    " is_default INTEGER NOT NULL);"
    "CREATE INDEX vpc_account ON vpc(account);"
    "CREATE TABLE subnet(id TEXT PRIMARY KEY, account TEXT NOT NULL,"
    " vpc TEXT NOT NULL REFERENCES vpc(id), letter TEXT NOT NULL, base INTEGER NOT NULL,"
    " prefix INTEGER NOT NULL, is_default INTEGER NOT NULL, next INTEGER NOT NULL DEFAULT 0,"
    " used INTEGER NOT NULL DEFAULT 0 CHECK(used>=0), UNIQUE(vpc,base));"
    "CREATE INDEX subnet_account ON subnet(account,letter);"
    "CREATE TABLE security_group(id TEXT PRIMARY KEY, account TEXT NOT NULL,"
    " vpc TEXT NOT NULL REFERENCES vpc(id), name TEXT NOT NULL, description TEXT NOT NULL,"
    " generation INTEGER NOT NULL DEFAULT 1, is_dirty INTEGER NOT NULL DEFAULT 0,"
    " is_gone INTEGER NOT NULL DEFAULT 0);"
    "CREATE UNIQUE INDEX group_name ON security_group(vpc,name) WHERE is_gone=0;"
    "CREATE INDEX group_account ON security_group(account,id);"
    "CREATE INDEX group_dirty ON security_group(id) WHERE is_dirty=1;"
    "CREATE TABLE rule(id TEXT PRIMARY KEY, account TEXT NOT NULL,"
    " grp TEXT NOT NULL REFERENCES security_group(id), egress INTEGER NOT NULL,"
    " protocol INTEGER NOT NULL, from_port INTEGER NOT NULL, to_port INTEGER NOT NULL,"
    " cidr TEXT NOT NULL, peer TEXT NOT NULL, description TEXT NOT NULL,"
    " UNIQUE(grp,egress,protocol,from_port,to_port,cidr,peer));"
    "CREATE INDEX rule_peer ON rule(peer);"
    "CREATE INDEX rule_account ON rule(account,id);"
    /* An account's are those of its networks. */
    "CREATE TABLE port(id TEXT PRIMARY KEY, account TEXT NOT NULL,"
    " vpc TEXT NOT NULL REFERENCES vpc(id), subnet TEXT NOT NULL REFERENCES subnet(id),"
    " instance TEXT NOT NULL UNIQUE, mac TEXT NOT NULL UNIQUE,"
    " address INTEGER NOT NULL, description TEXT NOT NULL, created_wall_ms INTEGER NOT NULL,"
    " UNIQUE(vpc,address)) WITHOUT ROWID;"
    "CREATE TRIGGER port_made AFTER INSERT ON port BEGIN"
    " UPDATE subnet SET used=used+1 WHERE id=NEW.subnet; END;"
    "CREATE TRIGGER port_ended AFTER DELETE ON port BEGIN"
    " UPDATE subnet SET used=used-1 WHERE id=OLD.subnet; END;"
    /* Who is in a group, and at which cluster: both are asked at every launch. */
    "CREATE TABLE port_group(port TEXT NOT NULL REFERENCES port(id), place INTEGER NOT NULL,"
    " grp TEXT NOT NULL REFERENCES security_group(id), node TEXT NOT NULL,"
    " address INTEGER NOT NULL, PRIMARY KEY(port,place)) WITHOUT ROWID;"
    "CREATE INDEX port_group_node ON port_group(grp,node);"
    "CREATE INDEX port_group_address ON port_group(grp,address);"
    /* Pages of groups (store/members.h) that changed and have not been told; base is that of a /24.
     * A cluster's first or last port of a group is news to whoever is told of it besides: of the
     * group, and of those that its rules name. */
    "CREATE TABLE member_changed(grp TEXT NOT NULL, base INTEGER NOT NULL, PRIMARY KEY(grp,base))"
    " WITHOUT ROWID;"
    "CREATE TRIGGER member_made AFTER INSERT ON port_group BEGIN"
    " INSERT INTO member_changed VALUES(NEW.grp,NEW.address&~255) ON CONFLICT DO NOTHING; END;"
    "CREATE TRIGGER member_ended AFTER DELETE ON port_group BEGIN"
    " INSERT INTO member_changed VALUES(OLD.grp,OLD.address&~255) ON CONFLICT DO NOTHING; END;"
    "CREATE TRIGGER member_first AFTER INSERT ON port_group WHEN (SELECT count(*) FROM"
    " (SELECT 1 FROM port_group WHERE grp=NEW.grp AND node=NEW.node LIMIT 2))=1 BEGIN"
    " UPDATE security_group SET is_dirty=1 WHERE id=NEW.grp"
    " OR id IN (SELECT peer FROM rule WHERE grp=NEW.grp); END;"
    "CREATE TRIGGER member_last AFTER DELETE ON port_group WHEN NOT EXISTS"
    " (SELECT 1 FROM port_group WHERE grp=OLD.grp AND node=OLD.node) BEGIN"
    " UPDATE security_group SET is_dirty=1 WHERE id=OLD.grp"
    " OR id IN (SELECT peer FROM rule WHERE grp=OLD.grp); END;";

/* Addresses of the operator's pool that somebody has (store/public_address.h). */
static const char publics[] =
    "CREATE TABLE public_address(address INTEGER PRIMARY KEY, account TEXT NOT NULL,"
    " allocation TEXT NOT NULL, association TEXT NOT NULL, want TEXT NOT NULL,"
    " held TEXT NOT NULL, held_generation INTEGER NOT NULL, created_wall_ms INTEGER NOT NULL,"
    " is_dirty INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX public_allocation ON public_address(allocation) WHERE allocation<>'';"
    "CREATE UNIQUE INDEX public_association ON public_address(association) WHERE association<>'';"
    "CREATE UNIQUE INDEX public_want ON public_address(want) WHERE want<>'';"
    "CREATE INDEX public_held ON public_address(held) WHERE held<>'';"
    "CREATE INDEX public_account ON public_address(account,address) WHERE allocation<>'';"
    "CREATE INDEX public_dirty ON public_address(address) WHERE is_dirty=1;";

/* Images that the hosts of a cluster are to have, or no longer are; dirty = not told yet. */
static const char seeds[] =
    "CREATE TABLE seed(node TEXT NOT NULL, image TEXT NOT NULL, generation INTEGER NOT NULL,"
    " is_wanted INTEGER NOT NULL, hosts INTEGER NOT NULL DEFAULT 0,"
    " whole INTEGER NOT NULL DEFAULT 0, detail TEXT NOT NULL DEFAULT '',"
    " is_dirty INTEGER NOT NULL, PRIMARY KEY(image,node));"
    "CREATE INDEX seed_dirty ON seed(node,image) WHERE is_dirty=1;";

/* What instances are made from. */
static const char images[] =
    "CREATE TABLE image(id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account(id),"
    " name TEXT NOT NULL, description TEXT NOT NULL, bucket TEXT NOT NULL, key TEXT NOT NULL,"
    " architecture TEXT NOT NULL, boot_mode TEXT NOT NULL, root_device TEXT NOT NULL,"
    " snapshot TEXT NOT NULL,"
    " disk_gib INTEGER NOT NULL, is_named INTEGER NOT NULL, generation INTEGER NOT NULL,"
    " sent_generation INTEGER NOT NULL, node TEXT NOT NULL, state TEXT NOT NULL,"
    " is_gone INTEGER NOT NULL, manifest TEXT NOT NULL, size_bytes INTEGER NOT NULL,"
    " is_cdrom INTEGER NOT NULL, detail TEXT NOT NULL, percent INTEGER NOT NULL, created_wall_ms "
    "INTEGER NOT NULL,"
    " is_dirty INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX image_name ON image(account,name) WHERE is_named=1;"
    "CREATE INDEX image_dirty ON image(id) WHERE is_dirty=1;"
    /* Accounts that may launch an image beside its own; "all" = every. */
    "CREATE TABLE launch_permission(image TEXT NOT NULL REFERENCES image(id), user TEXT NOT NULL,"
    " PRIMARY KEY(image,user));"
    "CREATE INDEX launch_permission_user ON launch_permission(user,image);";

/* What runs: instances, their disks. want, seen and state are the numbers of model/. */
static const char compute[] =
    "CREATE TABLE instance(id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES account(id),"
    " reservation TEXT NOT NULL, launch_index INTEGER NOT NULL, minimum INTEGER NOT NULL,"
    " count INTEGER NOT NULL, image TEXT NOT NULL, manifest TEXT NOT NULL,"
    " image_bytes INTEGER NOT NULL, is_cdrom INTEGER NOT NULL, architecture TEXT NOT NULL, "
    "boot_mode TEXT NOT NULL,"
    " type TEXT NOT NULL,"
    " vcpus INTEGER NOT NULL, memory_mib INTEGER NOT NULL, key_name TEXT NOT NULL,"
    " key TEXT NOT NULL, user_data TEXT NOT NULL, client_token TEXT NOT NULL,"
    " on_shutdown TEXT NOT NULL, no_terminate INTEGER NOT NULL, no_stop INTEGER NOT NULL,"
    " is_monitored INTEGER NOT NULL, imds_off INTEGER NOT NULL, imds_required INTEGER NOT NULL,"
    " imds_tags INTEGER NOT NULL, imds_hops INTEGER NOT NULL, is_public INTEGER NOT NULL, "
    "root_device TEXT NOT NULL, letter "
    "TEXT NOT NULL,"
    " node TEXT NOT NULL, vpc TEXT NOT NULL, subnet TEXT NOT NULL, launch_wall_ms INTEGER NOT NULL,"
    " want INTEGER NOT NULL, generation INTEGER NOT NULL, sent_generation INTEGER NOT NULL,"
    " sent_rev INTEGER NOT NULL, reboot_n INTEGER NOT NULL, seen INTEGER NOT NULL,"
    " seen_generation INTEGER NOT NULL, has_run INTEGER NOT NULL,"
    " status TEXT NOT NULL, status_why TEXT NOT NULL, status_wall_ms INTEGER NOT NULL,"
    " step TEXT NOT NULL, step_percent INTEGER NOT NULL,"
    " state INTEGER NOT NULL,"
    " reason_code TEXT NOT NULL, reason TEXT NOT NULL, reason_wall_ms INTEGER NOT NULL,"
    " groups_n INTEGER NOT NULL,"
    " is_live INTEGER NOT NULL, terminated_ms INTEGER NOT NULL, is_dirty INTEGER NOT NULL);"
    "CREATE INDEX instance_account ON instance(account,reservation,launch_index);"
    "CREATE INDEX instance_in_flight ON instance(node,sent_rev) WHERE is_live=1 AND has_run=0;"
    "CREATE INDEX instance_image ON instance(image) WHERE is_live=1;"
    "CREATE INDEX instance_dirty ON instance(id) WHERE is_dirty=1;"
    "CREATE INDEX instance_ended ON instance(terminated_ms) WHERE is_live=0;"
    "CREATE TRIGGER instance_made AFTER INSERT ON instance WHEN NEW.is_live=1 BEGIN"
    " UPDATE usage SET instances=instances+1,vcpus=vcpus+NEW.vcpus WHERE account=NEW.account; END;"
    "CREATE TRIGGER instance_ended AFTER UPDATE OF is_live ON instance"
    " WHEN OLD.is_live=1 AND NEW.is_live=0 BEGIN"
    " UPDATE usage SET instances=instances-1,vcpus=vcpus-OLD.vcpus WHERE account=OLD.account; END;"
    "CREATE TRIGGER instance_resized AFTER UPDATE OF vcpus ON instance"
    " WHEN NEW.is_live=1 AND NEW.vcpus<>OLD.vcpus BEGIN"
    " UPDATE usage SET vcpus=vcpus-OLD.vcpus+NEW.vcpus WHERE account=NEW.account; END;"
    "CREATE TRIGGER instance_never_back BEFORE UPDATE OF is_live ON instance"
    " WHEN OLD.is_live=0 AND NEW.is_live=1 BEGIN SELECT RAISE(ABORT,'back from the dead'); END;"
    "CREATE TRIGGER instance_removed AFTER DELETE ON instance WHEN OLD.is_live=1 BEGIN"
    " SELECT RAISE(ABORT,'a living row'); END;"
    "CREATE TABLE volume(id TEXT NOT NULL, account TEXT NOT NULL, instance TEXT NOT NULL UNIQUE,"
    " snapshot TEXT NOT NULL, letter TEXT NOT NULL, size_gib INTEGER NOT NULL, type TEXT NOT NULL,"
    " device TEXT NOT NULL, created_wall_ms INTEGER NOT NULL, PRIMARY KEY(account,id))"
    " WITHOUT ROWID;"
    /* What its cluster said last of why an instance is on its host: a wire_placement. */
    "CREATE TABLE placement(instance TEXT PRIMARY KEY, body TEXT NOT NULL);"
    "CREATE TABLE console(instance TEXT PRIMARY KEY, text TEXT NOT NULL, at_wall_ms INTEGER NOT "
    "NULL);";

/* What owners can see of their objects, by the number of its last change (store/change.h): whoever
 * inserts into `changed` moves the row of that object to the end. A tag that comes, changes or goes
 * is a change of what has it, unless that has gone. */
#define TAG_CHANGE(name, event, resource)                                          \
    "CREATE TRIGGER change_tag_" name " AFTER " event " BEGIN"                     \
    " INSERT INTO changed SELECT account,kind,id,0 FROM change WHERE id=" resource \
    " AND is_gone=0; END;"
static const char changes[] =
    "CREATE TABLE change(number INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL,"
    " kind TEXT NOT NULL, id TEXT NOT NULL, is_gone INTEGER NOT NULL, UNIQUE(id,kind));"
    "CREATE INDEX change_account ON change(account,number);"
    "CREATE INDEX change_gone ON change(number) WHERE is_gone=1;"
    "CREATE VIEW changed AS SELECT account,kind,id,is_gone FROM change;"
    "CREATE TRIGGER changed_moves INSTEAD OF INSERT ON changed BEGIN"
    " DELETE FROM change WHERE id=NEW.id AND kind=NEW.kind;"
    " INSERT INTO change(account,kind,id,is_gone)"
    "  VALUES(NEW.account,NEW.kind,NEW.id,NEW.is_gone); END;" TAG_CHANGE("made", "INSERT ON tag",
                                                                         "NEW.resource")
        TAG_CHANGE("changed", "UPDATE OF value ON tag", "NEW.resource")
            TAG_CHANGE("gone", "DELETE ON tag", "OLD.resource")
    /* Known to nobody for a day when its row goes. */
    "CREATE TRIGGER change_instance_gone AFTER DELETE ON instance BEGIN"
    " DELETE FROM change WHERE kind='instances' AND id=OLD.id; END;";

#define MADE(name, table, when, kind, id)                                          \
    "CREATE TRIGGER change_" name " AFTER INSERT ON " table " WHEN " when " BEGIN" \
    " INSERT OR REPLACE INTO change(account,kind,id,is_gone)"                      \
    "  VALUES(NEW.account,'" kind "'," id ",0); END;"
#define CHANGE(name, event, when, kind, account, id, gone)               \
    "CREATE TRIGGER change_" name " AFTER " event " WHEN " when " BEGIN" \
    " INSERT INTO changed VALUES(" account ",'" kind "'," id "," gone "); END;"
static const char changing[] =
#include "cloud-manager/store/changes.def"
    ;

static const char *const migrations[] = {
    accounts,           network,     publics, images, compute, seeds, changes, changing,
    sync_parent_schema, admit_schema};

const struct store_schema cloud_schema = {migrations, sizeof migrations / sizeof migrations[0]};
