# computer-network, and the pure modules of networks and metadata that tests and the manager link.
noinst_LIBRARIES += libhostnet.a
libhostnet_a_SOURCES = \
	computer-manager/effect/metadata_server.c computer-manager/effect/metadata_server.h \
	computer-manager/model/address.c computer-manager/model/address.h \
	computer-manager/model/filter.c computer-manager/model/filter.h \
	computer-manager/model/job.h \
	computer-manager/model/metadata.c computer-manager/model/metadata.h \
	computer-manager/model/metadata_request.c computer-manager/model/metadata_request.h \
	computer-manager/model/metadata_token.c computer-manager/model/metadata_token.h \
	computer-manager/model/netname.c computer-manager/model/netname.h \
	computer-manager/model/pages.c computer-manager/model/pages.h \
	computer-manager/model/verdict.c computer-manager/model/verdict.h \
	computer-manager/model/tunnel.c computer-manager/model/tunnel.h \
	computer-manager/model/public.c computer-manager/model/public.h \
	%D%/valid.c %D%/valid.h

libexec_PROGRAMS += tercet-computer-network
tercet_computer_network_SOURCES = \
	%D%/confine.c %D%/confine.h \
	%D%/conntrack.c %D%/conntrack.h \
	%D%/cut.c %D%/cut.h \
	%D%/dnsmasq.c %D%/dnsmasq.h \
	%D%/group.c %D%/group.h \
	%D%/guard.c %D%/guard.h \
	%D%/lease.c %D%/lease.h \
	%D%/main.c \
	%D%/netlink.c %D%/netlink.h \
	%D%/netlink_talk.c %D%/netlink_talk.h \
	%D%/netlink_vxlan.c %D%/netlink_vxlan.h \
	%D%/netlink_proxy.c %D%/netlink_proxy.h \
	%D%/network.h \
	%D%/peers.c %D%/peers.h \
	%D%/port.c %D%/port.h \
	%D%/probe.c %D%/probe.h \
	%D%/pulse.c %D%/pulse.h \
	%D%/public.c %D%/public.h \
	%D%/ruleset.c %D%/ruleset.h \
	%D%/runfile.c %D%/runfile.h \
	%D%/space.c %D%/space.h \
	%D%/spent.c %D%/spent.h \
	%D%/survey.c %D%/survey.h \
	%D%/sweep.c %D%/sweep.h \
	%D%/tap.c %D%/tap.h \
	%D%/tunnel.c %D%/tunnel.h \
	%D%/vpc.c %D%/vpc.h
tercet_computer_network_CPPFLAGS = $(AM_CPPFLAGS) $(MNL_CFLAGS) $(NFT_CFLAGS) $(SECCOMP_CFLAGS)
tercet_computer_network_LDADD = libhostnet.a libhosteffect.a libbase.a $(NFT_LIBS) $(MNL_LIBS) $(SECCOMP_LIBS) $(SSL_LIBS) $(INIH_LIBS)
