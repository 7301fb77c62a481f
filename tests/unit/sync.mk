# unit tests of proto/sync
sync_tests = \
	tests/unit/sync_admit_test \
	tests/unit/sync_child_test \
	tests/unit/sync_child_fact_test \
	tests/unit/sync_link_test \
	tests/unit/sync_parent_test \
	tests/unit/sync_recovery_test \
	tests/unit/sync_shared_test \
	tests/unit/sync_timing_test \
	tests/unit/sync_weather_test
check_PROGRAMS += $(sync_tests)
TESTS += $(sync_tests)
sync_test_ldadd = libproto.a libbase.a $(CMOCKA_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(SSL_LIBS)
sync_rig = %D%/sync_rig.c %D%/sync_rig.h %D%/sync_rig_core.c %D%/sync_rig_look.c %D%/unit.h
sync_made = %D%/sync_made.c %D%/sync_made.h
tests_unit_sync_admit_test_SOURCES = %D%/sync_admit_test.c %D%/unit.h
tests_unit_sync_admit_test_LDADD = $(sync_test_ldadd)
tests_unit_sync_child_test_SOURCES = %D%/sync_child_test.c $(sync_made) $(sync_rig)
tests_unit_sync_child_test_LDADD = $(sync_test_ldadd)
tests_unit_sync_child_fact_test_SOURCES = %D%/sync_child_fact_test.c $(sync_made) $(sync_rig)
tests_unit_sync_child_fact_test_LDADD = $(sync_test_ldadd)
tests_unit_sync_link_test_SOURCES = %D%/sync_link_test.c $(sync_rig)
tests_unit_sync_link_test_LDADD = $(sync_test_ldadd)
tests_unit_sync_parent_test_SOURCES = %D%/sync_parent_test.c $(sync_rig)
tests_unit_sync_parent_test_LDADD = $(sync_test_ldadd)
tests_unit_sync_recovery_test_SOURCES = %D%/sync_recovery_test.c $(sync_rig)
tests_unit_sync_recovery_test_LDADD = $(sync_test_ldadd)
tests_unit_sync_shared_test_SOURCES = %D%/sync_shared_test.c $(sync_rig)
tests_unit_sync_shared_test_LDADD = $(sync_test_ldadd)
tests_unit_sync_timing_test_SOURCES = %D%/sync_timing_test.c %D%/unit.h
tests_unit_sync_timing_test_LDADD = $(sync_test_ldadd)
tests_unit_sync_weather_test_SOURCES = %D%/sync_weather_test.c $(sync_rig)
tests_unit_sync_weather_test_LDADD = $(sync_test_ldadd)
