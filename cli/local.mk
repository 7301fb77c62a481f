# cli/: the program tercet. Everything but main is a library, so that tests can link it.
noinst_LIBRARIES += libcli.a
libcli_a_SOURCES = \
	%D%/age.c %D%/age.h \
	%D%/aliases.def \
	%D%/bucket.c \
	%D%/call.c %D%/call.h \
	%D%/cli.h \
	%D%/columns.c %D%/columns.def %D%/columns.h \
	%D%/command.c %D%/command.h %D%/commands.def \
	%D%/complete.c \
	%D%/completion.c \
	%D%/confirm.c %D%/confirm.h %D%/destroys.def \
	%D%/console.c \
	%D%/password.c \
	%D%/daemons.c %D%/daemons.h \
	%D%/doctor.c \
	%D%/env.c \
	%D%/exits.c %D%/exits.def %D%/exits.h \
	%D%/explain.c %D%/explain.def \
	%D%/code.c %D%/code.h %D%/fault.c %D%/fault.h %D%/faults.def \
	%D%/filter.c %D%/filter.h \
	%D%/formats.def \
	%D%/group.c \
	%D%/handlers.h \
	%D%/help.c %D%/help.h \
	%D%/http.c %D%/http.h \
	%D%/image.c \
	%D%/instance.c \
	%D%/interrupt.c %D%/interrupt.h \
	%D%/jq.c %D%/jq.h \
	%D%/json.c %D%/json.h \
	%D%/keypair.c \
	%D%/lab.c \
	%D%/line.c %D%/line.h \
	%D%/live.c %D%/live.h \
	%D%/login.c \
	%D%/man.c \
	%D%/members.def \
	%D%/news.c %D%/news.h \
	%D%/node.c %D%/node.h \
	%D%/nouns.def \
	%D%/object.c \
	%D%/output.c %D%/output.h \
	%D%/params.c %D%/params.h \
	%D%/profile.c %D%/profile.def %D%/profile.h \
	%D%/profile_file.c %D%/profile_file.h \
	%D%/progress.c %D%/progress.h \
	%D%/query.c %D%/query.h \
	%D%/reference.c \
	%D%/refs.def \
	%D%/request.c %D%/request.h \
	%D%/resolve.c %D%/resolve.h \
	%D%/s3.c %D%/s3.h \
	%D%/safe.c %D%/safe.h \
	%D%/screen.c %D%/screen.h \
	%D%/shapes.def \
	%D%/shorthand.c %D%/shorthand.h \
	%D%/ssh.c \
	%D%/table.c %D%/table.h \
	%D%/top.c \
	%D%/transfer.c %D%/transfer.h \
	%D%/wait.c %D%/wait.h %D%/waits.def \
	%D%/wrap.c %D%/wrap.h \
	%D%/yaml.c %D%/yaml.h
libcli_a_CPPFLAGS = $(AM_CPPFLAGS) $(SMARTCOLS_CFLAGS) $(LIBXML_CFLAGS)

bin_PROGRAMS += tercet
tercet_SOURCES = %D%/main.c
tercet_LDADD = libcli.a libproto.a libbase.a $(CURL_LIBS) $(JANSSON_LIBS) $(SMARTCOLS_LIBS) \
	$(LIBXML_LIBS) $(INIH_LIBS) $(SSL_LIBS) $(JQ_LIBS)

# The manual pages come from the tables of commands; the program itself writes them.
man1dir = $(mandir)/man1
%C%_man = %D%/man/tercet.1
$(%C%_man): tercet$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && rm -f $(@D)/*.1 && ./tercet$(EXEEXT) __man $(@D)
all-local: $(%C%_man)
install-data-local: $(%C%_man)
	$(MKDIR_P) "$(DESTDIR)$(man1dir)"
	$(INSTALL_DATA) %D%/man/*.1 "$(DESTDIR)$(man1dir)"
uninstall-local:
	rm -f "$(DESTDIR)$(man1dir)"/tercet.1 "$(DESTDIR)$(man1dir)"/tercet-*.1
clean-local:
	rm -rf %D%/man
