# unit tests of the simulator itself
sim_test_libs = libsim.a libcloud.a libcluster.a libhost.a libhostnet.a libproto.a libbase.a \
	$(CMOCKA_LIBS) $(SQLITE_LIBS) $(JANSSON_LIBS) $(SSL_LIBS)
sim_tests = tests/unit/sim_clock_test tests/unit/sim_disk_test tests/unit/sim_fault_test \
	tests/unit/sim_heap_test \
	tests/unit/sim_hypervisor_test tests/unit/sim_shadow_test
check_PROGRAMS += $(sim_tests)
TESTS += $(sim_tests)
tests_unit_sim_clock_test_SOURCES = %D%/sim_clock_test.c
tests_unit_sim_clock_test_LDADD = $(sim_test_libs)
tests_unit_sim_disk_test_SOURCES = %D%/sim_disk_test.c
tests_unit_sim_disk_test_LDADD = $(sim_test_libs)
tests_unit_sim_fault_test_SOURCES = %D%/sim_fault_test.c
tests_unit_sim_fault_test_LDADD = $(sim_test_libs)
tests_unit_sim_heap_test_SOURCES = %D%/sim_heap_test.c
tests_unit_sim_heap_test_LDADD = $(sim_test_libs)
tests_unit_sim_hypervisor_test_SOURCES = %D%/sim_hypervisor_test.c %D%/sim_world.c %D%/sim_world.h
tests_unit_sim_hypervisor_test_LDADD = $(sim_test_libs)
tests_unit_sim_shadow_test_SOURCES = %D%/sim_shadow_test.c %D%/sim_world.c %D%/sim_world.h
tests_unit_sim_shadow_test_LDADD = $(sim_test_libs)
