# tests/sim: the simulator. `make check-sim SEEDS=n SEED_START=k` runs it.
check_PROGRAMS += tests/sim/sim
tests_sim_sim_SOURCES = \
	%D%/clock.c %D%/clock.h \
	%D%/cloud.c %D%/cloud.h \
	%D%/disks.c \
	%D%/dos.c %D%/dos.h \
	%D%/ec2.c %D%/ec2.h \
	%D%/fault.c %D%/fault.def %D%/fault.h \
	%D%/heap.c %D%/heap.h \
	%D%/hypervisor.c \
	%D%/joiner.c %D%/joiner.h \
	%D%/machine.c %D%/machine.h \
	%D%/main.c \
	%D%/nemesis.c %D%/nemesis.h \
	%D%/net.c %D%/net.h \
	%D%/node.c %D%/node.h \
	%D%/ports.c \
	%D%/shadow.c %D%/shadow.h \
	%D%/stores.c %D%/stores.h \
	%D%/subscriber.c %D%/subscriber.h \
	%D%/tiers.c %D%/tiers.h \
	%D%/trace.c %D%/trace.h \
	%D%/wiretap.c %D%/wiretap.h \
	%D%/world.c %D%/world.h \
	%D%/self/lord.c %D%/self/lord.h \
	%D%/self/scene.c %D%/self/scene.h \
	%D%/self/crown.c %D%/self/crown.h \
	%D%/self/vassal.c %D%/self/vassal.h \
	%D%/self/zone.c %D%/self/zone.h
tests_sim_sim_LDADD = libcloud.a libcluster.a libhost.a libhostnet.a libproto.a libbase.a $(SQLITE_LIBS) $(JANSSON_LIBS) $(SSL_LIBS)

SEEDS ?= 300
SEED_START ?= 1
check-sim: tests/sim/sim$(EXEEXT)
	tests/sim/sim$(EXEEXT) --seed $(SEED_START) --seeds $(SEEDS)
