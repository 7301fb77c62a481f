/* metadata.c - the tree a guest reads, as one list of leaves. */
#include "computer-manager/model/metadata.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/str.h"
#include "computer-manager/model/address.h"

#include <stdio.h>
#include <string.h>

/* Version directories all show the same tree; clients look for one they know. */
static const char *const versions[] = {
    "1.0",        "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15",
    "2008-02-01", "2008-09-01", "2009-04-04", "2011-01-01", "2011-05-01", "2012-01-12",
    "2014-02-25", "2014-11-05", "2015-10-20", "2016-04-19", "2016-06-30", "2016-09-02",
    "2018-03-28", "2018-08-17", "2018-09-24", "2019-10-01", "2020-10-27", "2021-01-03",
    "2021-03-23", "2021-07-15", "2022-09-24", "2024-04-11", "latest"};

/* One walk over all leaves, looking for `path`: either a leaf, or a directory whose listing is
 * collected. Leaves of one directory follow each other, so a name is new when it is not the last.
 */
enum { METADATA_NAME_SIZE = 256 };

struct walk {
    const char *path; /* below the version, without a slash at either end; "" = its root */
    size_t path_len;
    bool is_leaf, is_directory;
    char last[METADATA_NAME_SIZE]; /* name listed last */
    struct buf *body;
};

static void list_name(struct walk *w, const char *name)
{
    size_t len = strcspn(name, "/");
    if (len >= sizeof w->last || (strncmp(w->last, name, len) == 0 && w->last[len] == '\0'))
        return;
    memcpy(w->last, name, len);
    w->last[len] = '\0';
    if (w->is_directory)
        buf_char(w->body, '\n');
    buf_append(w->body, name, len);
    if (name[len] == '/' && w->path_len > 0) /* the version's root lists bare names, as EC2 does */
        buf_char(w->body, '/');
    w->is_directory = true;
}

/* Offers one leaf; an empty value is no leaf. */
static void leaf(struct walk *w, const char *path, const char *value)
{
    if (*value == '\0')
        return;
    if (str_eq(path, w->path)) {
        buf_text(w->body, value);
        w->is_leaf = true;
    } else if (w->path_len == 0) {
        list_name(w, path);
    } else if (strncmp(path, w->path, w->path_len) == 0 && path[w->path_len] == '/') {
        list_name(w, path + w->path_len + 1);
    }
}

static void json_text(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "  \"%s\" : \"", name);
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            buf_char(out, '\\');
        if ((unsigned char)*p < ' ')
            buf_printf(out, "\\u%04x", (unsigned char)*p);
        else
            buf_char(out, *p);
    }
    buf_text(out, "\",\n");
}

static void walk_identity(struct walk *w, const struct metadata_instance *i)
{
    CLEANUP(buf_fini) struct buf text = {0};
    char address[HOST_ADDRESS_SIZE], launched[CLOCK_ISO_SIZE];
    clock_format_iso(launched, i->launched_ms);
    memcpy(launched + 19, "Z", 2); /* EC2 gives whole seconds here */
    buf_text(&text, "{\n");
    json_text(&text, "accountId", i->account);
    json_text(&text, "architecture", i->architecture);
    json_text(&text, "availabilityZone", i->zone);
    json_text(&text, "imageId", i->image);
    json_text(&text, "instanceId", i->instance);
    json_text(&text, "instanceType", i->type);
    json_text(&text, "pendingTime", launched);
    json_text(&text, "privateIp", host_address_format(address, i->address));
    json_text(&text, "region", i->region);
    buf_text(&text, "  \"billingProducts\" : null,\n  \"devpayProductCodes\" : null,\n"
                    "  \"marketplaceProductCodes\" : null,\n  \"kernelId\" : null,\n"
                    "  \"ramdiskId\" : null,\n  \"version\" : \"2017-09-30\"\n}");
    leaf(w, "dynamic/instance-identity/document", buf_str(&text));
}

enum group_field { GROUP_ID, GROUP_NAME };

static void walk_groups(struct walk *w, const struct metadata_instance *i, const char *path,
                        enum group_field field)
{
    CLEANUP(buf_fini) struct buf names = {0};
    for (size_t g = 0; g < i->groups_len; g++) {
        if (g > 0)
            buf_char(&names, '\n');
        buf_text(&names, field == GROUP_ID ? i->groups[g].id : i->groups[g].name);
    }
    leaf(w, path, buf_str(&names));
}

static void walk_number(struct walk *w, const char *path, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    leaf(w, path, text);
}

static const char *below(char out[128], const char *mac, const char *name)
{
    snprintf(out, 128, "meta-data/network/interfaces/macs/%s/%s", mac, name);
    return out;
}

static void walk_nic(struct walk *w, const struct metadata_instance *i)
{
    char mac[HOST_MAC_SIZE], text[HOST_CIDR_SIZE], p[128];
    host_address_format_mac(mac, i->mac);
    leaf(w, below(p, mac, "device-number"), "0");
    leaf(w, below(p, mac, "interface-id"), i->port);
    leaf(w, below(p, mac, "local-hostname"), i->hostname);
    leaf(w, below(p, mac, "local-ipv4s"), host_address_format(text, i->address));
    leaf(w, below(p, mac, "mac"), mac);
    leaf(w, below(p, mac, "owner-id"), i->account);
    leaf(w, below(p, mac, "public-hostname"), i->public_hostname);
    leaf(w, below(p, mac, "public-ipv4s"), i->public_address);
    walk_groups(w, i, below(p, mac, "security-group-ids"), GROUP_ID);
    walk_groups(w, i, below(p, mac, "security-groups"), GROUP_NAME);
    leaf(w, below(p, mac, "subnet-id"), i->subnet);
    leaf(w, below(p, mac, "subnet-ipv4-cidr-block"),
         host_address_format_cidr(text, i->subnet_cidr, i->subnet_len));
    leaf(w, below(p, mac, "vpc-id"), i->vpc);
    leaf(w, below(p, mac, "vpc-ipv4-cidr-block"),
         host_address_format_cidr(text, i->vpc_cidr, i->vpc_len));
    leaf(w, below(p, mac, "vpc-ipv4-cidr-blocks"),
         host_address_format_cidr(text, i->vpc_cidr, i->vpc_len));
}

/* The listing of keys is not one of directories: "0=name", or clients do not find the key. */
static void walk_keys(struct walk *w, const struct metadata_instance *i)
{
    if (*i->key == '\0')
        return;
    if (str_eq(w->path, "meta-data/public-keys")) {
        buf_printf(w->body, "0=%s", i->key_name);
        w->is_directory = true;
        return;
    }
    leaf(w, "meta-data/public-keys/0/openssh-key", i->key);
}

/* A key with a slash would look like a directory; EC2 refuses to show such tags too. */
static void walk_tags(struct walk *w, const struct metadata_instance *i)
{
    char path[320];
    for (size_t t = 0; t < i->tags_len; t++) {
        int len = snprintf(path, sizeof path, "meta-data/tags/instance/%s", i->tags[t].key);
        if (len < (int)sizeof path && strchr(i->tags[t].key, '/') == NULL)
            leaf(w, path, i->tags[t].value);
    }
}

/* In alphabetical order, as EC2 lists them. */
static void walk_all(struct walk *w, const struct metadata_instance *i)
{
    char text[HOST_MAC_SIZE];
    walk_identity(w, i);
    leaf(w, "meta-data/ami-id", i->image);
    walk_number(w, "meta-data/ami-launch-index", i->launch_index);
    leaf(w, "meta-data/ami-manifest-path", "(unknown)");
    leaf(w, "meta-data/block-device-mapping/ami", i->root_device);
    leaf(w, "meta-data/block-device-mapping/root", i->root_device);
    leaf(w, "meta-data/hostname", i->hostname);
    leaf(w, "meta-data/instance-action", "none");
    leaf(w, "meta-data/instance-id", i->instance);
    leaf(w, "meta-data/instance-life-cycle", "on-demand");
    leaf(w, "meta-data/instance-type", i->type);
    leaf(w, "meta-data/local-hostname", i->hostname);
    leaf(w, "meta-data/local-ipv4", host_address_format(text, i->address));
    leaf(w, "meta-data/mac", host_address_format_mac(text, i->mac));
    walk_nic(w, i);
    leaf(w, "meta-data/placement/availability-zone", i->zone);
    leaf(w, "meta-data/placement/region", i->region);
    leaf(w, "meta-data/profile", i->profile);
    leaf(w, "meta-data/public-hostname", i->public_hostname);
    leaf(w, "meta-data/public-ipv4", i->public_address);
    walk_keys(w, i);
    leaf(w, "meta-data/reservation-id", i->reservation);
    walk_groups(w, i, "meta-data/security-groups", GROUP_NAME);
    leaf(w, "meta-data/services/partition", "aws");
    walk_tags(w, i);
}

void metadata_refuse(struct metadata_answer *out, int status)
{
    *out = (struct metadata_answer){.status = status, .type = "text/plain"};
    buf_printf(&out->body, "%d\n", status);
}

static void answer_tree(struct metadata_answer *out, const struct metadata_instance *i,
                        const char *path)
{
    struct walk w = {.path = path, .path_len = strlen(path), .body = &out->body};
    walk_all(&w, i);
    if (w.path_len == 0 && i->user_data_len > 0)
        list_name(&w, "user-data");
    if (!w.is_leaf && !w.is_directory) {
        metadata_answer_fini(out);
        metadata_refuse(out, 404);
    }
}

static void answer_versions(struct metadata_answer *out)
{
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++)
        buf_printf(&out->body, v > 0 ? "\n%s" : "%s", versions[v]);
}

/* The path behind the version, or NULL where that version does not exist. */
static const char *skip_version(const char *path)
{
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
        size_t len = strlen(versions[v]);
        if (strncmp(path, versions[v], len) == 0 && (path[len] == '/' || path[len] == '\0'))
            return path + len + (path[len] == '/');
    }
    return NULL;
}

/* The path behind the version with at most one slash taken off its end; "?", which no leaf has,
 * where there is no such version. */
static void cut_path(char out[METADATA_PATH_SIZE], const char *request_path)
{
    const char *below_version = skip_version(request_path + 1);
    if (below_version == NULL || str_eq(below_version, "/"))
        below_version = "?";
    str_copy(out, METADATA_PATH_SIZE, below_version);
    size_t len = strlen(out);
    if (len > 0 && out[len - 1] == '/')
        out[len - 1] = '\0';
}

static void answer_read(struct metadata_answer *out, const struct metadata_instance *i,
                        const char *request_path)
{
    char path[METADATA_PATH_SIZE];
    *out = (struct metadata_answer){.status = 200, .type = "text/plain"};
    if (request_path[1] == '\0') {
        answer_versions(out);
        return;
    }
    cut_path(path, request_path);
    if (str_eq(path, "user-data") && i->user_data_len > 0) {
        out->type = "application/octet-stream";
        buf_append(&out->body, i->user_data, i->user_data_len);
        return;
    }
    answer_tree(out, i, path);
}

static void answer_put(struct metadata_answer *out, const struct metadata_instance *i,
                       const struct metadata_request *r, const uint8_t key[METADATA_KEY_SIZE],
                       int64_t now_ms)
{
    const char *below_version = skip_version(r->path + 1);
    bool is_token = below_version != NULL && str_eq(below_version, "api/token");
    if (!is_token) {
        metadata_refuse(out, 405);
        return;
    }
    if (r->forwarded || !str_has_prefix(r->path, "/latest/")) {
        metadata_refuse(out, 403);
        return;
    }
    if (!r->has_ttl || r->ttl_s < 1 || r->ttl_s > METADATA_TTL_MAX) {
        metadata_refuse(out, 400);
        return;
    }
    char token[METADATA_TOKEN_TEXT_SIZE];
    metadata_token_format(token, i->instance, now_ms + r->ttl_s * 1000, key);
    *out = (struct metadata_answer){.status = 200, .type = "text/plain", .token_ttl_s = r->ttl_s};
    buf_text(&out->body, token);
}

void metadata_answer(struct metadata_answer *out, const struct metadata_instance *i,
                     const struct metadata_request *r, const uint8_t key[METADATA_KEY_SIZE],
                     int64_t now_ms)
{
    PRE(i != NULL && r->path[0] == '/' && now_ms >= 0);
    PRE(i->groups_len <= METADATA_GROUPS_MAX && i->tags_len <= METADATA_TAGS_MAX);
    if (i->tokens == METADATA_OFF)
        metadata_refuse(out, 403);
    else if (r->method == METADATA_PUT)
        answer_put(out, i, r, key, now_ms);
    else if (r->has_token && !metadata_token_holds(r->token, i->instance, now_ms, key))
        metadata_refuse(out, 401);
    else if (!r->has_token && i->tokens == METADATA_TOKENS_REQUIRED)
        metadata_refuse(out, 401);
    else
        answer_read(out, i, r->path);
}

void metadata_answer_fini(struct metadata_answer *a)
{
    buf_fini(&a->body);
}
