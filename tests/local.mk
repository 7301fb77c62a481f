# tests/: unit tests here; tests/run drives everything else.
include tests/sim/local.mk
if HAVE_CMOCKA
include tests/unit/base.mk
include tests/unit/wire.mk
include tests/unit/sync.mk
include tests/unit/auth.mk
include tests/unit/http.mk
include tests/unit/network.mk
include tests/unit/hypervisor.mk
include tests/unit/dos.mk
include tests/unit/cloud.mk
include tests/unit/cluster.mk
include tests/unit/host.mk
include tests/unit/cli.mk
include tests/unit/sim.mk
endif
