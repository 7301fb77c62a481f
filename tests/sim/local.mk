# tests/sim: the simulator. `make check-sim SEEDS=n SEED_START=k` runs it.
check_PROGRAMS += tests/sim/sim
check_LIBRARIES = libsim.a
libsim_a_SOURCES = \
	%D%/admin.c %D%/admin.h \
	%D%/clock.c %D%/clock.h \
	%D%/cloud.c %D%/cloud.h \
	%D%/damage.c %D%/damage.h \
	%D%/disk.c %D%/disk.h \
	%D%/disks.c \
	%D%/dos.c %D%/dos.h \
	%D%/ec2.c %D%/ec2.h \
	%D%/fault.c %D%/fault.def %D%/fault.h \
	%D%/groups.c %D%/groups.h \
	%D%/heap.c %D%/heap.h \
	%D%/hypervisor.c \
	%D%/joiner.c %D%/joiner.h \
	%D%/machine.c %D%/machine.h \
	%D%/nemesis.c %D%/nemesis.h \
	%D%/net.c %D%/net.h \
	%D%/node.c %D%/node.h \
	%D%/ports.c \
	%D%/shadow.c %D%/shadow.h %D%/shadow_core.c %D%/shadow_end.c %D%/shadow_machine.c %D%/shadow_seen.c %D%/shadow_tunnel.c \
	%D%/stores.c %D%/stores.h \
	%D%/subscriber.c %D%/subscriber.h \
	%D%/tiers.c %D%/tiers.h \
	%D%/trace.c %D%/trace.h \
	%D%/tunnel.c \
	%D%/version.c %D%/version.h \
	%D%/vfs.c %D%/vfs.h \
	%D%/wiretap.c %D%/wiretap.h \
	%D%/world.c %D%/world.h \
	%D%/self/herald.c %D%/self/herald.h \
	%D%/self/lord.c %D%/self/lord.h \
	%D%/self/scene.c %D%/self/scene.h \
	%D%/self/crown.c %D%/self/crown.h \
	%D%/self/vassal.c %D%/self/vassal.h \
	%D%/self/zone.c %D%/self/zone.h
tests_sim_sim_SOURCES = %D%/main.c
tests_sim_sim_LDADD = libsim.a libcloud.a libcluster.a libhost.a libhostnet.a libproto.a libbase.a $(SQLITE_LIBS) $(JANSSON_LIBS) $(SSL_LIBS)

SEEDS ?= 300
SEED_START ?= 1
check-sim: tests/sim/sim$(EXEEXT)
	$(top_srcdir)/tests/sim/check tests/sim/sim$(EXEEXT) $(SEEDS) $(SEED_START)
# Every seed twice: the same seed and the same binary give the same trace (I22).
check-sim-twice: tests/sim/sim$(EXEEXT)
	$(top_srcdir)/tests/sim/check --twice tests/sim/sim$(EXEEXT) $(SEEDS) $(SEED_START)

# One changed source, compiled alone, before the objects of everything else (tests/sim/mutate).
sim-mutant: tests/sim/sim$(EXEEXT)
	$(COMPILE) -c -o $(MUTANT).o $(MUTANT_SOURCE)
	$(CCLD) $(AM_CFLAGS) $(CFLAGS) $(AM_LDFLAGS) $(LDFLAGS) -o $(MUTANT) $(tests_sim_sim_OBJECTS) $(MUTANT).o $(tests_sim_sim_LDADD) $(LIBS)
check-sim-mutations: tests/sim/sim$(EXEEXT)
	$(top_srcdir)/tests/sim/mutate --build $(abs_top_builddir)
.PHONY: check-sim-twice check-sim-mutations sim-mutant
EXTRA_DIST += %D%/README.md %D%/check %D%/mutate %D%/mutations %D%/seeds %D%/shrink
