// SPDX-License-Identifier: BSD-3-Clause
#include "port/port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <rte_mempool.h>

#include "fixture.h"
#include "host/frames.h"
#include "port/device.h"

struct extent {
	uintptr_t begin, end;
};

static void widen(struct rte_mempool *pool, void *context, void *buffer, unsigned int index)
{
	const uintptr_t begin = (uintptr_t)buffer - pool->header_size;
	const uintptr_t end = (uintptr_t)buffer + pool->elt_size + pool->trailer_size;
	struct extent *extent = context;

	(void)index;
	if (!extent->begin || begin < extent->begin)
		extent->begin = begin;
	if (end > extent->end)
		extent->end = end;
}

/* What the AF_XDP driver registers with the kernel: see port_pool_make(). */
static void test_buffers_span_no_more_than_they_have(void **state)
{
	const uint32_t mtus[] = {1500, FRAMES_WORKER_MTU};

	for (size_t i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		struct rte_mempool *pool = port_pool_make("span", 8191, mtus[i]);
		struct extent extent = {0};

		assert_non_null(pool);
		assert_int_equal(pool->nb_mem_chunks, 1);
		assert_int_equal(rte_mempool_obj_iter(pool, widen, &extent), 8191);
		assert_true(extent.end - extent.begin <=
			    8191ull * rte_mempool_calc_obj_size(pool->elt_size, pool->flags, NULL));
		rte_mempool_free(pool);
	}
}

static void test_members_when_a_bond_names_them_then_so_many(void **state)
{
	assert_int_equal(device_members(""), 1);
	assert_int_equal(device_members("net_memif0,role=client"), 1);
	assert_int_equal(device_members("net_bonding0,mode=1,slave=net_tap0,slave=net_tap1"), 2);
	assert_int_equal(device_members("net_bonding0,member=a,mode=4,member=b,member=c"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buffers_span_no_more_than_they_have),
		cmocka_unit_test(test_members_when_a_bond_names_them_then_so_many),
	};

	if (fixture_start_eal() < 0) {
		fprintf(stderr, "EAL does not start\n");
		return 1;
	}
	return cmocka_run_group_tests_name("port", tests, NULL, NULL);
}
