# unit tests of dos
dos_tests = \
	tests/unit/dos_condition_test \
	tests/unit/dos_core_test \
	tests/unit/dos_crc_test \
	tests/unit/dos_files_test \
	tests/unit/dos_image_test \
	tests/unit/dos_import_test \
	tests/unit/dos_jail_test \
	tests/unit/dos_manifest_test \
	tests/unit/dos_name_test \
	tests/unit/dos_range_test \
	tests/unit/dos_sweep_test \
	tests/unit/dos_target_test \
	tests/unit/dos_upload_test \
	tests/unit/dos_xml_test
check_PROGRAMS += $(dos_tests) tests/unit/dos_hostile
TESTS += $(dos_tests)
dos_test_ldadd = libdosdata.a libdos.a libproto.a libbase.a $(CMOCKA_LIBS) $(MHD_LIBS) $(UV_LIBS) $(CURL_LIBS) \
                 $(SSL_LIBS) $(SQLITE_LIBS) $(JANSSON_LIBS) $(INIH_LIBS) -lpthread
dos_rig = %D%/dos_rig.c %D%/dos_rig.h
tests_unit_dos_condition_test_SOURCES = %D%/dos_condition_test.c
tests_unit_dos_condition_test_LDADD = $(dos_test_ldadd)
tests_unit_dos_core_test_SOURCES = %D%/dos_core_test.c $(dos_rig)
tests_unit_dos_core_test_LDADD = $(dos_test_ldadd)
tests_unit_dos_crc_test_SOURCES = %D%/dos_crc_test.c
tests_unit_dos_crc_test_LDADD = $(dos_test_ldadd)
tests_unit_dos_files_test_SOURCES = %D%/dos_files_test.c
tests_unit_dos_files_test_LDADD = $(dos_test_ldadd)
tests_unit_dos_image_test_SOURCES = %D%/dos_image_test.c
tests_unit_dos_image_test_LDADD = $(dos_test_ldadd)
tests_unit_dos_import_test_SOURCES = %D%/dos_import_test.c $(dos_rig)
tests_unit_dos_import_test_LDADD = $(dos_test_ldadd)
tests_unit_dos_jail_test_SOURCES = %D%/dos_jail_test.c
tests_unit_dos_jail_test_LDADD = libbase.a $(CMOCKA_LIBS)
tests_unit_dos_manifest_test_SOURCES = %D%/dos_manifest_test.c
tests_unit_dos_manifest_test_LDADD = $(dos_test_ldadd)
tests_unit_dos_name_test_SOURCES = %D%/dos_name_test.c
tests_unit_dos_name_test_LDADD = $(dos_test_ldadd)
tests_unit_dos_range_test_SOURCES = %D%/dos_range_test.c
tests_unit_dos_range_test_LDADD = $(dos_test_ldadd)
tests_unit_dos_sweep_test_SOURCES = %D%/dos_sweep_test.c $(dos_rig)
tests_unit_dos_sweep_test_LDADD = $(dos_test_ldadd)
tests_unit_dos_target_test_SOURCES = %D%/dos_target_test.c
tests_unit_dos_target_test_LDADD = $(dos_test_ldadd)
tests_unit_dos_upload_test_SOURCES = %D%/dos_upload_test.c $(dos_rig)
tests_unit_dos_upload_test_LDADD = $(dos_test_ldadd)
tests_unit_dos_xml_test_SOURCES = %D%/dos_xml_test.c
tests_unit_dos_xml_test_LDADD = $(dos_test_ldadd)
# The converter that is not one: plain, since a sanitizer wants more memory than a jail gives.
tests_unit_dos_hostile_SOURCES = %D%/dos_hostile.c
tests_unit_dos_hostile_CFLAGS = -std=gnu17 -Wall -Wextra -O1
tests_unit_dos_hostile_LDFLAGS =
