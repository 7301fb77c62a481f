# proto/auth
