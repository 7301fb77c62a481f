# unit tests of the computer-manager's core
check_PROGRAMS += tests/unit/host_plan_test
TESTS += tests/unit/host_plan_test
tests_unit_host_plan_test_SOURCES = %D%/host_plan_test.c
tests_unit_host_plan_test_LDADD = libhost.a libproto.a libbase.a $(CMOCKA_LIBS)
