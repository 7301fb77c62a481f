/* stores.h - stores that are used again by the next seed: opening one costs more than a seed's
 * whole load. Each is set back to what its migrations make before it is handed out. */
#pragma once

#include "base/store.h"
#include "tests/sim/disk.h"

struct store *sim_stores_take(const struct store_schema *schema);
void sim_stores_give(const struct store_schema *schema, struct store *st);
/* Sets a store back to what its migrations make. */
void sim_stores_reset(const struct store_schema *schema, struct store *st);

/* Level B: the store is files on a disk, which the product's own code opens and recovers. */
void sim_stores_install(const struct store_schema *schema, struct sim_disk *d);
struct store *sim_stores_open(const struct store_schema *schema, struct sim_disk *d);
/* ... or NULL, where its disk did not let it: armed by whoever calls. */
struct store *sim_stores_try_open(const struct store_schema *schema, struct sim_disk *d);
/* Closes all that were given back. */
void sim_stores_fini(void);
