/* spec.c - checks of the hypervisor's jobs, field by field. */
#include "computer-manager/hypervisor/spec.h"

#include "base/id.h"
#include "computer-manager/hypervisor/profile.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static enum err_code refuse(struct err *err, const char *field)
{
    return err_set(err, ERR_INVALID_PARAMETER, "the job's field %s is not valid", field);
}

static bool is_ended(const char *field, size_t size)
{
    return memchr(field, '\0', size) != NULL;
}

static bool is_id(const char *field, const char *prefix)
{
    return is_ended(field, HOST_ID_SIZE) && id_is(field, prefix);
}

static bool is_hash(const char *field)
{
    for (size_t i = 0; i < HOST_HASH_SIZE - 1; i++)
        if (!isdigit((unsigned char)field[i]) && !(field[i] >= 'a' && field[i] <= 'f'))
            return false;
    return field[HOST_HASH_SIZE - 1] == '\0';
}

/* A name of a link: what the kernel takes, and letters that need no quoting anywhere. */
static bool is_link(const char *field, size_t size)
{
    if (!is_ended(field, size) || field[0] == '\0' || field[0] == '.')
        return false;
    for (const char *c = field; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '.' && *c != '_')
            return false;
    return true;
}

static enum err_code check_hardware(const struct host_hv_start *s, struct err *err)
{
    const struct host_profile_row *p = host_profile_find(s->profile.number);
    if (p == NULL)
        return err_set(err, ERR_UNSUPPORTED, "hardware profile %lld is unknown to this build",
                       (long long)s->profile.number);
    if (s->profile.firmware < 0 || s->profile.firmware >= HOST_FIRMWARE_COUNT)
        return refuse(err, "firmware");
    if (s->vcpus < 1 || s->vcpus > p->vcpus_max)
        return refuse(err, "vcpus");
    if (s->memory_mib < p->memory_mib_min || s->memory_mib > p->memory_mib_max)
        return refuse(err, "memory_mib");
    if ((s->mac[0] & 1) != 0)
        return refuse(err, "mac");
    if (s->mtu < 576 || s->mtu > 65535)
        return refuse(err, "mtu");
    return ERR_OK;
}

enum err_code host_spec_check_start(const void *body, size_t size, struct err *err)
{
    const struct host_hv_start *s = body;
    if (size != sizeof *s)
        return refuse(err, "size");
    if (!is_id(s->instance, "i"))
        return refuse(err, "instance");
    if (s->pepoch < 0)
        return refuse(err, "pepoch");
    if (s->generation < 0)
        return refuse(err, "generation");
    if (!is_id(s->volume, "vol"))
        return refuse(err, "volume");
    if (!is_hash(s->manifest))
        return refuse(err, "manifest");
    if (!is_link(s->tap, sizeof s->tap))
        return refuse(err, "tap");
    if (s->is_cdrom != 0 && s->is_cdrom != 1)
        return refuse(err, "is_cdrom");
    return check_hardware(s, err);
}

enum err_code host_spec_check_target(const void *body, size_t size, struct err *err)
{
    const struct host_hv_target *t = body;
    if (size != sizeof *t)
        return refuse(err, "size");
    if (!is_id(t->instance, "i"))
        return refuse(err, "instance");
    if (t->pepoch < 0)
        return refuse(err, "pepoch");
    return ERR_OK;
}
