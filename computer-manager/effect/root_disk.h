/* root_disk.h - root disks: linked qcow2 files, one per placement of an instance. */
#pragma once

#include "base/err.h"
#include "computer-manager/model/job.h"

/* Makes STATE/INSTANCE/root-PEPOCH.qcow2 on the base of `manifest`. One that is there is kept
 * as it is, whatever it holds. ERR_PRECONDITION: the base is not here. Fields are checked. */
enum err_code host_root_disk_make(const char *state_dir, const char *images_dir,
                                  const struct host_disk_root *spec, struct err *err);
/* Removes the root disks at or below the pepoch; with the last one all else of the instance. */
enum err_code host_root_disk_erase(const char *state_dir, const struct host_disk_target *spec,
                                   struct err *err);
/* All root disks, and the room. A directory whose disk is gone and that could not be removed
 * is told as pepoch 0, so that it is erased again. */
enum err_code host_root_disk_list(const char *state_dir, struct host_disk_list *out,
                                  struct err *err);
