/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table on plain memory, and from real pinned maps (skipped where BPF is not allowed): what is
 * accepted, what is refused and in which words, and what can be written.
 */
#include "host/table_map.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

static struct sp_meta small_meta(void)
{
	struct sp_meta meta = {
		.nr_publics = 2,
		.nr_buckets = 64,
		.nr_allow = 3,
		.nr_usage = 10,
		.nr_cpus = 2,
		.nr_workers = 1,
		.hash_seed = 0x1234,
	};

	table_meta_init(&meta);
	return meta;
}

static void test_alloc_when_meta_is_good_then_all_parts(void **state)
{
	struct sp_meta meta = small_meta();
	struct table_map *map;
	struct sp_table view;

	assert_int_equal(table_map_alloc(&meta, &map), 0);
	assert_memory_equal(map->meta, &meta, sizeof(meta));
	assert_int_equal(map->nr_slots, 2 * 65536);
	assert_int_equal(map->nr_rows, 3);
	assert_int_equal(map->leases[map->nr_slots - 1].state, SP_SLOT_FREE);
	map->leases[map->nr_slots - 1].state = SP_SLOT_LIVE;
	map->endpoints[63].entry[7] = 1;
	map->allow[2].v6[31].last[1] = 1;
	map->queues[2 * SP_QUEUES_MAX - 1].beat_ns = 1;
	map->workers[SP_WORKERS_MAX - 1].rounds = 1;
	map->counters[2].verdict[63] = 1;
	map->hosts[SP_HOSTS - 1].kind = SP_HOST_LOCAL;
	map->settings->engine_mode = SP_ENGINE_XDP;
	table_map_usage(map, 2, 9)->bytes[1] = 1;
	assert_ptr_equal(table_map_usage(map, 2, 9), &map->usage[29]);
	view = table_map_view(map);
	assert_ptr_equal(view.leases, map->leases);
	assert_int_equal(view.nr_slots, map->nr_slots);
	assert_int_equal(view.nr_buckets, 64);
	assert_int_equal(view.nr_allow, 3);
	assert_int_equal(view.hash_seed, 0x1234);
	table_map_free(map);
	table_map_free(NULL);
}

struct meta_case {
	size_t offset;
	uint32_t value;
	int result;
	const char *reason;
};

static void test_layout_when_meta_is_wrong_then_reason(void **state)
{
	static const struct meta_case cases[] = {
		{offsetof(struct sp_meta, magic), 1, -EPROTO,
		 "The table is not one of sallyport: its magic is 0x53414c4c00000001."},
		{offsetof(struct sp_meta, version), SP_TABLE_VERSION + 1, -EPROTO, NULL},
		{offsetof(struct sp_meta, slot_bytes), 32, -EPROTO,
		 "The table has slots of 32 bytes, this program reads slots of 64."},
		{offsetof(struct sp_meta, nr_publics), 0, -EINVAL,
		 "The table says nr_publics is 0, which is not between 1 and 16."},
		{offsetof(struct sp_meta, nr_publics), 17, -EINVAL,
		 "The table says nr_publics is 17, which is not between 1 and 16."},
		{offsetof(struct sp_meta, nr_buckets), 48, -EINVAL,
		 "The table says nr_buckets is 48, which is no power of two."},
		{offsetof(struct sp_meta, nr_buckets), 1, -EINVAL, NULL},
		{offsetof(struct sp_meta, nr_allow), 0, -EINVAL, NULL},
		{offsetof(struct sp_meta, nr_usage), 0, -EINVAL, NULL},
		{offsetof(struct sp_meta, nr_cpus), 0, -EINVAL, NULL},
		{offsetof(struct sp_meta, nr_cpus), 1u << 31, -EINVAL, NULL},
		{offsetof(struct sp_meta, nr_workers), 33, -EINVAL,
		 "The table says nr_workers is 33, which is not between 0 and 32."},
	};
	struct table_layout layout[TABLE_PARTS] = {{.nr_records = 77}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sp_meta meta = small_meta();
		struct table_map *map = (struct table_map *)&meta;
		char *reason = NULL;

		memcpy((char *)&meta + cases[i].offset, &cases[i].value, sizeof(uint32_t));
		assert_int_equal(table_layout(&meta, layout, &reason), cases[i].result);
		assert_non_null(reason);
		if (cases[i].reason)
			assert_string_equal(reason, cases[i].reason);
		assert_int_equal(layout[0].nr_records, 77);
		assert_int_equal(table_map_alloc(&meta, &map), cases[i].result);
		assert_ptr_equal(map, &meta);
		free(reason);
	}
}

static void test_layout_when_usage_would_overflow_then_refused(void **state)
{
	struct table_layout layout[TABLE_PARTS];
	struct sp_meta meta = small_meta();
	char *reason = NULL;

	meta.nr_cpus = 1u << 16;
	meta.nr_usage = 1u << 20;
	assert_int_equal(table_layout(&meta, layout, &reason), -EINVAL);
	assert_non_null(strstr(reason, "records of usage"));
	free(reason);
}

/* A real table, pinned. */
struct pinned {
	char dir[64];
	int fds[TABLE_PARTS];
	struct table_layout layout[TABLE_PARTS];
};

static int create_map(const struct table_layout *layout, uint32_t flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);

	return bpf_map_create(BPF_MAP_TYPE_ARRAY, layout->name, sizeof(uint32_t),
			      layout->record_bytes, layout->nr_records, &options);
}

static void pin_path(const struct pinned *pinned, unsigned int part, char path[128])
{
	snprintf(path, 128, "%s/%s", pinned->dir, pinned->layout[part].name);
}

static void pin(struct pinned *pinned, unsigned int part, int fd)
{
	char path[128];

	pin_path(pinned, part, path);
	unlink(path);
	assert_true(fd >= 0);
	assert_int_equal(bpf_obj_pin(fd, path), 0);
	pinned->fds[part] = fd;
}

static int pin_table(void **state)
{
	struct pinned *pinned = calloc(1, sizeof(*pinned));
	struct sp_meta meta = small_meta();
	char *reason = NULL;
	uint32_t key = 0;

	assert_non_null(pinned);
	snprintf(pinned->dir, sizeof(pinned->dir), "/sys/fs/bpf/sptest-%d-table", getpid());
	if (geteuid() != 0 || mkdir(pinned->dir, 0700) < 0) {
		free(pinned);
		*state = NULL;
		return 0;
	}
	assert_int_equal(table_layout(&meta, pinned->layout, &reason), 0);
	for (unsigned int part = 0; part < TABLE_PARTS; part++)
		pin(pinned, part, create_map(&pinned->layout[part], BPF_F_MMAPABLE));
	assert_int_equal(bpf_map_update_elem(pinned->fds[TABLE_META], &key, &meta, 0), 0);
	*state = pinned;
	return 0;
}

static int unpin_table(void **state)
{
	struct pinned *pinned = *state;
	char path[128];

	for (unsigned int part = 0; pinned && part < TABLE_PARTS; part++) {
		pin_path(pinned, part, path);
		unlink(path);
		close(pinned->fds[part]);
	}
	if (pinned)
		rmdir(pinned->dir);
	free(pinned);
	return 0;
}

static struct pinned *need_pinned(void **state)
{
	if (!*state) {
		print_message("# skipped: needs root and a BPF file system\n");
		skip();
	}
	return *state;
}

static struct table_map *open_good(const struct pinned *pinned, enum table_access access)
{
	struct table_map *map = NULL;
	char *reason = NULL;
	int r = table_map_open(pinned->dir, access, &map, &reason);

	if (r < 0)
		fail_msg("%s", reason);
	return map;
}

static void test_open_when_pinned_then_the_same_memory(void **state)
{
	const struct pinned *pinned = need_pinned(state);
	struct table_map *decide = open_good(pinned, TABLE_DECIDE);
	struct table_map *carry = open_good(pinned, TABLE_CARRY);
	struct table_map *look = open_good(pinned, TABLE_LOOK);
	struct sp_slot slot;
	uint32_t key = 131071;

	decide->leases[key].deadline_ns = 99;
	assert_int_equal(carry->leases[key].deadline_ns, 99);
	assert_int_equal(look->leases[key].deadline_ns, 99);
	assert_int_equal(bpf_map_lookup_elem(pinned->fds[TABLE_LEASES], &key, &slot), 0);
	assert_int_equal(slot.deadline_ns, 99);
	carry->workers[3].rounds = 5;
	table_map_usage(carry, 2, 9)->packets[0] = 6;
	carry->queues[127].beat_ns = 7;
	carry->counters[2].verdict[1] = 8;
	assert_int_equal(decide->workers[3].rounds, 5);
	assert_int_equal(table_map_usage(look, 2, 9)->packets[0], 6);
	assert_int_equal(look->queues[127].beat_ns, 7);
	assert_int_equal(look->counters[2].verdict[1], 8);
	table_map_free(decide);
	table_map_free(carry);
	table_map_free(look);
}

/* Result: whether a store there ends a child process by a fault. */
static bool store_faults(void *there)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile uint8_t *)there = 1;
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void test_open_when_access_is_narrow_then_stores_fault(void **state)
{
	const struct pinned *pinned = need_pinned(state);
	struct table_map *carry = open_good(pinned, TABLE_CARRY);
	struct table_map *look = open_good(pinned, TABLE_LOOK);

	assert_true(store_faults(carry->leases));
	assert_true(store_faults(carry->meta));
	assert_true(store_faults(carry->settings));
	assert_true(store_faults(carry->hosts));
	assert_true(store_faults(carry->endpoints));
	assert_true(store_faults(carry->allow));
	assert_false(store_faults(carry->usage));
	assert_true(store_faults(look->usage));
	assert_true(store_faults(look->workers));
	table_map_free(carry);
	table_map_free(look);
}

static void expect_refusal(const struct pinned *pinned, int result, const char *words)
{
	struct table_map *map = (struct table_map *)&result;
	char *reason = NULL;

	assert_int_equal(table_map_open(pinned->dir, TABLE_CARRY, &map, &reason), result);
	assert_ptr_equal(map, (struct table_map *)&result);
	assert_non_null(reason);
	if (!strstr(reason, words))
		fail_msg("\"%s\" does not say \"%s\"", reason, words);
	free(reason);
}

static void test_open_when_nothing_is_pinned_then_enoent(void **state)
{
	struct pinned nowhere = {.dir = "/sys/fs/bpf/sptest-nowhere"};

	need_pinned(state);
	expect_refusal(&nowhere, -ENOENT, "There is no table at /sys/fs/bpf/sptest-nowhere/meta");
}

static void test_open_when_version_differs_then_eproto(void **state)
{
	struct pinned *pinned = need_pinned(state);
	struct sp_meta meta = small_meta();
	uint32_t key = 0;

	meta.version = 99;
	assert_int_equal(bpf_map_update_elem(pinned->fds[TABLE_META], &key, &meta, 0), 0);
	expect_refusal(pinned, -EPROTO, "The table has version 99, this program reads version");
	meta.version = SP_TABLE_VERSION;
	meta.nr_publics = 3;
	assert_int_equal(bpf_map_update_elem(pinned->fds[TABLE_META], &key, &meta, 0), 0);
	expect_refusal(
		pinned, -EPROTO,
		"The map leases of the table holds 131072 records of 64 bytes, not 196608 of "
		"64.");
}

static void test_open_when_version_differs_and_a_map_is_missing_then_version_is_told(void **state)
{
	struct pinned *pinned = need_pinned(state);
	struct sp_meta meta = small_meta();
	char path[128];
	uint32_t key = 0;

	pin_path(pinned, TABLE_SNAPS, path);
	assert_int_equal(unlink(path), 0);
	expect_refusal(pinned, -ENOENT, "There is no table at ");
	meta.version = 99;
	assert_int_equal(bpf_map_update_elem(pinned->fds[TABLE_META], &key, &meta, 0), 0);
	expect_refusal(pinned, -EPROTO, "The table has version 99, this program reads version");
}

static void replace(struct pinned *pinned, unsigned int part, const struct table_layout *layout,
		    uint32_t flags)
{
	close(pinned->fds[part]);
	pin(pinned, part, create_map(layout, flags));
}

static void test_open_when_a_map_is_another_then_it_is_named(void **state)
{
	struct pinned *pinned = need_pinned(state);
	struct table_layout layout = pinned->layout[TABLE_ALLOW];

	layout.record_bytes = 512;
	replace(pinned, TABLE_ALLOW, &layout, BPF_F_MMAPABLE);
	expect_refusal(pinned, -EPROTO, "The map allow of the table holds 3 records of 512 bytes");
	replace(pinned, TABLE_ALLOW, &pinned->layout[TABLE_ALLOW], 0);
	expect_refusal(pinned, -EPROTO, "The map allow of the table is not a mappable array.");
	replace(pinned, TABLE_ALLOW, &pinned->layout[TABLE_ALLOW], BPF_F_MMAPABLE);
	table_map_free(open_good(pinned, TABLE_CARRY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc_when_meta_is_good_then_all_parts),
		cmocka_unit_test(test_layout_when_meta_is_wrong_then_reason),
		cmocka_unit_test(test_layout_when_usage_would_overflow_then_refused),
		cmocka_unit_test_setup_teardown(test_open_when_pinned_then_the_same_memory,
						pin_table, unpin_table),
		cmocka_unit_test_setup_teardown(test_open_when_access_is_narrow_then_stores_fault,
						pin_table, unpin_table),
		cmocka_unit_test_setup_teardown(test_open_when_nothing_is_pinned_then_enoent,
						pin_table, unpin_table),
		cmocka_unit_test_setup_teardown(test_open_when_version_differs_then_eproto,
						pin_table, unpin_table),
		cmocka_unit_test_setup_teardown(
			test_open_when_version_differs_and_a_map_is_missing_then_version_is_told,
			pin_table, unpin_table),
		cmocka_unit_test_setup_teardown(test_open_when_a_map_is_another_then_it_is_named,
						pin_table, unpin_table),
	};

	return cmocka_run_group_tests_name("table_map", tests, NULL, NULL);
}
