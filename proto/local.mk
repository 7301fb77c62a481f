# proto/: the protocol between the tiers, and nothing else. One library, a part per folder.
noinst_LIBRARIES += libproto.a
libproto_a_SOURCES =
include proto/wire/local.mk
include proto/auth/local.mk
include proto/http/local.mk
include proto/sync/local.mk
