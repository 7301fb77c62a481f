/* tier.c - what hosts read: manifests and chunks. The grant was checked by api/tier; that a chunk
 * belongs to the manifest of the grant is checked here, where the rows are. */
#include "base/check.h"
#include "base/str.h"
#include "dos/ops/ops.h"
#include "dos/store/manifest.h"

enum err_code dos_get_manifest(struct dos_call *c)
{
    CLEANUP(buf_fini) struct buf text = {0};
    if (!dos_manifest_text(c->core->store, c->op->tier.manifest, &text))
        return err_set(c->err, ERR_NO_SUCH_KEY, "no such manifest");
    dos_pack_blob(c->fields, text.data, text.len);
    return ERR_OK;
}

enum err_code dos_get_chunk(struct dos_call *c)
{
    unsigned char hash[MANIFEST_HASH_SIZE];
    PRE(c->op->tier.chunk != NULL);
    if (!str_unhex(hash, sizeof hash, c->op->tier.chunk))
        return err_set(c->err, ERR_NO_SUCH_KEY, "no such chunk");
    int64_t size = dos_manifest_chunk(c->core->store, c->op->tier.manifest, hash);
    if (size < 0)
        return err_set(c->err, ERR_DENIED, "the granted manifest does not name this chunk");
    dos_pack_i64(c->fields, size);
    return ERR_OK;
}
