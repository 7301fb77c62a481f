# proto/sync: the one link between a child and its parent, both ends
libproto_a_SOURCES += \
	%D%/admit.c %D%/admit.h \
	%D%/child.c %D%/child.h %D%/child_ask.c %D%/child_fact.c %D%/child_rows.h \
	%D%/item.c %D%/item.h \
	%D%/link.h \
	%D%/parent.c %D%/parent.h %D%/parent_answer.c %D%/parent_fact.c %D%/parent_shared.c \
	%D%/parent_wish.c \
	%D%/recovery.c \
	%D%/report.c %D%/metrics.def \
	%D%/timing.c %D%/timing.h
