# cluster-manager/: one availability zone
noinst_LIBRARIES += libcluster.a
libcluster_a_SOURCES = \
	%D%/api/cloud.c %D%/api/host.c \
	%D%/cluster.h %D%/core.c %D%/core.h \
	%D%/model/place.c %D%/model/place.def %D%/model/place.h %D%/model/room.c %D%/model/room.h \
	%D%/model/zone.c %D%/model/zone.h \
	%D%/ops/capacity.c %D%/ops/counted.c %D%/ops/decision.c %D%/ops/decision.h %D%/ops/drain.c %D%/ops/drain.h \
	%D%/ops/end.c %D%/ops/grant.c %D%/ops/grant.h %D%/ops/group.c %D%/ops/place.c %D%/ops/recover.c \
	%D%/ops/resize.c %D%/ops/resize.h %D%/ops/roster.c %D%/ops/roster.h %D%/ops/seed.c %D%/ops/seed.h \
	%D%/ops/share.c %D%/ops/share.h \
	%D%/ops/underlay.c \
	%D%/report.c %D%/metrics.def \
	%D%/store/group.c %D%/store/group.h \
	%D%/store/host.c %D%/store/host.h %D%/store/instance.c %D%/store/instance.h %D%/store/port.c %D%/store/port.h %D%/store/schema.c

sbin_PROGRAMS += tercet-cluster-manager
tercet_cluster_manager_SOURCES = \
	%D%/effect/sign.c %D%/effect/sign.h %D%/main.c %D%/options.def %D%/options.h
tercet_cluster_manager_LDADD = libcluster.a libproto.a libbase.a $(MHD_LIBS) $(CURL_LIBS) \
	$(UV_LIBS) $(SSL_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(INIH_LIBS)
