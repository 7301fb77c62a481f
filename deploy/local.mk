# deploy/: what `make install` puts beside the programs for systemd: units, users, folders.
tercet_units = \
	tercet-cloud-manager.service \
	tercet-cluster-manager.service \
	tercet-computer-hypervisor.socket \
	tercet-computer-hypervisor@.service \
	tercet-computer-manager.service \
	tercet-computer-network.socket \
	tercet-computer-network@.service \
	tercet-dos.service \
	tercet-image-jail.socket \
	tercet-image-jail@.service \
	tercet-.service.d/50-confined.conf \
	tercet-computer-network@.service.d/50-confined.conf
EXTRA_DIST += $(addprefix %D%/systemd/,$(tercet_units) tercet.sysusers tercet.tmpfiles) %D%/install %D%/setup/preflight %D%/setup/roles \
	$(addprefix %D%/apparmor/tercet-,cloud-manager cluster-manager dos computer-manager computer-hypervisor computer-network image-jail)
tercet_lib = $(DESTDIR)$(prefix)/lib

# The units name programs as they lie under /usr.
.PHONY: install-systemd
install-systemd:
	for unit in $(tercet_units); do \
	    $(MKDIR_P) "$(tercet_lib)/systemd/system/$$(dirname "$$unit")" && \
	    $(SED) 's|/usr/sbin/tercet|$(sbindir)/tercet|; s|/usr/libexec/tercet|$(libexecdir)/tercet|' "$(srcdir)/%D%/systemd/$$unit" \
	        >"$(tercet_lib)/systemd/system/$$unit" || exit 1; \
	done
	$(MKDIR_P) "$(tercet_lib)/sysusers.d" "$(tercet_lib)/tmpfiles.d"
	$(INSTALL_DATA) $(srcdir)/%D%/systemd/tercet.sysusers "$(tercet_lib)/sysusers.d/tercet.conf"
	$(INSTALL_DATA) $(srcdir)/%D%/systemd/tercet.tmpfiles "$(tercet_lib)/tmpfiles.d/tercet.conf"
uninstall-systemd:
	cd "$(tercet_lib)/systemd/system" && rm -f $(tercet_units)
	rm -f "$(tercet_lib)/sysusers.d/tercet.conf" "$(tercet_lib)/tmpfiles.d/tercet.conf"
install-data-hook: install-systemd
uninstall-hook: uninstall-systemd
