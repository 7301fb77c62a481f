# unit tests of the computer-manager's core
host_tests = \
	tests/unit/host_attribute_test \
	tests/unit/host_cache_test \
	tests/unit/host_console_test \
	tests/unit/host_groups_test \
	tests/unit/host_peers_test \
	tests/unit/host_plan_test \
	tests/unit/host_ports_test \
	tests/unit/host_profile_test \
	tests/unit/host_reach_test \
	tests/unit/host_seeds_test \
	tests/unit/host_starts_test \
	tests/unit/host_status_test \
	tests/unit/host_steps_test
check_PROGRAMS += $(host_tests)
TESTS += $(host_tests)
host_rig = %D%/host_rig.c %D%/host_rig.h %D%/unit.h
host_test_ldadd = libhost.a libhostnet.a libproto.a libbase.a $(CMOCKA_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(SSL_LIBS)
tests_unit_host_attribute_test_SOURCES = %D%/host_attribute_test.c $(host_rig)
tests_unit_host_attribute_test_LDADD = $(host_test_ldadd)
tests_unit_host_cache_test_SOURCES = %D%/host_cache_test.c $(host_rig)
tests_unit_host_cache_test_LDADD = $(host_test_ldadd)
tests_unit_host_console_test_SOURCES = %D%/host_console_test.c $(host_rig)
tests_unit_host_console_test_LDADD = $(host_test_ldadd)
tests_unit_host_groups_test_SOURCES = %D%/host_groups_test.c $(host_rig)
tests_unit_host_groups_test_LDADD = $(host_test_ldadd)
tests_unit_host_plan_test_SOURCES = %D%/host_plan_test.c
tests_unit_host_plan_test_LDADD = libhost.a libproto.a libbase.a $(CMOCKA_LIBS)
tests_unit_host_ports_test_SOURCES = %D%/host_ports_test.c $(host_rig)
tests_unit_host_ports_test_LDADD = $(host_test_ldadd)
tests_unit_host_profile_test_SOURCES = %D%/host_profile_test.c $(host_rig)
tests_unit_host_profile_test_LDADD = $(host_test_ldadd)
tests_unit_host_status_test_SOURCES = %D%/host_status_test.c $(host_rig)
tests_unit_host_status_test_LDADD = $(host_test_ldadd)
tests_unit_host_steps_test_SOURCES = %D%/host_steps_test.c $(host_rig)
tests_unit_host_steps_test_LDADD = $(host_test_ldadd)
tests_unit_host_starts_test_SOURCES = %D%/host_starts_test.c $(host_rig)
tests_unit_host_starts_test_LDADD = libhypervisor.a $(host_test_ldadd)
tests_unit_host_peers_test_SOURCES = %D%/host_peers_test.c $(host_rig)
tests_unit_host_peers_test_LDADD = $(host_test_ldadd)
tests_unit_host_reach_test_SOURCES = %D%/host_reach_test.c %D%/unit.h
tests_unit_host_reach_test_LDADD = libhost.a libbase.a $(CMOCKA_LIBS)
tests_unit_host_seeds_test_SOURCES = %D%/host_seeds_test.c $(host_rig)
tests_unit_host_seeds_test_LDADD = $(host_test_ldadd)
