# unit tests of proto/http, base/loop and base/job
http_tests = tests/unit/http_gate_test tests/unit/http_framing_test tests/unit/http_server_test \
             tests/unit/http_tls_test tests/unit/http_pool_test \
             tests/unit/http_loop_test tests/unit/http_status_test tests/unit/http_sweeper_test
check_PROGRAMS += $(http_tests)
TESTS += $(http_tests)
http_test_libs = libproto.a libbase.a $(CMOCKA_LIBS) $(MHD_LIBS) $(UV_LIBS) $(CURL_LIBS) $(SSL_LIBS) \
                 $(SQLITE_LIBS) $(JANSSON_LIBS) $(INIH_LIBS) -lpthread
http_rig_sources = %D%/http_rig.c %D%/http_rig.h
tests_unit_http_gate_test_SOURCES = %D%/http_gate_test.c
tests_unit_http_gate_test_LDADD = libproto.a libbase.a $(CMOCKA_LIBS)
tests_unit_http_server_test_SOURCES = %D%/http_server_test.c $(http_rig_sources)
tests_unit_http_server_test_LDADD = $(http_test_libs)
tests_unit_http_status_test_SOURCES = %D%/http_status_test.c $(http_rig_sources)
tests_unit_http_status_test_LDADD = $(http_test_libs)
tests_unit_http_tls_test_SOURCES = %D%/http_tls_test.c $(http_rig_sources)
tests_unit_http_tls_test_LDADD = $(http_test_libs)
tests_unit_http_pool_test_SOURCES = %D%/http_pool_test.c $(http_rig_sources)
tests_unit_http_pool_test_LDADD = $(http_test_libs)
tests_unit_http_loop_test_SOURCES = %D%/http_loop_test.c $(http_rig_sources)
tests_unit_http_loop_test_LDADD = $(http_test_libs)
tests_unit_http_sweeper_test_SOURCES = %D%/http_sweeper_test.c
tests_unit_http_sweeper_test_LDADD = $(http_test_libs)
tests_unit_http_framing_test_SOURCES = %D%/http_framing_test.c
tests_unit_http_framing_test_LDADD = libproto.a libbase.a $(CMOCKA_LIBS)
# what tests/integ/http_gate.py talks to
check_PROGRAMS += tests/unit/http_echo
tests_unit_http_echo_SOURCES = %D%/http_echo.c $(http_rig_sources)
tests_unit_http_echo_LDADD = $(http_test_libs)
