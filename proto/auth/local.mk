# proto/auth: signatures, certificates, tokens, keys (openssl)
libproto_a_SOURCES += \
	%D%/auth_file.c %D%/auth_file.h \
	%D%/auth_report.c %D%/auth_report.h %D%/metrics.def \
	%D%/base64.c %D%/base64.h \
	%D%/cert.c %D%/cert.h \
	%D%/cert_pem.c %D%/cert_pem.h \
	%D%/cert_read.c \
	%D%/cert_sign.c \
	%D%/digest.c %D%/digest.h \
	%D%/grant.c %D%/grant.h \
	%D%/seal.c %D%/seal.h \
	%D%/seal_key.c \
	%D%/sigv4.c %D%/sigv4.h \
	%D%/sigv4_canonical.c %D%/sigv4_canonical.h \
	%D%/sigv4_compute.c %D%/sigv4_compute.h \
	%D%/sigv4_parse.c \
	%D%/sigv4_sign.c \
	%D%/sshkey.c %D%/sshkey.h \
	%D%/sshkey_make.c \
	%D%/sshkey_wire.c %D%/sshkey_wire.h \
	%D%/token.c %D%/token.h
