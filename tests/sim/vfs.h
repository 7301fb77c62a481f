/* vfs.h - sqlite on the simulator's disks: paths that sim_disk_path gave are files there. It is the
 * process's default VFS from then on, so that the product's own store_open is what opens them. */
#pragma once

void sim_vfs_register(void);
