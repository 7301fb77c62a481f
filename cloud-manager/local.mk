# cloud-manager: libcloud.a is the core without I/O; main*.c and effect/ are the program's own
EXTRA_DIST += %D%/DESIGN.md
noinst_LIBRARIES += libcloud.a
libcloud_a_SOURCES = \
	%D%/api/call.c \
	%D%/api/call.h \
	%D%/api/ec2_attributes.c \
	%D%/api/ec2_group_list.c \
	%D%/api/ec2_groups.c \
	%D%/api/ec2_hosts.c \
	%D%/api/ec2_images.c \
	%D%/api/ec2_imds.c \
	%D%/api/ec2_instance.h \
	%D%/api/ec2_instance_filter.c \
	%D%/api/ec2_instance_view.c \
	%D%/api/ec2_instances.c \
	%D%/api/ec2_keys.c \
	%D%/api/ec2_network.c \
	%D%/api/ec2_offerings.c \
	%D%/api/ec2_places.c \
	%D%/api/ec2_ports.c \
	%D%/api/ec2_run.c \
	%D%/api/ec2_snapshots.c \
	%D%/api/ec2_status.c \
	%D%/api/ec2_tags.c \
	%D%/api/ec2_volumes.c \
	%D%/api/ec2_vpc_parts.c \
	%D%/api/filter.c \
	%D%/api/filter.h \
	%D%/api/page.c \
	%D%/api/page.h \
	%D%/api/problem.c \
	%D%/api/problem.h \
	%D%/api/query.c \
	%D%/api/query.h \
	%D%/api/query_list.c \
	%D%/api/sts.c \
	%D%/api/unbuilt.c \
	%D%/api/unbuilt.def \
	%D%/api/unbuilt.h \
	%D%/api/wish.c \
	%D%/api/wish.h \
	%D%/api/xml.c \
	%D%/api/xml.h \
	%D%/core.c \
	%D%/core.h \
	%D%/front.c \
	%D%/held.c \
	%D%/model/address.c \
	%D%/model/address.h \
	%D%/model/imds.c \
	%D%/model/imds.h \
	%D%/model/instance_check.c \
	%D%/model/instance_check.h \
	%D%/model/instance_state.c \
	%D%/model/instance_state.h \
	%D%/model/instance_states.def \
	%D%/model/rule.c \
	%D%/model/rule.h \
	%D%/model/type.c \
	%D%/model/type.h \
	%D%/model/types.def \
	%D%/model/want.h \
	%D%/ops/account.c \
	%D%/ops/account.h \
	%D%/ops/actions.def \
	%D%/ops/attribute.c \
	%D%/ops/attribute.h \
	%D%/ops/authorize.c \
	%D%/ops/console.c \
	%D%/ops/console.h \
	%D%/ops/group.c \
	%D%/ops/group.h \
	%D%/ops/host.c \
	%D%/ops/host.h \
	%D%/ops/image.c \
	%D%/ops/image.h \
	%D%/ops/instance.h \
	%D%/ops/instance_ask.c \
	%D%/ops/instance_hear.c \
	%D%/ops/instance_run.c \
	%D%/ops/join.c \
	%D%/ops/join.h \
	%D%/ops/key_pair.c \
	%D%/ops/key_pair.h \
	%D%/ops/network.c \
	%D%/ops/network.h \
	%D%/ops/op.h \
	%D%/ops/place.c \
	%D%/ops/place.h \
	%D%/ops/place_list.c \
	%D%/ops/place_list.h \
	%D%/ops/recover.c \
	%D%/ops/recover.h \
	%D%/ops/room.c \
	%D%/ops/room.h \
	%D%/ops/tag.c \
	%D%/ops/tag.h \
	%D%/plan/image.c \
	%D%/plan/image.h \
	%D%/plan/instance.c \
	%D%/plan/instance.h \
	%D%/settle.c \
	%D%/settle_node.c \
	%D%/state.h \
	%D%/store/account.c \
	%D%/store/account.h \
	%D%/store/group.c \
	%D%/store/group.h \
	%D%/store/image.c \
	%D%/store/image.h \
	%D%/store/instance.c \
	%D%/store/instance.h \
	%D%/store/instance_write.c \
	%D%/store/key_pair.c \
	%D%/store/key_pair.h \
	%D%/store/network.c \
	%D%/store/network.h \
	%D%/store/node.c \
	%D%/store/node.h \
	%D%/store/port.c \
	%D%/store/replay.c \
	%D%/store/replay.h \
	%D%/store/returned.c \
	%D%/store/returned.h \
	%D%/store/row.c \
	%D%/store/row.h \
	%D%/store/rule.c \
	%D%/store/schema.c \
	%D%/store/setting.c \
	%D%/store/setting.h \
	%D%/store/tag.c \
	%D%/store/tag.h \
	%D%/store/volume.c \
	%D%/store/volume.h \
	%D%/tier.c

sbin_PROGRAMS += tercet-cloud-manager
tercet_cloud_manager_SOURCES = \
	%D%/effect/jobs.c %D%/effect/jobs.h \
	%D%/effect/timer.c %D%/effect/timer.h \
	%D%/main.c %D%/options.def %D%/options.h \
	%D%/main_identity.c %D%/main_identity.h \
	%D%/main_verbs.c %D%/main_verbs.h
tercet_cloud_manager_LDADD = libcloud.a libproto.a libbase.a $(MHD_LIBS) $(CURL_LIBS) \
	$(UV_LIBS) $(SSL_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(INIH_LIBS)
