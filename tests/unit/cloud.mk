# unit tests of cloud
cloud_tests = \
	tests/unit/cloud_instance_test
check_PROGRAMS += $(cloud_tests)
TESTS += $(cloud_tests)
cloud_rig = %D%/cloud_rig.c %D%/cloud_rig.h %D%/cloud_rig_child.c
cloud_test_ldadd = libcloud.a libproto.a libbase.a $(CMOCKA_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(SSL_LIBS)
tests_unit_cloud_instance_test_SOURCES = %D%/cloud_instance_test.c $(cloud_rig)
tests_unit_cloud_instance_test_LDADD = $(cloud_test_ldadd)
