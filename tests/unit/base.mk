# unit tests of base/, one program per file
base_tests = \
	tests/unit/base_arena_test \
	tests/unit/base_buf_test \
	tests/unit/base_clock_test \
	tests/unit/base_config_test \
	tests/unit/base_due_test \
	tests/unit/base_err_test \
	tests/unit/base_event_test \
	tests/unit/base_id_test \
	tests/unit/base_landlock_test \
	tests/unit/base_log_test \
	tests/unit/base_map_test \
	tests/unit/base_report_test \
	tests/unit/base_rng_test \
	tests/unit/base_store_test \
	tests/unit/base_str_test \
	tests/unit/base_turn_test \
	tests/unit/base_utf8_test
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)
base_test_ldadd = libbase.a $(CMOCKA_LIBS) $(SQLITE_LIBS) $(INIH_LIBS)
tests_unit_base_arena_test_SOURCES = %D%/base_arena_test.c %D%/unit.h
tests_unit_base_arena_test_LDADD = $(base_test_ldadd)
tests_unit_base_buf_test_SOURCES = %D%/base_buf_test.c %D%/unit.h
tests_unit_base_buf_test_LDADD = $(base_test_ldadd)
tests_unit_base_clock_test_SOURCES = %D%/base_clock_test.c %D%/unit.h
tests_unit_base_clock_test_LDADD = $(base_test_ldadd)
tests_unit_base_config_test_SOURCES = %D%/base_config_test.c %D%/unit.h
tests_unit_base_config_test_LDADD = $(base_test_ldadd)
tests_unit_base_due_test_SOURCES = %D%/base_due_test.c %D%/unit.h
tests_unit_base_due_test_LDADD = $(base_test_ldadd)
tests_unit_base_err_test_SOURCES = %D%/base_err_test.c %D%/unit.h
tests_unit_base_err_test_LDADD = $(base_test_ldadd)
tests_unit_base_event_test_SOURCES = %D%/base_event_test.c %D%/unit.h
tests_unit_base_event_test_LDADD = $(base_test_ldadd)
tests_unit_base_id_test_SOURCES = %D%/base_id_test.c %D%/unit.h
tests_unit_base_id_test_LDADD = $(base_test_ldadd)
tests_unit_base_landlock_test_SOURCES = %D%/base_landlock_test.c %D%/unit.h
tests_unit_base_landlock_test_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
tests_unit_base_landlock_test_LDADD = $(base_test_ldadd) $(SECCOMP_LIBS)
tests_unit_base_log_test_SOURCES = %D%/base_log_test.c %D%/unit.h
tests_unit_base_log_test_LDADD = $(base_test_ldadd)
tests_unit_base_map_test_SOURCES = %D%/base_map_test.c %D%/unit.h
tests_unit_base_map_test_LDADD = $(base_test_ldadd)
tests_unit_base_report_test_SOURCES = %D%/base_report_test.c %D%/unit.h
tests_unit_base_report_test_LDADD = $(base_test_ldadd)
tests_unit_base_rng_test_SOURCES = %D%/base_rng_test.c %D%/unit.h
tests_unit_base_rng_test_LDADD = $(base_test_ldadd)
tests_unit_base_store_test_SOURCES = %D%/base_store_test.c %D%/unit.h
tests_unit_base_store_test_LDADD = $(base_test_ldadd)
tests_unit_base_str_test_SOURCES = %D%/base_str_test.c %D%/unit.h
tests_unit_base_str_test_LDADD = $(base_test_ldadd)
tests_unit_base_turn_test_SOURCES = %D%/base_turn_test.c %D%/unit.h
tests_unit_base_turn_test_LDADD = $(base_test_ldadd)
tests_unit_base_utf8_test_SOURCES = %D%/base_utf8_test.c %D%/unit.h
tests_unit_base_utf8_test_LDADD = $(base_test_ldadd)
