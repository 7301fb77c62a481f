# proto/wire
libproto_a_SOURCES += %D%/version.c %D%/version.h
