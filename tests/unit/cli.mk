# unit tests of cli
cli_tests = \
	tests/unit/cli_command_test \
	tests/unit/cli_fault_test \
	tests/unit/cli_filter_test \
	tests/unit/cli_json_test \
	tests/unit/cli_line_test \
	tests/unit/cli_node_test \
	tests/unit/cli_profile_test \
	tests/unit/cli_request_test \
	tests/unit/cli_safe_test \
	tests/unit/cli_table_test \
	tests/unit/cli_yaml_test \
	tests/unit/cli_wait_test
check_PROGRAMS += $(cli_tests)
TESTS += $(cli_tests)
cli_rig = %D%/cli_rig.c %D%/cli_rig.h
cli_test_ldadd = libcli.a libproto.a libbase.a $(CMOCKA_LIBS) $(CURL_LIBS) $(JANSSON_LIBS) \
	$(SMARTCOLS_LIBS) $(LIBXML_LIBS) $(INIH_LIBS) $(SSL_LIBS) $(JQ_LIBS)
tests_unit_cli_command_test_SOURCES = %D%/cli_command_test.c $(cli_rig)
tests_unit_cli_command_test_LDADD = $(cli_test_ldadd)
tests_unit_cli_fault_test_SOURCES = %D%/cli_fault_test.c $(cli_rig)
tests_unit_cli_fault_test_LDADD = $(cli_test_ldadd)
tests_unit_cli_json_test_SOURCES = %D%/cli_json_test.c $(cli_rig)
tests_unit_cli_json_test_LDADD = $(cli_test_ldadd)
tests_unit_cli_line_test_SOURCES = %D%/cli_line_test.c $(cli_rig)
tests_unit_cli_line_test_LDADD = $(cli_test_ldadd)
tests_unit_cli_node_test_SOURCES = %D%/cli_node_test.c $(cli_rig)
tests_unit_cli_node_test_LDADD = $(cli_test_ldadd)
tests_unit_cli_profile_test_SOURCES = %D%/cli_profile_test.c $(cli_rig)
tests_unit_cli_profile_test_LDADD = $(cli_test_ldadd)
tests_unit_cli_request_test_SOURCES = %D%/cli_request_test.c $(cli_rig)
tests_unit_cli_request_test_LDADD = $(cli_test_ldadd)
tests_unit_cli_filter_test_SOURCES = %D%/cli_filter_test.c $(cli_rig)
tests_unit_cli_filter_test_LDADD = $(cli_test_ldadd)
tests_unit_cli_safe_test_SOURCES = %D%/cli_safe_test.c $(cli_rig)
tests_unit_cli_safe_test_LDADD = $(cli_test_ldadd)
tests_unit_cli_yaml_test_SOURCES = %D%/cli_yaml_test.c $(cli_rig)
tests_unit_cli_yaml_test_LDADD = $(cli_test_ldadd)
tests_unit_cli_table_test_SOURCES = %D%/cli_table_test.c $(cli_rig)
tests_unit_cli_table_test_LDADD = $(cli_test_ldadd)
tests_unit_cli_wait_test_SOURCES = %D%/cli_wait_test.c $(cli_rig)
tests_unit_cli_wait_test_LDADD = $(cli_test_ldadd)
tests_unit_cli_json_test_CPPFLAGS = $(AM_CPPFLAGS) -DGOLDEN_DIR='"$(abs_top_srcdir)/tests/golden/cli"'
EXTRA_DIST += tests/golden/cli
