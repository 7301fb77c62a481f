# proto/http: server, client, gate, TLS front
libproto_a_SOURCES += \
	%D%/acceptor.c %D%/acceptor.h \
	%D%/client.c %D%/client.h \
	%D%/client_multi.c %D%/client_multi.h \
	%D%/enroll.c %D%/enroll.h \
	%D%/exchange.c %D%/exchange.h \
	%D%/framing.c %D%/framing.h \
	%D%/front.c %D%/front.h \
	%D%/gate.c %D%/gate.h \
	%D%/listen.h \
	%D%/mhd.c %D%/mhd.h \
	%D%/pending.c %D%/pending.h \
	%D%/pool.c %D%/pool.h \
	%D%/relay.c %D%/relay.h \
	%D%/renewal.c %D%/renewal.h \
	%D%/server.c %D%/server.h \
	%D%/serving.c %D%/serving.h \
	%D%/status.c %D%/status.h \
	%D%/stream.c \
	%D%/sweeper.c %D%/sweeper.h \
	%D%/tally.c %D%/tally.h %D%/metrics.def \
	%D%/tls.h \
	%D%/tls_context.c %D%/tls_context.h
