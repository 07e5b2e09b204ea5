// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/attach.h"
#include "kernel/device/xdp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/table_map.h"
#include "rig.h"

/* Result: a loaded XDP program that passes everything, by another name than ours. */
static int load_foreign(void)
{
	const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "somebody", "GPL", pass, 2, NULL);

	assert_true(fd >= 0);
	return fd;
}

static uint32_t id_of(int prog_fd)
{
	struct bpf_prog_info info = {0};
	__u32 bytes = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(prog_fd, &info, &bytes), 0);
	return info.id;
}

/* Starts, has attaching refused, stops. Result: the reason, to be freed. */
static char *refused(const struct rig *rig)
{
	struct kernel *kernel = rig_prepare(rig);
	char *reason = NULL;

	assert_int_equal(kernel_attach(kernel, &reason), -EBUSY);
	assert_non_null(reason);
	kernel_stop(kernel);
	return reason;
}

static void test_attach_all_when_foreign_by_netlink_then_refused_and_left(void **state)
{
	struct rig *rig = rig_of(state);
	int foreign_fd = load_foreign();
	char *reason, id[32];

	assert_int_equal(bpf_xdp_attach((int)if_nametoindex(RIG_BUILDS), foreign_fd,
					XDP_FLAGS_DRV_MODE, NULL),
			 0);
	reason = refused(rig);
	snprintf(id, sizeof(id), "id %u", id_of(foreign_fd));
	assert_non_null(strstr(reason, "builds.interface: builds"));
	assert_non_null(strstr(reason, "somebody"));
	assert_non_null(strstr(reason, id));
	assert_non_null(strstr(reason, "netlink"));
	free(reason);
	assert_int_equal(rig_prog_id(RIG_BUILDS), id_of(foreign_fd));
	assert_int_equal(rig_prog_id(RIG_PUBLIC), 0);
	assert_int_not_equal(access(rig->bpf_dir, F_OK), 0);
	close(foreign_fd);
}

static void test_attach_all_when_foreign_by_link_then_link_is_named(void **state)
{
	struct rig *rig = rig_of(state);
	int foreign_fd = load_foreign();
	int link_fd = bpf_link_create(foreign_fd, (int)if_nametoindex(RIG_PUBLIC), BPF_XDP, NULL);
	char *reason;

	assert_true(link_fd >= 0);
	reason = refused(rig);
	assert_non_null(strstr(reason, "held by link"));
	free(reason);
	assert_int_equal(rig_prog_id(RIG_PUBLIC), id_of(foreign_fd));
	assert_int_equal(rig_leftovers(rig), 1);
	close(link_fd);
	assert_int_equal(rig_leftovers(rig), 0);
	close(foreign_fd);
}

static void test_attach_all_when_another_edge_has_it_then_refused_and_left(void **state)
{
	struct rig *rig = rig_of(state);
	uint32_t prog_id;
	char *reason, other[sizeof(rig->bpf_dir)];

	kernel_stop(rig_start(rig));
	prog_id = rig_prog_id(RIG_PUBLIC);
	snprintf(other, sizeof(other), "%s", rig->bpf_dir);
	snprintf(rig->bpf_dir, sizeof(rig->bpf_dir), "%.50s-other", other);
	rig_configure(rig, "60000-60099", 1, RIG_PUBLIC, RIG_BUILDS);
	reason = refused(rig);
	assert_non_null(strstr(reason, "not of this edge"));
	free(reason);
	assert_int_equal(rig_prog_id(RIG_PUBLIC), prog_id);
	assert_int_equal(kernel_detach(rig->config, NULL), 0);
	assert_int_equal(rig_prog_id(RIG_PUBLIC), prog_id);
	snprintf(rig->bpf_dir, sizeof(rig->bpf_dir), "%s", other);
	rig_configure(rig, "60000-60099", 1, RIG_PUBLIC, RIG_BUILDS);
}

static void test_attach_all_when_driver_has_no_xdp_then_generic_with_warning(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel_status status;
	struct kernel *kernel;

	rig_configure(rig, "60000-60099", 1, RIG_PUBLIC, "lo");
	kernel = rig_start(rig);
	kernel_status(kernel, &status);
	assert_false(status.interfaces[0].native);
	assert_false(status.interfaces[1].native);
	assert_int_equal(status.nr_warnings, 1);
	assert_non_null(
		strstr(status.warnings[0], "public and lo are in the slower generic mode: "));
	assert_non_null(strstr(status.warnings[0], "lo takes no XDP program natively"));
	kernel_stop(kernel);
}

/*
 * Drivers take no program whose packets would not fit a page, unless it takes them in pieces; veth
 * looks at its peer's MTU.
 */
static void test_attach_all_when_mtu_is_too_large_then_in_pieces_or_generic(void **state)
{
	struct rig *rig = rig_of(state);
	struct device_xdp xdp = {0};
	struct kernel_status status;
	struct kernel *kernel;

	rig_run(rig->vm_ns, "ip link set vm mtu 9000");
	kernel = rig_start(rig);
	kernel_status(kernel, &status);
	device_xdp(if_nametoindex(RIG_BUILDS), &xdp);
	assert_int_equal(status.interfaces[0].native, xdp.pieces);
	assert_int_equal(status.interfaces[1].native, xdp.pieces);
	if (xdp.pieces)
		assert_int_equal(status.nr_warnings, 0);
	else if (!strstr(status.warnings[0],
			 "builds takes no XDP program natively: veth: Peer MTU"))
		fail_msg("it says: %s", status.warnings[0]);
	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	assert_true(flow_passes(rig, RIG_WAIT_MS));
	kernel_stop(kernel);
	/* What is there keeps its mode, so that no packet meets an interface without a program. */
	rig_run(rig->vm_ns, "ip link set vm mtu 1500");
	kernel = rig_start(rig);
	kernel_status(kernel, &status);
	assert_int_equal(status.interfaces[0].native, xdp.pieces);
	assert_int_equal(status.interfaces[0].attachment, KERNEL_LINK_ADOPTED);
	kernel_stop(kernel);
}

/* A port takes no program in any mode while its bridge has a generic one. */
static void make_builds_refuse(const struct rig *rig)
{
	int prog_fd = load_foreign();

	rig_run(rig->edge_ns, "ip link add br0 type bridge && ip link set builds master br0");
	assert_int_equal(
		bpf_xdp_attach((int)if_nametoindex("br0"), prog_fd, XDP_FLAGS_SKB_MODE, NULL), 0);
	close(prog_fd);
}

static char *refused_by_driver(const struct rig *rig)
{
	struct kernel *kernel = rig_prepare(rig);
	char *reason = NULL;

	assert_int_equal(kernel_attach(kernel, &reason), -EEXIST);
	kernel_stop(kernel);
	return reason;
}

static void test_attach_all_when_second_interface_fails_then_first_is_undone(void **state)
{
	struct rig *rig = rig_of(state);
	char *reason;

	make_builds_refuse(rig);
	reason = refused_by_driver(rig);
	assert_non_null(strstr(reason, "builds.interface: builds takes no XDP program"));
	free(reason);
	assert_int_equal(rig_leftovers(rig), 0);
}

/* Takes the program off an interface and its link away, as an administrator might. */
static int unlink_link(const struct rig *rig, const char *name)
{
	char path[PINS_PATH_SIZE];
	int fd = bpf_obj_get(pins_path(rig->bpf_dir, name, path));

	assert_true(fd >= 0);
	assert_int_equal(bpf_link_detach(fd), 0);
	close(fd);
	return unlink(path);
}

static void test_attach_all_when_second_interface_fails_then_old_program_is_back(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	uint32_t prog_id = rig_prog_id(RIG_PUBLIC);
	struct flow flow;

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	kernel_stop(kernel);
	flow_start(rig, &flow);
	assert_int_equal(unlink_link(rig, PINS_LINK_BUILDS), 0);
	make_builds_refuse(rig);
	/* Another size: the program on the first interface is replaced before the second fails. */
	rig_configure(rig, "60000-60999", 1, RIG_PUBLIC, RIG_BUILDS);
	free(refused_by_driver(rig));
	assert_int_equal(rig_prog_id(RIG_PUBLIC), prog_id);
	flow_stop(&flow);
}

static uint32_t pinned_xsks(const struct rig *rig, const char *name)
{
	char path[PINS_PATH_SIZE];
	int fd = bpf_obj_get(pins_path(rig->bpf_dir, name, path));
	struct bpf_map_info info = {0};
	__u32 bytes = sizeof(info);

	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &bytes), 0);
	assert_int_equal(info.type, BPF_MAP_TYPE_XSKMAP);
	close(fd);
	return info.id;
}

/* Puts a program of ours in charge that differs in one constant, as an earlier version would. */
static void put_other_version(const struct rig *rig, struct kernel *kernel)
{
	struct table_map *table = kernel_table(kernel);
	uint64_t seed = table->hash_seed;
	struct kernel_status status;

	/* The seed is for replies, of which the flow has none. */
	table->meta->hash_seed = table->hash_seed = seed + 1;
	kernel_stop(kernel);
	kernel = rig_start(rig);
	kernel_status(kernel, &status);
	assert_int_equal(kernel_origin(kernel), KERNEL_ADOPTED);
	assert_int_equal(status.interfaces[0].attachment, KERNEL_LINK_UPDATED);
	assert_int_equal(status.interfaces[1].attachment, KERNEL_LINK_UPDATED);
	kernel_stop(kernel);
}

static void test_attach_all_when_program_differs_then_updated_without_loss(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	uint32_t prog_id = rig_prog_id(RIG_PUBLIC), xsks = pinned_xsks(rig, PINS_XSKS_PUBLIC);
	struct flow flow;

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	kernel_stop(kernel);
	flow_start(rig, &flow);
	for (unsigned int i = 0; i < 10; i++) {
		kernel = rig_start(rig);
		put_other_version(rig, kernel);
		assert_int_not_equal(rig_prog_id(RIG_PUBLIC), prog_id);
		/* The sockets of sallyport-dp are in it. */
		assert_int_equal(pinned_xsks(rig, PINS_XSKS_PUBLIC), xsks);
	}
	flow_stop(&flow);
}

static void test_attach_all_when_interface_was_remade_then_attached_anew(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);
	uint32_t xsks = pinned_xsks(rig, PINS_XSKS_BUILDS);
	struct kernel_status status;

	kernel_stop(kernel);
	rig_run(rig->edge_ns, "ip link del " RIG_BUILDS " && ip link del " RIG_PUBLIC);
	rig_wire(rig);
	kernel = rig_start(rig);
	kernel_status(kernel, &status);
	assert_int_equal(status.origin, KERNEL_ADOPTED);
	assert_int_equal(status.interfaces[0].attachment, KERNEL_ATTACHED);
	assert_int_equal(status.interfaces[1].attachment, KERNEL_ATTACHED);
	/* Sockets of an interface that is gone must not be steered to. */
	assert_int_not_equal(pinned_xsks(rig, PINS_XSKS_BUILDS), xsks);
	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	assert_true(flow_passes(rig, 1000));
	kernel_stop(kernel);
}

static bool carries_both(struct kernel *kernel, const void *context)
{
	struct kernel_status status;

	kernel_status(kernel, &status);
	return status.interfaces[0].prog_id && status.interfaces[1].prog_id &&
	       !status.interfaces[0].foreign && !status.interfaces[1].foreign;
}

static void test_kernel_dispatch_when_interface_is_remade_then_attached_anew(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel = rig_start(rig);

	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	rig_run(rig->edge_ns, "ip link del " RIG_BUILDS " && ip link del " RIG_PUBLIC);
	rig_wire(rig);
	rig_wait(kernel, carries_both, NULL);
	assert_int_equal(kernel_table(kernel)->settings->builds_ifindex,
			 if_nametoindex(RIG_BUILDS));
	rig_wait_vm(kernel, RIG_VM, KERNEL_VM_RESOLVED);
	assert_true(flow_passes(rig, 1000));
	kernel_stop(kernel);
}

static void test_attach_all_when_arms_are_swapped_then_both_are_updated(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel;
	struct kernel_status status;

	kernel_stop(rig_start(rig));
	rig_configure(rig, "60000-60099", 1, RIG_BUILDS, RIG_PUBLIC);
	kernel = rig_start(rig);
	kernel_status(kernel, &status);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(status.interfaces[i].attachment, KERNEL_LINK_UPDATED);
		assert_false(status.interfaces[i].foreign);
	}
	assert_string_equal(status.interfaces[0].name, RIG_BUILDS);
	kernel_stop(kernel);
	kernel = rig_start(rig);
	kernel_status(kernel, &status);
	assert_int_equal(status.interfaces[0].attachment, KERNEL_LINK_ADOPTED);
	kernel_stop(kernel);
}

static void test_attach_all_when_one_arm_then_one_link(void **state)
{
	struct rig *rig = rig_of(state);
	struct kernel *kernel;
	struct kernel_status status;

	kernel_stop(rig_start(rig));
	rig_configure(rig, "60000-60099", 1, RIG_PUBLIC, RIG_PUBLIC);
	kernel = rig_start(rig);
	kernel_status(kernel, &status);
	assert_int_equal(status.nr_interfaces, 1);
	assert_int_equal(status.interfaces[0].attachment, KERNEL_LINK_UPDATED);
	assert_false(pins_exist(rig->bpf_dir, PINS_LINK_BUILDS));
	assert_false(pins_exist(rig->bpf_dir, PINS_XSKS_BUILDS));
	kernel_stop(kernel);
	kernel = rig_start(rig);
	kernel_status(kernel, &status);
	assert_int_equal(status.interfaces[0].attachment, KERNEL_LINK_ADOPTED);
	kernel_stop(kernel);
}

static void test_attach_all_when_pin_was_lost_then_refused_as_foreign(void **state)
{
	struct rig *rig = rig_of(state);
	char path[PINS_PATH_SIZE], *reason;
	int link_fd;

	kernel_stop(rig_start(rig));
	link_fd = bpf_obj_get(pins_path(rig->bpf_dir, PINS_LINK_BUILDS, path));
	assert_true(link_fd >= 0);
	assert_int_equal(unlink(path), 0);
	reason = refused(rig);
	assert_non_null(strstr(reason, "held by link"));
	free(reason);
	/* With its last holder the program goes, and the next start puts it back. */
	close(link_fd);
	kernel_stop(rig_start(rig));
	assert_int_not_equal(rig_prog_id(RIG_BUILDS), 0);
}

static void test_attach_remove_when_link_is_not_ours_then_left(void **state)
{
	struct rig *rig = rig_of(state);
	int foreign_fd = load_foreign();
	int link_fd = bpf_link_create(foreign_fd, (int)if_nametoindex(RIG_PUBLIC), BPF_XDP, NULL);
	char path[PINS_PATH_SIZE], *reason = NULL;

	assert_int_equal(pins_make_dir(rig->bpf_dir), 0);
	assert_int_equal(bpf_obj_pin(link_fd, pins_path(rig->bpf_dir, PINS_LINK_PUBLIC, path)), 0);
	assert_int_equal(kernel_detach(rig->config, &reason), -EEXIST);
	free(reason);
	assert_int_equal(rig_prog_id(RIG_PUBLIC), id_of(foreign_fd));
	assert_true(pins_exist(rig->bpf_dir, PINS_LINK_PUBLIC));
	close(link_fd);
	close(foreign_fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_make, rig_remove)
	const struct CMUnitTest tests[] = {
		TEST(test_attach_all_when_foreign_by_netlink_then_refused_and_left),
		TEST(test_attach_all_when_foreign_by_link_then_link_is_named),
		TEST(test_attach_all_when_another_edge_has_it_then_refused_and_left),
		TEST(test_attach_all_when_second_interface_fails_then_first_is_undone),
		TEST(test_attach_all_when_second_interface_fails_then_old_program_is_back),
		TEST(test_attach_all_when_driver_has_no_xdp_then_generic_with_warning),
		TEST(test_attach_all_when_mtu_is_too_large_then_in_pieces_or_generic),
		TEST(test_attach_all_when_program_differs_then_updated_without_loss),
		TEST(test_attach_all_when_interface_was_remade_then_attached_anew),
		TEST(test_kernel_dispatch_when_interface_is_remade_then_attached_anew),
		TEST(test_attach_all_when_arms_are_swapped_then_both_are_updated),
		TEST(test_attach_all_when_one_arm_then_one_link),
		TEST(test_attach_all_when_pin_was_lost_then_refused_as_foreign),
		TEST(test_attach_remove_when_link_is_not_ours_then_left),
	};

	return cmocka_run_group_tests_name("attach", tests, NULL, NULL);
}
