# base/: what every program stands on. No protocol, no daemon, no I/O beyond sqlite and the loop.
noinst_LIBRARIES += libbase.a
libbase_a_SOURCES = \
	%D%/arena.c %D%/arena.h \
	%D%/buf.c %D%/buf.h \
	%D%/check.c %D%/check.h \
	%D%/clock.c %D%/clock.h \
	%D%/config.c %D%/config.h \
	%D%/daemon.c %D%/daemon.h \
	%D%/due.c %D%/due.h \
	%D%/err.c %D%/err.def %D%/err.h \
	%D%/event.c %D%/event.h \
	%D%/id.c %D%/id.h \
	%D%/landlock.c %D%/landlock.h \
	%D%/list.h \
	%D%/job.c %D%/job.h \
	%D%/journal.c %D%/journal.h \
	%D%/log.c %D%/log.h \
	%D%/loop.c %D%/loop.h \
	%D%/loop_report.c %D%/metrics.def \
	%D%/loop_watch.c %D%/loop_watch.h \
	%D%/map.c %D%/map.h \
	%D%/notify.c %D%/notify.h \
	%D%/report.c %D%/report.h \
	%D%/rng.c %D%/rng.h \
	%D%/store.c %D%/store.h \
	%D%/str.c %D%/str.h \
	%D%/turn.c %D%/turn.h \
	%D%/utf8.c %D%/utf8.h \
	%D%/wal.c %D%/wal.h
