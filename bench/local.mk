# bench/: what bench/run, bench/guests and bench/traffic drive. No test: nothing here passes or fails by time.
noinst_PROGRAMS += bench/load bench/bare bench/place bench/swarm
bench_load_SOURCES = %D%/ec2.c %D%/ec2.h %D%/load.c
bench_load_LDADD = libproto.a libbase.a $(SSL_LIBS)
bench_bare_SOURCES = %D%/bare.c
bench_bare_LDADD = libbase.a $(MHD_LIBS) $(SQLITE_LIBS)
bench_place_SOURCES = tests/unit/asking.c tests/unit/asking.h \
	%D%/leaving.c %D%/leaving.h %D%/place.c %D%/trace.c %D%/trace.def %D%/trace.h \
	%D%/turn_bare.c %D%/turn_bare.h
bench_place_LDADD = libcluster.a libproto.a libbase.a $(SSL_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) -lm
bench_swarm_SOURCES = %D%/ec2.c %D%/ec2.h %D%/swarm.c %D%/tls_host.c %D%/tls_host.h \
	tests/unit/asking.c tests/unit/asking.h
bench_swarm_LDADD = libcluster.a libproto.a libbase.a $(MHD_LIBS) $(CURL_LIBS) $(UV_LIBS) $(SSL_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS)
EXTRA_DIST += %D%/run %D%/child.py %D%/guests %D%/traffic
