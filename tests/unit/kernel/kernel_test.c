// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/kernel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <sallyport/table_host.h>

#include <sallyport/near.h>

#include "host/addr.h"
#include "host/boottime.h"
#include "host/table_map.h"
#include "rig.h"

#define RESTARTS 10

static char loopback_forwarding(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/conf/lo/forwarding", "re");
	int value = file ? fgetc(file) : EOF;

	if (file)
		fclose(file);
	return (char)value;
}

static struct kernel_status status_of(const struct kernel *kernel)
{
	struct kernel_status status;

	kernel_status(kernel, &status);
	return status;
}

static void detach(const struct rig *rig)
{
	char *reason = NULL;

	if (kernel_detach(rig->config, &reason))
		fail_msg("kernel_detach: %s", reason ? reason : "-");
}

static void test_kernel_start_when_nothing_is_there_then_carries(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	struct kernel_status status = status_of(kernel);

	assert_int_equal(status.origin, KERNEL_CREATED);
	assert_int_equal(status.nr_interfaces, 2);
	for (unsigned int i = 0; i < 2; i++) {
		const struct kernel_interface *interface = &status.interfaces[i];

		assert_int_equal(interface->attachment, KERNEL_ATTACHED);
		assert_true(interface->native && interface->link_pinned && !interface->foreign);
		assert_string_equal(interface->prog_name, "xsk_def_prog");
		assert_int_equal(strlen(interface->prog_tag), 16);
		assert_int_equal(interface->prog_id, rig_prog_id(i ? RIG_BUILDS : RIG_PUBLIC));
		assert_int_equal(access(interface->link_path, F_OK), 0);
	}
	assert_int_equal(status.meta.nr_usage, 100);
	assert_int_equal(status.nr_warnings, 0);
	assert_int_equal(loopback_forwarding(), '1');
	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	assert_true(flow_passes(rig, 1000));
	kernel_stop(kernel);
	assert_true(flow_passes(rig, 1000));
}

static void test_kernel_start_when_restarted_then_adopts_without_loss(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	uint32_t prog_id = rig_prog_id(RIG_PUBLIC);
	struct flow flow;

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	flow_start(rig, &flow);
	for (unsigned int i = 0; i < RESTARTS; i++) {
		kernel_stop(kernel);
		kernel = rig_start(rig);
		assert_int_equal(kernel_origin(kernel), KERNEL_ADOPTED);
		assert_int_equal(status_of(kernel).interfaces[0].attachment, KERNEL_LINK_ADOPTED);
		assert_int_equal(status_of(kernel).interfaces[1].attachment, KERNEL_LINK_ADOPTED);
		assert_int_equal(rig_prog_id(RIG_PUBLIC), prog_id);
	}
	flow_stop(&flow);
	kernel_stop(kernel);
}

/* Result: a mapping of the table as pinned, as sallyport-dp has one. */
static struct table_map *look(const struct rig *rig)
{
	struct table_map *map = NULL;
	char *reason = NULL;

	if (table_map_open(rig->bpf_dir, TABLE_DECIDE, &map, &reason))
		fail_msg("%s", reason);
	return map;
}

static void test_kernel_start_when_sizes_change_then_replaces_without_loss(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	struct table_map *before = look(rig);
	struct flow flow;

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	flow_start(rig, &flow);
	for (unsigned int i = 0; i < RESTARTS; i++) {
		kernel_stop(kernel);
		rig_configure(rig, i % 2 ? "60000-60099" : "60000-60999", 1 + i % 3, RIG_PUBLIC,
			      RIG_BUILDS);
		kernel = rig_start(rig);
		assert_int_equal(kernel_origin(kernel), KERNEL_REPLACED);
		assert_int_equal(status_of(kernel).interfaces[0].attachment, KERNEL_LINK_UPDATED);
		assert_int_equal(kernel_table(kernel)->nr_usage, i % 2 ? 100 : 1000);
		/* Who still maps the old one is told. */
		assert_int_equal(before->meta->magic, 0);
		table_map_free(before);
		before = look(rig);
	}
	flow_stop(&flow);
	table_map_free(before);
	kernel_stop(kernel);
}

static void test_kernel_start_when_version_differs_then_replaces_without_loss(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	struct flow flow;

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	flow_start(rig, &flow);
	kernel_table(kernel)->meta->version = SP_TABLE_VERSION + 7;
	kernel_stop(kernel);
	kernel = rig_start(rig);
	assert_int_equal(kernel_origin(kernel), KERNEL_REPLACED);
	assert_int_equal(kernel_table(kernel)->meta->version, SP_TABLE_VERSION);
	flow_stop(&flow);
	kernel_stop(kernel);
}

static void test_kernel_start_when_meta_is_not_ours_then_refused(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	uint32_t prog_id = rig_prog_id(RIG_PUBLIC);
	char *reason = NULL;

	kernel_table(kernel)->meta->magic = 1234;
	kernel_stop(kernel);
	assert_int_equal(kernel_start(rig->config, &rig->kept, &kernel, &reason), -EEXIST);
	assert_non_null(strstr(reason, "is not a table of sallyport"));
	free(reason);
	assert_int_equal(rig_prog_id(RIG_PUBLIC), prog_id);
}

static void test_kernel_stop_when_never_attached_then_nothing_is_left(void **state)
{
	struct rig *rig = rig_of(state);

	kernel_stop(rig_prepare(rig));
	assert_int_equal(rig_leftovers(rig), 0);
	assert_int_equal(loopback_forwarding(), '0');
	rig_run(rig->edge_ns, "test -z \"$(ip neigh show proto 83)\"");
}

/* What of this rig the kernel holds, by number. */
struct holdings {
	__u32 maps[TABLE_PARTS + 2], progs[2], links[2];
};

static __u32 pinned_map(const struct rig *rig, const char *name)
{
	char path[PINS_PATH_SIZE];
	struct bpf_map_info info = {0};
	__u32 bytes = sizeof(info);
	int fd = bpf_obj_get(pins_path(rig->bpf_dir, name, path));

	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &bytes), 0);
	close(fd);
	return info.id;
}

static void take_stock(const struct rig *rig, const struct kernel *kernel,
		       struct holdings *holdings)
{
	const struct kernel_status status = status_of(kernel);
	struct table_layout layout[TABLE_PARTS];
	char *reason = NULL;

	assert_int_equal(table_layout(&status.meta, layout, &reason), 0);
	for (unsigned int part = 0; part < TABLE_PARTS; part++)
		holdings->maps[part] = pinned_map(rig, layout[part].name);
	holdings->maps[TABLE_PARTS] = pinned_map(rig, PINS_XSKS_PUBLIC);
	holdings->maps[TABLE_PARTS + 1] = pinned_map(rig, PINS_XSKS_BUILDS);
	for (unsigned int i = 0; i < 2; i++) {
		holdings->progs[i] = status.interfaces[i].prog_id;
		holdings->links[i] = status.interfaces[i].link_id;
	}
}

/* The kernel frees what nobody holds a little later. */
static void assert_goes(int (*open_by_id)(__u32 id), const __u32 *ids, size_t nr)
{
	uint64_t until_ns = boottime_now_ns() + RIG_WAIT_MS * 1000000ULL;

	for (size_t i = 0; i < nr; i++) {
		int fd;

		while ((fd = open_by_id(ids[i])) >= 0) {
			close(fd);
			assert_true(boottime_now_ns() < until_ns);
			poll(NULL, 0, 1);
		}
		assert_int_equal(errno, ENOENT);
	}
}

static void test_kernel_detach_when_attached_then_nothing_is_left(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	struct holdings holdings;

	take_stock(rig, kernel, &holdings);
	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	rig_run(rig->edge_ns, "test -n \"$(ip neigh show proto 83)\"");
	kernel_stop(kernel);
	detach(rig);
	assert_int_equal(rig_leftovers(rig), 0);
	assert_int_equal(loopback_forwarding(), '0');
	rig_run(rig->edge_ns, "test -z \"$(ip neigh show proto 83)\"");
	assert_goes(bpf_prog_get_fd_by_id, holdings.progs, 2);
	assert_goes(bpf_link_get_fd_by_id, holdings.links, 2);
	assert_goes(bpf_map_get_fd_by_id, holdings.maps, TABLE_PARTS + 2);
	detach(rig);
	kernel = rig_start(rig);
	assert_int_equal(kernel_origin(kernel), KERNEL_CREATED);
	kernel_stop(kernel);
}

static void test_kernel_detach_when_forwarding_was_on_then_left_on(void **state)
{
	struct rig *rig = rig_of(state);

	rig_run(rig->edge_ns, "echo 1 > /proc/sys/net/ipv4/conf/lo/forwarding");
	kernel_stop(rig_start(rig));
	detach(rig);
	assert_int_equal(loopback_forwarding(), '1');
}

static void test_kernel_start_when_interface_is_missing_then_named(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel;
	char *reason = NULL;

	rig_configure(rig, "60000-60099", 1, RIG_PUBLIC, "eth99");
	assert_int_equal(kernel_start(rig->config, &rig->kept, &kernel, &reason), -ENODEV);
	assert_string_equal(reason, "builds.interface: there is no interface eth99 in this network "
				    "namespace");
	free(reason);
	assert_int_equal(rig_leftovers(rig), 0);
}

static void test_kernel_start_when_bpffs_is_missing_then_told_how(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel;
	char *reason = NULL;

	snprintf(rig->config->edge.bpf_dir, sizeof(rig->config->edge.bpf_dir), "%s/bpf", rig->dir);
	assert_int_equal(kernel_start(rig->config, &rig->kept, &kernel, &reason), -ENODEV);
	assert_non_null(strstr(reason, "mount -t bpf bpf"));
	free(reason);
}

static void test_kernel_attach_when_bind_is_not_local_then_warned(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel;
	struct kernel_status status;

	rig_run(rig->edge_ns, "ip address replace 192.0.2.9/24 dev public &&"
			      " ip address del " RIG_BIND "/24 dev public");
	kernel = rig_start(rig);
	status = status_of(kernel);
	assert_int_equal(status.nr_warnings, 1);
	assert_non_null(strstr(status.warnings[0], RIG_BIND));
	kernel_stop(kernel);
}

static bool is_local(struct kernel *kernel, const void *context)
{
	const struct sp_table view = table_map_view(kernel_table(kernel));
	struct sp_addr addr;

	assert_int_equal(addr_parse(context, &addr), 0);
	for (uint32_t i = 0; i < SP_HOSTS; i++)
		if (view.hosts[i].kind == SP_HOST_LOCAL &&
		    sp_addr_equal(&view.hosts[i].addr, &addr))
			return true;
	return false;
}

static bool is_not_local(struct kernel *kernel, const void *context)
{
	return !is_local(kernel, context);
}

static void test_kernel_dispatch_when_addresses_change_then_hosts_follow(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);

	assert_true(is_local(kernel, "10.0.0.1"));
	assert_true(is_local(kernel, "127.0.0.1"));
	rig_run(rig->edge_ns, "ip address add 203.0.113.5/32 dev lo");
	rig_wait(kernel, is_local, "203.0.113.5");
	rig_run(rig->edge_ns, "ip address add 2001:db8::5/64 dev builds nodad");
	rig_wait(kernel, is_local, "2001:db8::5");
	rig_run(rig->edge_ns, "ip address del 203.0.113.5/32 dev lo");
	rig_wait(kernel, is_not_local, "203.0.113.5");
	kernel_stop(kernel);
}

static void test_kernel_dispatch_when_messages_are_lost_then_resyncs(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	int few = 1;

	/* Smaller than a message or two, whatever the kernel makes of it. */
	assert_int_equal(
		setsockopt(kernel_netlink_fd(kernel), SOL_SOCKET, SO_RCVBUF, &few, sizeof(few)), 0);
	/* Neighbours fill it, so that the address's own message is among the lost. */
	rig_run(rig->edge_ns, "for i in $(seq 2 60); do"
			      " ip neigh add 10.0.4.$i lladdr 02:00:00:00:00:01 dev builds; done;"
			      " ip address add 203.0.113.60/32 dev lo");
	assert_int_equal(kernel_netlink_dispatch(kernel), 0);
	assert_true(is_local(kernel, "203.0.113.60"));
	assert_int_equal(status_of(kernel).figures.resyncs, 1);
	kernel_stop(kernel);
}

static uint32_t nr_networks(const struct sp_settings *settings)
{
	return settings->nr_networks[settings->networks_now];
}

static void test_kernel_reload_when_networks_change_then_settings_follow(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	struct sp_settings *settings = kernel_table(kernel)->settings;
	char *reason = NULL;

	assert_int_equal(nr_networks(settings), 1);
	assert_int_equal(settings->engine_mode, SP_ENGINE_XDP);
	assert_int_equal(settings->public_ifindex, if_nametoindex(RIG_PUBLIC));
	assert_int_equal(settings->builds_ifindex, if_nametoindex(RIG_BUILDS));
	rig->config->builds.networks[1] = rig->config->builds.networks[0];
	rig->config->builds.nr_networks = 2;
	rig->config->dataplane.engine = SP_ENGINE_DPDK;
	assert_int_equal(kernel_reload(kernel, rig->config, &reason), 0);
	assert_int_equal(nr_networks(settings), 2);
	assert_int_equal(settings->engine_mode, SP_ENGINE_DPDK);

	rig_configure(rig, "60000-60500", 1, RIG_PUBLIC, RIG_BUILDS);
	assert_int_equal(kernel_reload(kernel, rig->config, &reason), -EBUSY);
	assert_int_equal(nr_networks(settings), 2);
	free(reason);
	kernel_stop(kernel);
}

static void reload_networks(struct rig *rig, struct kernel *kernel, uint32_t nr, const char *first)
{
	char *reason = NULL;

	for (uint32_t i = 0; i < nr; i++)
		assert_int_equal(addr_prefix_parse(first, &rig->config->builds.networks[i]), 0);
	rig->config->builds.nr_networks = nr;
	assert_int_equal(kernel_reload(kernel, rig->config, &reason), 0);
}

/* A reader that was in the middle of a set goes on in it: the set must stay as it was. */
static void test_kernel_reload_when_networks_change_then_the_set_left_is_whole(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	struct sp_settings *settings = kernel_table(kernel)->settings, before;

	for (uint32_t nr = 2; nr < 6; nr++) {
		uint32_t left = settings->networks_now;

		before = *settings;
		reload_networks(rig, kernel, nr, nr & 1 ? "10.1.0.0/16" : "10.2.0.0/16");
		assert_true(sp_near_is_set(settings, nr & 1 ? 0x0a01 : 0x0a02));
		assert_int_equal(settings->near_ready, 1);
		assert_int_equal(settings->networks_now, !left);
		assert_int_equal(settings->nr_networks[left], before.nr_networks[left]);
		assert_memory_equal(settings->networks[left], before.networks[left],
				    sizeof(before.networks[left]));
	}
	kernel_stop(kernel);
}

/* What is undone at once may have readers in both sets. */
static void test_kernel_reload_when_undone_then_neither_set_is_written(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	struct sp_settings *settings = kernel_table(kernel)->settings, before;
	uint32_t first = settings->networks_now;

	reload_networks(rig, kernel, 2, "10.1.0.0/16");
	before = *settings;
	reload_networks(rig, kernel, 1, "10.0.0.0/16");
	assert_int_equal(settings->networks_now, first);
	assert_memory_equal(settings->networks, before.networks, sizeof(before.networks));
	kernel_stop(kernel);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_make, rig_remove)
	const struct CMUnitTest tests[] = {
		TEST(test_kernel_start_when_nothing_is_there_then_carries),
		TEST(test_kernel_start_when_restarted_then_adopts_without_loss),
		TEST(test_kernel_start_when_sizes_change_then_replaces_without_loss),
		TEST(test_kernel_start_when_version_differs_then_replaces_without_loss),
		TEST(test_kernel_start_when_meta_is_not_ours_then_refused),
		TEST(test_kernel_stop_when_never_attached_then_nothing_is_left),
		TEST(test_kernel_detach_when_attached_then_nothing_is_left),
		TEST(test_kernel_detach_when_forwarding_was_on_then_left_on),
		TEST(test_kernel_start_when_interface_is_missing_then_named),
		TEST(test_kernel_start_when_bpffs_is_missing_then_told_how),
		TEST(test_kernel_attach_when_bind_is_not_local_then_warned),
		TEST(test_kernel_dispatch_when_addresses_change_then_hosts_follow),
		TEST(test_kernel_dispatch_when_messages_are_lost_then_resyncs),
		TEST(test_kernel_reload_when_networks_change_then_settings_follow),
		TEST(test_kernel_reload_when_networks_change_then_the_set_left_is_whole),
		TEST(test_kernel_reload_when_undone_then_neither_set_is_written),
	};

	return cmocka_run_group_tests_name("kernel", tests, NULL, NULL);
}
