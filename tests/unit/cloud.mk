# unit tests of cloud
cloud_tests = \
	tests/unit/cloud_attribute_test \
	tests/unit/cloud_address_test \
	tests/unit/cloud_admin_test \
	tests/unit/cloud_children_test \
	tests/unit/cloud_describe_test \
	tests/unit/cloud_equal_test \
	tests/unit/cloud_front_test \
	tests/unit/cloud_group_test \
	tests/unit/cloud_image_test \
	tests/unit/cloud_instance_test \
	tests/unit/cloud_model_test \
	tests/unit/cloud_password_test \
	tests/unit/cloud_plan_test \
	tests/unit/cloud_query_test \
	tests/unit/cloud_rest_test \
	tests/unit/cloud_restore_test \
	tests/unit/cloud_rule_test \
	tests/unit/cloud_watch_test
check_PROGRAMS += $(cloud_tests)
TESTS += $(cloud_tests)
cloud_rig = %D%/cloud_rig.c %D%/cloud_rig.h %D%/cloud_rig_child.c
cloud_test_ldadd = libcloud.a libproto.a libbase.a $(CMOCKA_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(SSL_LIBS)
tests_unit_cloud_attribute_test_SOURCES = %D%/cloud_attribute_test.c $(cloud_rig)
tests_unit_cloud_attribute_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_address_test_SOURCES = %D%/cloud_address_test.c $(cloud_rig)
tests_unit_cloud_address_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_admin_test_SOURCES = %D%/cloud_admin_test.c $(cloud_rig)
tests_unit_cloud_admin_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_children_test_SOURCES = %D%/cloud_children_test.c $(cloud_rig)
tests_unit_cloud_children_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_describe_test_SOURCES = %D%/cloud_describe_test.c $(cloud_rig)
tests_unit_cloud_describe_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_equal_test_SOURCES = %D%/cloud_equal_test.c $(cloud_rig)
tests_unit_cloud_equal_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_front_test_SOURCES = %D%/cloud_front_test.c $(cloud_rig)
tests_unit_cloud_front_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_group_test_SOURCES = %D%/cloud_group_test.c $(cloud_rig)
tests_unit_cloud_group_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_image_test_SOURCES = %D%/cloud_image_test.c $(cloud_rig)
tests_unit_cloud_image_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_instance_test_SOURCES = %D%/cloud_instance_test.c $(cloud_rig)
tests_unit_cloud_instance_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_model_test_SOURCES = %D%/cloud_model_test.c
tests_unit_cloud_model_test_LDADD = libcloud.a libbase.a $(CMOCKA_LIBS)
tests_unit_cloud_password_test_SOURCES = %D%/cloud_password_test.c %D%/unit.h
tests_unit_cloud_password_test_LDADD = libcloud.a libbase.a $(CMOCKA_LIBS)
tests_unit_cloud_plan_test_SOURCES = %D%/cloud_plan_test.c
tests_unit_cloud_plan_test_LDADD = libcloud.a libbase.a $(CMOCKA_LIBS)
tests_unit_cloud_query_test_SOURCES = %D%/cloud_query_test.c
tests_unit_cloud_query_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_rule_test_SOURCES = %D%/cloud_rule_test.c $(cloud_rig)
tests_unit_cloud_rule_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_rest_test_SOURCES = %D%/cloud_rest_test.c $(cloud_rig)
tests_unit_cloud_rest_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_restore_test_SOURCES = %D%/cloud_restore_test.c $(cloud_rig)
tests_unit_cloud_restore_test_LDADD = $(cloud_test_ldadd)
tests_unit_cloud_watch_test_SOURCES = %D%/cloud_watch_test.c $(cloud_rig)
tests_unit_cloud_watch_test_LDADD = $(cloud_test_ldadd)
# Answers are judged by the clients' own parser, never by our own output.
check_PROGRAMS += tests/golden/cloud_answers
tests_golden_cloud_answers_SOURCES = tests/golden/cloud_answers.c $(cloud_rig)
tests_golden_cloud_answers_LDADD = $(cloud_test_ldadd)
TESTS += tests/golden/cloud_answers.sh
EXTRA_DIST += tests/golden/cloud_answers.sh tests/golden/cloud_answers.py
