# unit tests of network
network_tests = \
	tests/unit/network_address_test \
	tests/unit/network_filter_test \
	tests/unit/network_metadata_test \
	tests/unit/network_request_test \
	tests/unit/network_semantics_test \
	tests/unit/network_server_test \
	tests/unit/network_valid_test
check_PROGRAMS += $(network_tests) tests/unit/network_serve
TESTS += $(network_tests)
network_test_ldadd = libhostnet.a libbase.a $(CMOCKA_LIBS) $(SSL_LIBS) $(UV_LIBS)
network_facts = %D%/network_facts.c %D%/network_facts.h
tests_unit_network_address_test_SOURCES = %D%/network_address_test.c
tests_unit_network_address_test_LDADD = $(network_test_ldadd)
tests_unit_network_filter_test_SOURCES = %D%/network_filter_test.c $(network_facts)
tests_unit_network_filter_test_LDADD = $(network_test_ldadd)
tests_unit_network_metadata_test_SOURCES = %D%/network_metadata_test.c $(network_facts)
tests_unit_network_metadata_test_LDADD = $(network_test_ldadd)
tests_unit_network_request_test_SOURCES = %D%/network_request_test.c
tests_unit_network_request_test_LDADD = $(network_test_ldadd)
tests_unit_network_semantics_test_SOURCES = %D%/network_semantics_test.c $(network_facts)
tests_unit_network_semantics_test_LDADD = $(network_test_ldadd)
tests_unit_network_server_test_SOURCES = %D%/network_server_test.c $(network_facts)
tests_unit_network_server_test_LDADD = $(network_test_ldadd)
tests_unit_network_valid_test_SOURCES = %D%/network_valid_test.c $(network_facts)
tests_unit_network_valid_test_LDADD = $(network_test_ldadd)
# no test: network_lab.py serves metadata to a real guest with it
tests_unit_network_serve_SOURCES = %D%/network_serve.c $(network_facts)
tests_unit_network_serve_LDADD = $(network_test_ldadd)
