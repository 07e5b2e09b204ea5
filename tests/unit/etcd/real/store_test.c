/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys of a real etcd: claimed, changed, read page by page, with any bytes and large numbers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/range.h"
#include "etcd/txn.h"
#include "members.h"

#define KEYS 50

struct world {
	sd_event *event;
	struct etcd *etcd;
	bool done;
	int error;
	bool succeeded;
	int64_t revision;
	unsigned int nr;
	struct {
		char key[300], value[300];
		size_t key_bytes, value_bytes;
		int64_t mod_revision;
	} kv[KEYS + 1];
};

static void keep(struct world *world, const struct etcd_kv *kv)
{
	assert_true(world->nr <= KEYS);
	assert_true(kv->key.bytes < sizeof(world->kv[0].key));
	assert_true(kv->value.bytes < sizeof(world->kv[0].value));
	memcpy(world->kv[world->nr].key, kv->key.data, kv->key.bytes + 1);
	memcpy(world->kv[world->nr].value, kv->value.data, kv->value.bytes + 1);
	world->kv[world->nr].key_bytes = kv->key.bytes;
	world->kv[world->nr].value_bytes = kv->value.bytes;
	world->kv[world->nr].mod_revision = kv->mod_revision;
	world->nr++;
}

static void on_visit(void *context, const struct etcd_kv *kv)
{
	keep(context, kv);
}

static void on_range(void *context, const struct etcd_range_end *end)
{
	struct world *world = context;

	world->done = true;
	world->error = end->error;
	world->revision = end->revision;
}

static void do_range(struct world *world, struct etcd_bytes key, bool prefix, unsigned int page)
{
	const struct etcd_range_request request = {
		.key = key,
		.prefix = prefix,
		.page = page,
		.visit = on_visit,
		.end = on_range,
		.context = world,
	};
	struct etcd_range *range;

	world->done = false;
	world->nr = 0;
	assert_int_equal(etcd_range_start(world->etcd, &request, &range), 0);
	REAL_WAIT(world->event, world->done);
}

static void on_txn(void *context, const struct etcd_txn_result *result)
{
	struct world *world = context;

	world->done = true;
	world->error = result->error;
	world->succeeded = result->succeeded;
	world->revision = result->revision;
	for (unsigned int i = 0; i < result->nr_kvs; i++)
		keep(world, &result->kvs[i]);
}

static void do_txn(struct world *world, struct etcd_txn *txn)
{
	struct etcd_txn_call *call;

	world->done = false;
	world->nr = 0;
	assert_int_equal(etcd_txn_send(world->etcd, txn, on_txn, world, &call), 0);
	etcd_txn_free(txn);
	REAL_WAIT(world->event, world->done);
}

static int set_up(void **state)
{
	static struct world world;

	if (!real_possible())
		return 0;
	real_enter();
	real_begin(1, NULL, NULL, &world.event, &world.etcd);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	if (!world)
		return 0;
	real_end(world->event, world->etcd);
	return 0;
}

static struct etcd_txn *claim(const char *port, const char *who)
{
	struct etcd_txn *txn = etcd_txn_new();

	etcd_txn_compare(txn, gateway_value_text(port), 0);
	etcd_txn_put(txn, gateway_value_text(port), gateway_value_text(who));
	etcd_txn_else_read(txn, gateway_value_text(port));
	return txn;
}

static void test_txn_when_two_claim_one_key_then_the_second_is_told_whose_it_is(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	do_txn(world, claim("/ports/1", "a"));
	assert_int_equal(world->error, 0);
	assert_true(world->succeeded);
	do_txn(world, claim("/ports/1", "b"));
	assert_int_equal(world->error, 0);
	assert_false(world->succeeded); /* left out by the gateway */
	assert_int_equal(world->nr, 1);
	assert_string_equal(world->kv[0].value, "a");
	do_range(world, gateway_value_text("/ports/1"), false, 1);
	assert_int_equal(world->nr, 1);
	assert_string_equal(world->kv[0].value, "a");
}

static void test_txn_when_changed_meanwhile_then_nothing_is_done(void **state)
{
	struct world *world = *state;
	struct etcd_txn *txn;
	int64_t revision;

	if (!world)
		skip();
	real_do_put(world->event, world->etcd, "/builds/1", "one");
	do_range(world, gateway_value_text("/builds/1"), false, 1);
	revision = world->kv[0].mod_revision;
	for (unsigned int i = 0; i < 2; i++) {
		txn = etcd_txn_new();
		etcd_txn_compare(txn, gateway_value_text("/builds/1"), revision);
		etcd_txn_put(txn, gateway_value_text("/builds/1"), gateway_value_text("two"));
		etcd_txn_delete(txn, gateway_value_text("/ports/1"));
		assert_int_equal(etcd_txn_size(txn), 2);
		do_txn(world, txn);
		assert_int_equal(world->error, 0);
		assert_int_equal(world->succeeded, i == 0);
	}
	do_range(world, gateway_value_text("/ports/1"), false, 1);
	assert_int_equal(world->nr, 0); /* the gateway leaves "kvs" out */
}

static void test_value_when_empty_then_read_as_empty(void **state)
{
	struct world *world = *state;

	if (!world)
		skip();
	real_do_put(world->event, world->etcd, "/empty", "");
	do_range(world, gateway_value_text("/empty"), false, 1);
	assert_int_equal(world->nr, 1);
	assert_int_equal(world->kv[0].value_bytes, 0);
}

static void test_key_when_of_all_bytes_then_the_same_from_etcd(void **state)
{
	struct world *world = *state;
	char all[256 + 2] = "/b";
	const struct etcd_bytes bytes = {all, sizeof(all)};
	struct etcd_txn *txn;

	if (!world)
		skip();
	for (size_t i = 0; i < 256; i++)
		all[2 + i] = (char)i;
	txn = etcd_txn_new();
	etcd_txn_put(txn, bytes, bytes);
	do_txn(world, txn);
	assert_true(world->succeeded);
	do_range(world, gateway_value_text("/b"), true, 1);
	assert_true(world->nr >= 1);
	assert_int_equal(world->kv[0].key_bytes, sizeof(all));
	assert_memory_equal(world->kv[0].key, all, sizeof(all));
	assert_int_equal(world->kv[0].value_bytes, sizeof(all));
	assert_memory_equal(world->kv[0].value, all, sizeof(all));
}

static void test_range_when_of_many_pages_then_each_key_once_and_in_order(void **state)
{
	struct world *world = *state;
	struct etcd_txn *txn;
	char key[16];

	if (!world)
		skip();
	txn = etcd_txn_new();
	for (unsigned int i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "/p/%02u", i);
		etcd_txn_put(txn, gateway_value_text(key), gateway_value_text(key));
	}
	do_txn(world, txn);
	assert_true(world->succeeded);
	static const unsigned int pages[] = {1, 7, KEYS - 1, KEYS, 1000};
	for (unsigned int p = 0; p < sizeof(pages) / sizeof(pages[0]); p++) {
		do_range(world, gateway_value_text("/p/"), true, pages[p]);
		assert_int_equal(world->error, 0);
		assert_int_equal(world->nr, KEYS);
		for (unsigned int i = 0; i < KEYS; i++) {
			snprintf(key, sizeof(key), "/p/%02u", i);
			assert_string_equal(world->kv[i].key, key);
		}
	}
}

static void test_txn_when_it_has_too_many_operations_then_refused_with_etcds_reason(void **state)
{
	struct world *world = *state;
	struct etcd_txn *txn;
	char key[16];

	if (!world)
		skip();
	txn = etcd_txn_new();
	for (unsigned int i = 0; i < 129; i++) {
		snprintf(key, sizeof(key), "/many/%u", i);
		etcd_txn_put(txn, gateway_value_text(key), gateway_value_text(""));
	}
	assert_int_equal(etcd_txn_size(txn), 129);
	do_txn(world, txn);
	assert_int_equal(world->error, -EINVAL);
	do_range(world, gateway_value_text("/many/"), true, 10);
	assert_int_equal(world->nr, 0);
}

static void test_txn_when_the_member_is_away_then_done_once_it_is_back(void **state)
{
	struct world *world = *state;
	struct real_put put = {0};
	struct etcd_txn *txn;
	struct etcd_txn_call *call;

	if (!world)
		skip();
	real_kill(0);
	txn = claim("/ports/2", "a");
	world->done = false;
	assert_int_equal(etcd_txn_send(world->etcd, txn, on_txn, world, &call), 0);
	etcd_txn_free(txn);
	real_restart(0);
	REAL_WAIT(world->event, world->done);
	assert_int_equal(world->error, 0); /* never sent before, so not twice */
	assert_true(world->succeeded);
	put = real_do_put(world->event, world->etcd, "/after", "x");
	assert_int_equal(put.error, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_txn_when_two_claim_one_key_then_the_second_is_told_whose_it_is),
		cmocka_unit_test(test_txn_when_changed_meanwhile_then_nothing_is_done),
		cmocka_unit_test(test_value_when_empty_then_read_as_empty),
		cmocka_unit_test(test_key_when_of_all_bytes_then_the_same_from_etcd),
		cmocka_unit_test(test_range_when_of_many_pages_then_each_key_once_and_in_order),
		cmocka_unit_test(
			test_txn_when_it_has_too_many_operations_then_refused_with_etcds_reason),
		cmocka_unit_test(test_txn_when_the_member_is_away_then_done_once_it_is_back),
	};

	return cmocka_run_group_tests_name("etcd_store", tests, set_up, tear_down);
}
