# unit tests of auth
auth_tests = \
	tests/unit/auth_base64_test \
	tests/unit/auth_cert_test \
	tests/unit/auth_digest_test \
	tests/unit/auth_grant_test \
	tests/unit/auth_seal_test \
	tests/unit/auth_sigv4_body_test \
	tests/unit/auth_sigv4_golden_test \
	tests/unit/auth_sigv4_rules_test \
	tests/unit/auth_sigv4_test \
	tests/unit/auth_sshkey_test \
	tests/unit/auth_token_test
check_PROGRAMS += $(auth_tests)
TESTS += $(auth_tests)
auth_test_ldadd = libproto.a libbase.a $(CMOCKA_LIBS) $(SSL_LIBS)
tests_unit_auth_base64_test_SOURCES = %D%/auth_base64_test.c
tests_unit_auth_base64_test_LDADD = $(auth_test_ldadd)
tests_unit_auth_cert_test_SOURCES = %D%/auth_cert_test.c
tests_unit_auth_cert_test_LDADD = $(auth_test_ldadd)
tests_unit_auth_digest_test_SOURCES = %D%/auth_digest_test.c
tests_unit_auth_digest_test_LDADD = $(auth_test_ldadd)
tests_unit_auth_grant_test_SOURCES = %D%/auth_grant_test.c
tests_unit_auth_grant_test_LDADD = $(auth_test_ldadd)
tests_unit_auth_seal_test_SOURCES = %D%/auth_seal_test.c
tests_unit_auth_seal_test_LDADD = $(auth_test_ldadd)
auth_sigv4_fixture = %D%/auth_sigv4_fixture.c %D%/auth_sigv4_fixture.h
tests_unit_auth_sigv4_body_test_SOURCES = %D%/auth_sigv4_body_test.c $(auth_sigv4_fixture)
tests_unit_auth_sigv4_body_test_LDADD = $(auth_test_ldadd)
tests_unit_auth_sigv4_golden_test_SOURCES = %D%/auth_sigv4_golden_test.c %D%/auth_sigv4_golden.def
tests_unit_auth_sigv4_golden_test_LDADD = $(auth_test_ldadd)
tests_unit_auth_sigv4_rules_test_SOURCES = %D%/auth_sigv4_rules_test.c $(auth_sigv4_fixture)
tests_unit_auth_sigv4_rules_test_LDADD = $(auth_test_ldadd)
tests_unit_auth_sigv4_test_SOURCES = %D%/auth_sigv4_test.c %D%/auth_sigv4_vectors.def
tests_unit_auth_sigv4_test_LDADD = $(auth_test_ldadd)
tests_unit_auth_sshkey_test_SOURCES = %D%/auth_sshkey_test.c
tests_unit_auth_sshkey_test_LDADD = $(auth_test_ldadd)
tests_unit_auth_token_test_SOURCES = %D%/auth_token_test.c
tests_unit_auth_token_test_LDADD = $(auth_test_ldadd)
