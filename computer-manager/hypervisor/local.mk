# computer-hypervisor: the one process that links libvirt; and the part of effect/ that it
# shares with the manager.
noinst_LIBRARIES += libhosteffect.a libhypervisor.a
libhosteffect_a_SOURCES = \
	computer-manager/options.c computer-manager/options.h computer-manager/options.def \
	computer-manager/effect/arguments.c computer-manager/effect/arguments.h \
	computer-manager/effect/assembly.c computer-manager/effect/assembly.h \
	computer-manager/effect/channel.c computer-manager/effect/channel.h \
	computer-manager/effect/child.c computer-manager/effect/child.h \
	computer-manager/effect/disk.c computer-manager/effect/disk.h \
	computer-manager/effect/durable.c computer-manager/effect/durable.h \
	computer-manager/effect/evict.c \
	computer-manager/model/cache.c computer-manager/model/cache.h \
	computer-manager/effect/fetch.c computer-manager/effect/fetch.h \
	computer-manager/effect/have.c computer-manager/effect/have.h \
	computer-manager/effect/helper.c computer-manager/effect/helper.h \
	computer-manager/effect/image.c computer-manager/effect/image.h \
	computer-manager/effect/kin.c computer-manager/effect/kin.h \
	computer-manager/effect/layout.c computer-manager/effect/layout.h \
	computer-manager/effect/manifest_file.c computer-manager/effect/manifest_file.h \
	computer-manager/effect/near.c computer-manager/effect/near.h \
	computer-manager/effect/qcow2.c computer-manager/effect/qcow2.h \
	computer-manager/effect/root_disk.c computer-manager/effect/root_disk.h \
	computer-manager/effect/share.c computer-manager/effect/share.h \
	computer-manager/effect/spawn.c computer-manager/effect/spawn.h \
	computer-manager/effect/tether.c computer-manager/effect/tether.h \
	computer-manager/effect/underlay.c computer-manager/effect/underlay.h
libhypervisor_a_SOURCES = \
	%D%/connection.c %D%/connection.h \
	%D%/console.c %D%/console.h \
	%D%/dispatch.c %D%/dispatch.h \
	%D%/domain.c %D%/domain.h \
	%D%/domain_xml.c %D%/domain_xml.h \
	%D%/identity.c %D%/identity.h \
	%D%/load.c %D%/load.h \
	%D%/metadata.c %D%/metadata.h \
	%D%/owned.c %D%/owned.h \
	%D%/probe.c %D%/probe.h \
	%D%/profile.c %D%/profile.h \
	%D%/reboot.c %D%/reboot.h \
	%D%/service.c %D%/service.h \
	%D%/spec.c %D%/spec.h \
	%D%/work.c %D%/work.h \
	%D%/xml.c %D%/xml.h

libexec_PROGRAMS += tercet-computer-hypervisor
tercet_computer_hypervisor_SOURCES = %D%/main.c
tercet_computer_hypervisor_LDADD = libhypervisor.a libhosteffect.a libbase.a \
	$(LIBVIRT_LIBS) $(SSL_LIBS) $(INIH_LIBS)
