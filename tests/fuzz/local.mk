# tests/fuzz: one program a target. With --enable-fuzz libFuzzer is their main, else replay.c, which tests/run plays their
# corpora with. Beside a target stand corpus/TARGET/, dict/TARGET and its row in `table`.
fuzz_targets = \
	tests/fuzz/ec2_query \
	tests/fuzz/framing \
	tests/fuzz/gate \
	tests/fuzz/image \
	tests/fuzz/json \
	tests/fuzz/s3_xml \
	tests/fuzz/sigv4 \
	tests/fuzz/terminal \
	tests/fuzz/wire \
	tests/fuzz/xml
check_PROGRAMS += $(fuzz_targets)
if FUZZ
fuzz_main =
else
fuzz_main = %D%/replay.c
endif
fuzz_rig = %D%/fuzz.c %D%/fuzz.h $(fuzz_main)

tests_fuzz_ec2_query_SOURCES = %D%/ec2_query.c $(fuzz_rig)
tests_fuzz_ec2_query_LDADD = libcloud.a libproto.a libbase.a $(JANSSON_LIBS) $(SSL_LIBS)
tests_fuzz_framing_SOURCES = %D%/framing.c $(fuzz_rig)
tests_fuzz_framing_LDADD = libproto.a libbase.a
tests_fuzz_gate_SOURCES = %D%/gate.c $(fuzz_rig)
tests_fuzz_gate_LDADD = libproto.a libbase.a
tests_fuzz_image_SOURCES = %D%/image.c $(fuzz_rig)
tests_fuzz_image_LDADD = libdos.a libbase.a
tests_fuzz_json_SOURCES = %D%/json.c $(fuzz_rig)
tests_fuzz_json_LDADD = libproto.a libbase.a $(JANSSON_LIBS)
tests_fuzz_s3_xml_SOURCES = %D%/s3_xml.c $(fuzz_rig)
tests_fuzz_s3_xml_CPPFLAGS = $(AM_CPPFLAGS) $(LIBXML_CFLAGS)
tests_fuzz_s3_xml_LDADD = libdosdata.a libdos.a libproto.a libbase.a $(LIBXML_LIBS)
tests_fuzz_sigv4_SOURCES = %D%/sigv4.c %D%/sigv4_naive.c %D%/sigv4_naive.h $(fuzz_rig)
tests_fuzz_sigv4_LDADD = libproto.a libbase.a $(SSL_LIBS)
tests_fuzz_terminal_SOURCES = %D%/terminal.c $(fuzz_rig)
tests_fuzz_terminal_LDADD = libcli.a libcloud.a libbase.a
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
		tests/fuzz/$$target --rounds 20000 $(top_srcdir)/tests/fuzz/corpus/$$target || exit 1; \
	done
.PHONY: fuzz fuzz-smoke
EXTRA_DIST += %D%/run %D%/table %D%/corpus %D%/dict
