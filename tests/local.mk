# tests/: unit tests here; tests/run drives everything else.
include tests/sim/local.mk
include tests/fuzz/local.mk

# The Debian guest, launched and logged in to; not in tests/run, for it boots slowly where all of it is emulated. Needs root.
check-guest: all
	$(abs_top_srcdir)/deploy/packages/install run guest debian test
	$(abs_top_srcdir)/deploy/guest/make-debian $(abs_top_builddir)/debian.qcow2
	TERCET_SOURCE=$(abs_top_srcdir) TERCET_BUILD=$(abs_top_builddir) \
		/usr/bin/python3 $(abs_top_srcdir)/tests/guest/debian.py $(abs_top_builddir)/debian.qcow2
.PHONY: check-guest
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
