# computer-manager
