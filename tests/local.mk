# tests/: unit tests here; tests/run drives everything else.
include tests/sim/local.mk
include tests/fuzz/local.mk

# What stands in for the helpers of hosts that have no guests.
check_PROGRAMS += tests/storm/standin
tests_storm_standin_SOURCES = %D%/storm/standin.c
tests_storm_standin_LDADD = libhosteffect.a libbase.a

# The Debian guest, launched and logged in to; not in tests/run, for it boots slowly where all of it is emulated. Needs root.
check-guest: all
	$(abs_top_srcdir)/deploy/packages/install run guest debian test
	$(abs_top_srcdir)/deploy/guest/make-debian $(abs_top_builddir)/debian.qcow2
	TERCET_SOURCE=$(abs_top_srcdir) TERCET_BUILD=$(abs_top_builddir) \
		/usr/bin/python3 $(abs_top_srcdir)/tests/guest/debian.py $(abs_top_builddir)/debian.qcow2

# Real daemons under faults and load: so many kills, by that seed. Needs root.
KILLS = 300
SEED = 1
storm: all
	$(abs_top_srcdir)/deploy/packages/install run guest test
	$(abs_top_srcdir)/deploy/guest/make-tiny $(abs_top_builddir)/storm-guest.qcow2
	TERCET_SOURCE=$(abs_top_srcdir) TERCET_BUILD=$(abs_top_builddir) TERCET_CACHE=$(abs_top_srcdir)/var/cache \
		TERCET_STATE=$(abs_top_builddir)/storm.state TERCET_GUEST=$(abs_top_builddir)/storm-guest.qcow2 \
		/usr/bin/python3 $(abs_top_srcdir)/tests/storm/kill_storm.py --kills $(KILLS) --seed $(SEED)

# The same with many hosts and no guests, so much faster: a stand-in for hypervisors and networks, clocks that are moved, disks
# that fail.
HOSTS = 6
storm-fleet: all tests/storm/standin
	$(abs_top_srcdir)/deploy/packages/install run test
	TERCET_BUILD=$(abs_top_builddir) TERCET_STATE=$(abs_top_builddir)/storm-fleet.state \
		/usr/bin/python3 $(abs_top_srcdir)/tests/storm/fleet_storm.py --kills $(KILLS) --hosts $(HOSTS) --seed $(SEED)

# Which branches of the deciding and the parsing files the unit tests, the corpora and some seeds take.
coverage:
	$(abs_top_srcdir)/tests/coverage/run
# Daemons killed, and their disks failing, at each call that counts, in every way; two hours.
crash: all tests/storm/standin
	TERCET_BUILD=$(abs_top_builddir) /usr/bin/python3 $(abs_top_srcdir)/tests/integ/tier_crash.py --whole
	/usr/bin/python3 $(abs_top_srcdir)/tests/integ/dos_crash.py $(abs_top_builddir)/tercet-dos \
		$(abs_top_builddir)/tercet-image-jail --whole
# What has threads, with ThreadSanitizer. Needs root.
check-threads:
	$(abs_top_srcdir)/tests/threads/run
# What decides by bytes that nobody wrote: the unit tests under valgrind.
check-valgrind:
	$(abs_top_srcdir)/tests/valgrind/run
# Ten thousand idle, 500 slow clients, slowhttptest, and honest ones beside them; daemons with hardly any memory; 7 minutes.
crowd: all
	$(abs_top_srcdir)/deploy/packages/install run test bench
	TERCET_BUILD=$(abs_top_builddir) /usr/bin/python3 $(abs_top_srcdir)/tests/integ/http_crowd.py --idle 10000 --secure 3000 \
		--slow 500 --seconds 15 --strict
.PHONY: check-guest check-threads check-valgrind storm storm-fleet coverage crash crowd
EXTRA_DIST += %D%/coverage/run %D%/coverage/table %D%/threads/run %D%/threads/suppressions \
	%D%/valgrind/run %D%/valgrind/left-out
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
