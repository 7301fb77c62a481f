# proto/sync: the one link between a child and its parent, both ends
libproto_a_SOURCES += \
	%D%/admit.c %D%/admit.h \
	%D%/child.c %D%/child.h \
	%D%/item.c %D%/item.h \
	%D%/parent.c %D%/parent.h \
	%D%/timing.c %D%/timing.h
