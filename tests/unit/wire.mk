# unit tests of proto/wire
wire_tests = \
	tests/unit/wire_bounds_test \
	tests/unit/wire_codec_test \
	tests/unit/wire_states_test
check_PROGRAMS += $(wire_tests)
TESTS += $(wire_tests)
wire_test_ldadd = libproto.a libbase.a $(CMOCKA_LIBS) $(JANSSON_LIBS)
wire_rig = %D%/wire_rig.c %D%/wire_rig.h %D%/unit.h
tests_unit_wire_bounds_test_SOURCES = %D%/wire_bounds_test.c $(wire_rig)
tests_unit_wire_bounds_test_LDADD = $(wire_test_ldadd)
tests_unit_wire_codec_test_SOURCES = %D%/wire_codec_test.c $(wire_rig)
tests_unit_wire_codec_test_LDADD = $(wire_test_ldadd)
tests_unit_wire_states_test_SOURCES = %D%/wire_states_test.c %D%/unit.h
tests_unit_wire_states_test_LDADD = $(wire_test_ldadd)
