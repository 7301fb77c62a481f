# proto/sync
