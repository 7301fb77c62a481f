# bench/: what bench/run, bench/guests and bench/traffic drive. No test: nothing here passes or fails by time.
noinst_PROGRAMS += bench/load bench/bare bench/place
bench_load_SOURCES = %D%/load.c
bench_load_LDADD = libproto.a libbase.a $(SSL_LIBS)
bench_bare_SOURCES = %D%/bare.c
bench_bare_LDADD = libbase.a $(MHD_LIBS) $(SQLITE_LIBS)
bench_place_SOURCES = \
	%D%/leaving.c %D%/leaving.h %D%/place.c %D%/trace.c %D%/trace.def %D%/trace.h \
	%D%/turn_bare.c %D%/turn_bare.h
bench_place_LDADD = libcluster.a libproto.a libbase.a $(SSL_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) -lm
EXTRA_DIST += %D%/run %D%/child.py %D%/guests %D%/traffic
