# unit tests of the cluster-manager
check_PROGRAMS += tests/unit/cluster_place_test
TESTS += tests/unit/cluster_place_test
tests_unit_cluster_place_test_SOURCES = %D%/cluster_place_test.c
tests_unit_cluster_place_test_LDADD = libcluster.a libproto.a libbase.a $(CMOCKA_LIBS)
