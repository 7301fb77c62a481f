# dos: objects, and the chunks of images. libdos.a is its core, which the simulator links as well.
noinst_LIBRARIES += libdos.a
libdos_a_SOURCES = \
	%D%/core.c %D%/core.h %D%/jobs.h \
	%D%/op.c %D%/op.h \
	%D%/pack.c %D%/pack.h \
	%D%/report.c %D%/metrics.def \
	%D%/model/crc.c %D%/model/crc.h \
	%D%/model/condition.c %D%/model/condition.h \
	%D%/model/image.c %D%/model/image.h \
	%D%/model/iso.c %D%/model/iso.h \
	%D%/model/name.c %D%/model/name.h \
	%D%/model/qcow2.c %D%/model/qcow2.h \
	%D%/model/range.c %D%/model/range.h \
	%D%/ops/authorize.c %D%/ops/ops.h \
	%D%/ops/bucket.c \
	%D%/ops/image.c \
	%D%/ops/object.c \
	%D%/ops/sweep.c \
	%D%/ops/tier.c \
	%D%/ops/upload.c \
	%D%/ops/wishes.c \
	%D%/store/bucket.c %D%/store/bucket.h \
	%D%/store/garbage.c %D%/store/garbage.h \
	%D%/store/import.c %D%/store/import.h \
	%D%/store/key.c %D%/store/key.h \
	%D%/store/manifest.c %D%/store/manifest.h \
	%D%/store/object.c %D%/store/object.h \
	%D%/store/part.c %D%/store/part.h \
	%D%/store/schema.c %D%/store/schema.h \
	%D%/store/upload.c %D%/store/upload.h

# Runs the converter of images, which reads what tenants wrote: nothing but itself and two files.
libexec_PROGRAMS += tercet-image-jail
tercet_image_jail_SOURCES = \
	%D%/effect/jail/filter.c \
	%D%/effect/jail/jail.h \
	%D%/effect/jail/limits.c \
	%D%/effect/jail/main.c \
	%D%/effect/jail/namespaces.c \
	%D%/effect/jail/order.c \
	%D%/effect/jail/root.c
tercet_image_jail_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
tercet_image_jail_LDADD = libbase.a $(SECCOMP_LIBS)

# What stands around the core: the faces, the data folder, the jobs. Only the daemon and tests link it.
noinst_LIBRARIES += libdosdata.a
libdosdata_a_SOURCES = \
	%D%/api/s3/action.c %D%/api/s3/actions.def %D%/api/s3/unbuilt.def \
	%D%/api/s3/auth.c \
	%D%/api/s3/body.c %D%/api/s3/body.h \
	%D%/api/s3/bucket.c \
	%D%/api/s3/checksum.c %D%/api/s3/checksum.h \
	%D%/api/s3/exchange.h \
	%D%/api/s3/get.c \
	%D%/api/s3/headers.c %D%/api/s3/headers.h \
	%D%/api/s3/list.c \
	%D%/api/s3/put.c \
	%D%/api/s3/reply.c \
	%D%/api/s3/s3.c %D%/api/s3/s3.h \
	%D%/api/s3/target.c %D%/api/s3/target.h \
	%D%/api/s3/upload.c \
	%D%/api/s3/xml.h %D%/api/s3/xml_read.c %D%/api/s3/xml_write.c \
	%D%/api/tier/tier.c %D%/api/tier/tier.h \
	%D%/bodies.h \
	%D%/directory.h \
	%D%/effect/converter.c %D%/effect/converter.h \
	%D%/effect/directory.c \
	%D%/effect/files.c %D%/effect/files.h \
	%D%/effect/import.c %D%/effect/import.h \
	%D%/effect/index.c \
	%D%/effect/segments.c \
	%D%/effect/sweep.c %D%/effect/sweep.h \
	%D%/index.h \
	%D%/segments.h

sbin_PROGRAMS += tercet-dos
tercet_dos_SOURCES = \
	%D%/main.c %D%/options.def %D%/options.h \
	%D%/main_verbs.c %D%/main_verbs.h
tercet_dos_CPPFLAGS = $(AM_CPPFLAGS) -DTERCET_LIBEXEC='"$(libexecdir)"'
tercet_dos_LDADD = libdosdata.a libdos.a libproto.a libbase.a $(MHD_LIBS) $(UV_LIBS) $(CURL_LIBS) \
                   $(SSL_LIBS) $(SQLITE_LIBS) $(JANSSON_LIBS) $(INIH_LIBS) -lpthread
