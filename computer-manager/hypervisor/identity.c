/* identity.c - SHA-256 of the instance id, cut to UUIDs. */
#include "computer-manager/hypervisor/identity.h"

#include "base/check.h"
#include "base/str.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static void hashed(char hex[65], const char *text)
{
    unsigned char sum[32];
    unsigned len = sizeof sum;
    int done = EVP_Digest(text, strlen(text), sum, &len, EVP_sha256(), NULL);
    POST(done == 1 && len == sizeof sum);
    str_hex(hex, sum, sizeof sum);
}

void host_identity_uuid(char out[ID_UUID_SIZE], const char *instance)
{
    char hex[65];
    hashed(hex, instance);
    snprintf(out, ID_UUID_SIZE, "ec2%.5s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 5, hex + 9, hex + 12,
             hex + 15);
}

void host_identity_genid(char out[ID_UUID_SIZE], const char *instance, int64_t pepoch)
{
    char text[64], hex[65];
    snprintf(text, sizeof text, "genid %s %" PRId64, instance, pepoch);
    hashed(hex, text);
    snprintf(out, ID_UUID_SIZE, "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15,
             hex + 18);
}
