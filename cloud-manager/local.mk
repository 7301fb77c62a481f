# cloud-manager
