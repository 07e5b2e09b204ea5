/* SPDX-License-Identifier: BSD-3-Clause */
/* The transactions of a sync where there is no memory for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/txn.h"
#include "fleet/state/fleet.h"
#include "fleet/state/roll_state.h"
#include "fleet/sync_state.h"
#include "host/config.h"

struct etcd_txn *__wrap_etcd_txn_new(void);

struct etcd_txn *__wrap_etcd_txn_new(void)
{
	return NULL;
}

static unsigned int nr_next;

static void on_next(struct sync *sync)
{
	nr_next++;
}

static void test_sync_when_there_is_no_memory_for_a_transaction_then_it_says_so(void **state)
{
	struct config *config = calloc(1, sizeof(*config));
	struct roll roll = {0};
	struct fleet fleet = {.config = config, .roll = &roll};
	struct record after = {.id = "a"};
	struct sync_item item = {.id = "a", .after = &after};
	struct sync sync = {.fleet = &fleet, .item = &item, .nr_items = 1, .next = on_next};

	assert_non_null(config);
	config->fleet.txn_ops = 128;
	fleet_sync_write(&sync);
	assert_int_equal(sync.problem.type, PROBLEM_INTERNAL);
	assert_int_equal(sync.nr_txns, 0);
	assert_int_equal(nr_next, 1);
	fleet_sync_write_cancel(&sync);
	free(sync.todo);
	free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_sync_when_there_is_no_memory_for_a_transaction_then_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
