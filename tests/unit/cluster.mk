# unit tests of the cluster-manager
cluster_tests = \
	tests/unit/cluster_capacity_test \
	tests/unit/cluster_drain_test \
	tests/unit/cluster_group_test \
	tests/unit/cluster_place_test \
	tests/unit/cluster_recover_test \
	tests/unit/cluster_seed_test \
	tests/unit/cluster_underlay_test
check_PROGRAMS += $(cluster_tests)
TESTS += $(cluster_tests)
cluster_rig = %D%/asking.c %D%/asking.h %D%/cluster_rig.c %D%/cluster_rig.h
cluster_test_ldadd = libcluster.a libproto.a libbase.a $(CMOCKA_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(SSL_LIBS)
tests_unit_cluster_capacity_test_SOURCES = %D%/cluster_capacity_test.c $(cluster_rig)
tests_unit_cluster_capacity_test_LDADD = $(cluster_test_ldadd)
tests_unit_cluster_drain_test_SOURCES = %D%/cluster_drain_test.c $(cluster_rig)
tests_unit_cluster_drain_test_LDADD = $(cluster_test_ldadd)
tests_unit_cluster_group_test_SOURCES = %D%/cluster_group_test.c $(cluster_rig)
tests_unit_cluster_group_test_LDADD = $(cluster_test_ldadd)
tests_unit_cluster_place_test_SOURCES = %D%/cluster_place_test.c
tests_unit_cluster_place_test_LDADD = libcluster.a libproto.a libbase.a $(CMOCKA_LIBS)
tests_unit_cluster_recover_test_SOURCES = %D%/cluster_recover_test.c $(cluster_rig)
tests_unit_cluster_recover_test_LDADD = $(cluster_test_ldadd)
tests_unit_cluster_underlay_test_SOURCES = %D%/cluster_underlay_test.c $(cluster_rig)
tests_unit_cluster_underlay_test_LDADD = $(cluster_test_ldadd)
tests_unit_cluster_seed_test_SOURCES = %D%/cluster_seed_test.c $(cluster_rig)
tests_unit_cluster_seed_test_LDADD = $(cluster_test_ldadd)
