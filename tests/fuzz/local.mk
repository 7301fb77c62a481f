# tests/fuzz: one program a target. With --enable-fuzz libFuzzer is their main, else replay.c, which tests/run plays their
# corpora with. Beside a target stand corpus/TARGET/, dict/TARGET and its row in `table`.
fuzz_targets = \
	tests/fuzz/config \
	tests/fuzz/domain \
	tests/fuzz/ec2_query \
	tests/fuzz/framing \
	tests/fuzz/gate \
	tests/fuzz/host_orders \
	tests/fuzz/image \
	tests/fuzz/json \
	tests/fuzz/metadata_request \
	tests/fuzz/netlink \
	tests/fuzz/node \
	tests/fuzz/page \
	tests/fuzz/rest \
	tests/fuzz/s3_target \
	tests/fuzz/s3_xml \
	tests/fuzz/secrets \
	tests/fuzz/sigv4 \
	tests/fuzz/terminal \
	tests/fuzz/tls \
	tests/fuzz/wire \
	tests/fuzz/xml
check_PROGRAMS += $(fuzz_targets)
if FUZZ
fuzz_main =
else
fuzz_main = %D%/replay.c
endif
fuzz_rig = %D%/fuzz.c %D%/fuzz.h $(fuzz_main)

tests_fuzz_config_SOURCES = %D%/config.c $(fuzz_rig)
tests_fuzz_config_LDADD = libbase.a $(INIH_LIBS)
tests_fuzz_domain_SOURCES = %D%/domain.c $(fuzz_rig)
tests_fuzz_domain_CPPFLAGS = $(AM_CPPFLAGS) $(LIBXML_CFLAGS)
tests_fuzz_domain_LDADD = libhypervisor.a libbase.a $(LIBXML_LIBS)
tests_fuzz_ec2_query_SOURCES = %D%/ec2_query.c $(fuzz_rig)
tests_fuzz_ec2_query_LDADD = libcloud.a libproto.a libbase.a $(JANSSON_LIBS) $(SSL_LIBS)
tests_fuzz_framing_SOURCES = %D%/framing.c $(fuzz_rig)
tests_fuzz_framing_LDADD = libproto.a libbase.a
tests_fuzz_gate_SOURCES = %D%/gate.c $(fuzz_rig)
tests_fuzz_gate_LDADD = libproto.a libbase.a
tests_fuzz_host_orders_SOURCES = %D%/host_orders.c computer-manager/network/lease.c computer-manager/network/runfile.c $(fuzz_rig)
tests_fuzz_host_orders_LDADD = libhostnet.a libbase.a
tests_fuzz_image_SOURCES = %D%/image.c $(fuzz_rig)
tests_fuzz_image_LDADD = libdos.a libbase.a
tests_fuzz_json_SOURCES = %D%/json.c $(fuzz_rig)
tests_fuzz_json_LDADD = libproto.a libbase.a $(JANSSON_LIBS)
tests_fuzz_metadata_request_SOURCES = %D%/metadata_request.c $(fuzz_rig)
tests_fuzz_metadata_request_LDADD = libhostnet.a libbase.a
tests_fuzz_netlink_SOURCES = %D%/netlink.c computer-manager/network/netlink.c computer-manager/network/netlink_talk.c \
	computer-manager/network/netlink_vxlan.c $(fuzz_rig)
tests_fuzz_netlink_CPPFLAGS = $(AM_CPPFLAGS) $(MNL_CFLAGS)
tests_fuzz_netlink_LDADD = libbase.a $(MNL_LIBS)
tests_fuzz_node_SOURCES = %D%/node.c $(fuzz_rig)
tests_fuzz_node_LDADD = libcli.a libbase.a $(LIBXML_LIBS)
tests_fuzz_page_SOURCES = %D%/page.c $(fuzz_rig)
tests_fuzz_page_LDADD = libcloud.a libproto.a libbase.a $(SSL_LIBS)
tests_fuzz_rest_SOURCES = %D%/rest.c $(fuzz_rig)
tests_fuzz_rest_LDADD = libcloud.a libproto.a libbase.a $(JANSSON_LIBS) $(SQLITE_LIBS) $(SSL_LIBS)
tests_fuzz_s3_target_SOURCES = %D%/s3_target.c $(fuzz_rig)
tests_fuzz_s3_target_LDADD = libdosdata.a libdos.a libbase.a
tests_fuzz_s3_xml_SOURCES = %D%/s3_xml.c $(fuzz_rig)
tests_fuzz_s3_xml_CPPFLAGS = $(AM_CPPFLAGS) $(LIBXML_CFLAGS)
tests_fuzz_s3_xml_LDADD = libdosdata.a libdos.a libproto.a libbase.a $(LIBXML_LIBS)
tests_fuzz_secrets_SOURCES = %D%/secrets.c $(fuzz_rig)
tests_fuzz_secrets_LDADD = libproto.a libbase.a $(SSL_LIBS)
tests_fuzz_sigv4_SOURCES = %D%/sigv4.c %D%/sigv4_naive.c %D%/sigv4_naive.h $(fuzz_rig)
tests_fuzz_sigv4_LDADD = libproto.a libbase.a $(SSL_LIBS)
tests_fuzz_terminal_SOURCES = %D%/terminal.c $(fuzz_rig)
tests_fuzz_terminal_LDADD = libcli.a libcloud.a libbase.a
tests_fuzz_tls_SOURCES = %D%/tls.c $(fuzz_rig)
tests_fuzz_tls_LDADD = libproto.a libbase.a $(SSL_LIBS)
tests_fuzz_wire_SOURCES = %D%/wire.c $(fuzz_rig)
tests_fuzz_wire_LDADD = libproto.a libbase.a $(JANSSON_LIBS)
tests_fuzz_xml_SOURCES = %D%/xml.c $(fuzz_rig)
tests_fuzz_xml_CPPFLAGS = $(AM_CPPFLAGS) $(LIBXML_CFLAGS)
tests_fuzz_xml_LDADD = libcloud.a libproto.a libbase.a $(LIBXML_LIBS)

SECONDS ?= 60
fuzz:
	$(top_srcdir)/tests/fuzz/run $(SECONDS) $(TARGETS)
fuzz-smoke: $(fuzz_targets)
	for target in $(notdir $(fuzz_targets)); do \
		tests/fuzz/$$target --rounds 10000 $(top_srcdir)/tests/fuzz/corpus/$$target || exit 1; \
	done
.PHONY: fuzz fuzz-smoke
EXTRA_DIST += %D%/run %D%/table %D%/corpus %D%/dict
