# proto/wire
libproto_a_SOURCES += %D%/version.c %D%/version.h
libproto_a_SOURCES += \
	%D%/depth.c %D%/depth.h \
	%D%/json.c %D%/json.h \
	%D%/load.c %D%/load.h \
	%D%/messages.c %D%/messages.h %D%/sync.def %D%/objects.def \
	%D%/states.c %D%/states.def %D%/states.h \
	%D%/wire.c %D%/wire.h
libproto_a_SOURCES += %D%/manifest.c %D%/manifest.h
