# unit tests of computer-hypervisor, and of the part of effect/ that it brings
hypervisor_tests = \
	tests/unit/hypervisor_child_test \
	tests/unit/hypervisor_console_test \
	tests/unit/hypervisor_disk_test \
	tests/unit/hypervisor_domain_xml_test \
	tests/unit/hypervisor_helper_test \
	tests/unit/hypervisor_layout_test \
	tests/unit/hypervisor_near_test \
	tests/unit/hypervisor_reboot_test \
	tests/unit/hypervisor_root_disk_test \
	tests/unit/hypervisor_service_test \
	tests/unit/hypervisor_spec_test \
	tests/unit/hypervisor_work_test \
	tests/unit/hypervisor_xml_test
check_PROGRAMS += $(hypervisor_tests)
TESTS += $(hypervisor_tests)
hypervisor_test_libs = libhypervisor.a libhosteffect.a libproto.a libbase.a \
	$(MHD_LIBS) $(UV_LIBS) $(CURL_LIBS) $(JANSSON_LIBS) $(SSL_LIBS) $(CMOCKA_LIBS) -lpthread
tests_unit_hypervisor_child_test_SOURCES = %D%/hypervisor_child_test.c %D%/hypervisor_cmocka.h
tests_unit_hypervisor_child_test_LDADD = $(hypervisor_test_libs)
tests_unit_hypervisor_console_test_SOURCES = %D%/hypervisor_console_test.c
tests_unit_hypervisor_console_test_LDADD = $(hypervisor_test_libs)
hypervisor_disk_rig = %D%/hypervisor_disk_rig.c %D%/hypervisor_disk_rig.h \
	%D%/hypervisor_chunk_server.c %D%/hypervisor_chunk_server.h
tests_unit_hypervisor_disk_test_SOURCES = %D%/hypervisor_disk_test.c $(hypervisor_disk_rig)
tests_unit_hypervisor_disk_test_LDADD = $(hypervisor_test_libs)
tests_unit_hypervisor_domain_xml_test_SOURCES = %D%/hypervisor_domain_xml_test.c
tests_unit_hypervisor_domain_xml_test_LDADD = $(hypervisor_test_libs)
tests_unit_hypervisor_helper_test_SOURCES = %D%/hypervisor_helper_test.c
tests_unit_hypervisor_helper_test_LDADD = $(hypervisor_test_libs)
tests_unit_hypervisor_layout_test_SOURCES = %D%/hypervisor_layout_test.c
tests_unit_hypervisor_layout_test_LDADD = $(hypervisor_test_libs)
tests_unit_hypervisor_near_test_SOURCES = %D%/hypervisor_near_test.c $(hypervisor_disk_rig)
tests_unit_hypervisor_near_test_LDADD = $(hypervisor_test_libs)
tests_unit_hypervisor_reboot_test_SOURCES = %D%/hypervisor_reboot_test.c
tests_unit_hypervisor_reboot_test_LDADD = $(hypervisor_test_libs)
tests_unit_hypervisor_root_disk_test_SOURCES = %D%/hypervisor_root_disk_test.c
tests_unit_hypervisor_root_disk_test_LDADD = $(hypervisor_test_libs)
tests_unit_hypervisor_service_test_SOURCES = %D%/hypervisor_service_test.c
tests_unit_hypervisor_service_test_LDADD = $(hypervisor_test_libs)
tests_unit_hypervisor_spec_test_SOURCES = %D%/hypervisor_spec_test.c
tests_unit_hypervisor_spec_test_LDADD = $(hypervisor_test_libs)
tests_unit_hypervisor_work_test_SOURCES = %D%/hypervisor_work_test.c
tests_unit_hypervisor_work_test_LDADD = $(hypervisor_test_libs)
tests_unit_hypervisor_xml_test_SOURCES = %D%/hypervisor_xml_test.c
tests_unit_hypervisor_xml_test_LDADD = $(hypervisor_test_libs)
