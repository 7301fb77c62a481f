# cluster-manager
