# computer-manager/: one host. The core is a library; the three processes stand beside it.
noinst_LIBRARIES += libhost.a
libhost_a_SOURCES = \
	%D%/act.c %D%/cache.c %D%/api/cluster.c %D%/api/metadata.c %D%/core.c %D%/core.h %D%/done.c %D%/done_net.c %D%/groups.c %D%/host.h %D%/orders.c %D%/peers.c %D%/planned.c %D%/pulse.c %D%/records.c %D%/say.c %D%/seeds.c %D%/share.c %D%/starts.c %D%/steps.c %D%/wish.c \
	%D%/model/cache.c %D%/model/cache.h %D%/model/job.h %D%/api/port.c %D%/api/port.h %D%/model/record.c %D%/model/record.h %D%/model/wish.h \
	%D%/model/status.c %D%/model/status.h \
	%D%/model/group.c %D%/model/group.h \
	%D%/model/pace.c %D%/model/pace.h \
	%D%/model/reach.c %D%/model/reach.h \
	%D%/report.c %D%/metrics.def \
	%D%/plan/plan_record.c %D%/plan/plan_record.h \
	%D%/plan/plan_seed.c %D%/plan/plan_seed.h \
	%D%/store/record.c %D%/store/record.h %D%/store/schema.c
include computer-manager/hypervisor/local.mk
include computer-manager/network/local.mk

sbin_PROGRAMS += tercet-computer-manager
tercet_computer_manager_SOURCES = %D%/effect/progress.c %D%/effect/progress.h %D%/main.c
tercet_computer_manager_LDADD = libhost.a libhosteffect.a libhostnet.a libproto.a libbase.a \
	$(MHD_LIBS) $(CURL_LIBS) $(UV_LIBS) $(SSL_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(INIH_LIBS)
