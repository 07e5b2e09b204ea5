/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/receipt.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edge/put/build.h"
#include "edge/txn/receipt.h"
#include "world.h"

/* What a caller wants to be answered later on. */
struct wish {
	struct receipt receipt;
	const char *body;
	int error;
};

static int fill(void *context, const struct edge_outcome *outcome, struct receipt *receipt)
{
	const struct wish *wish = context;

	if (wish->error)
		return wish->error;
	receipt->status = outcome->build.change == EDGE_CREATED ? 201 : 200;
	receipt->removed = outcome->build.removed;
	receipt->etag = strdup(outcome->build.build->id);
	receipt->body = strdup(wish->body);
	return 0;
}

static struct receipt receipt_of(const char *key)
{
	struct receipt receipt = {.uid = 1000, .digest = UINT64_MAX};

	snprintf(receipt.key, sizeof(receipt.key), "%s", key);
	return receipt;
}

/* PUT of one reserved node, to be answered with body. */
static int put(struct world *world, const char *id, const char *key, struct wish *wish)
{
	const char *const none[] = {""};
	const struct edge_receipt wanted = {&wish->receipt, fill, wish};
	struct edge_call call = world_call(world);
	struct edge_result result;
	struct build_spec spec;
	int r;

	wish->receipt = receipt_of(key);
	call.receipt = &wanted;
	world_spec(&spec, id, 1, none);
	r = put_build(world->edge, &call, &spec, &result);
	model_build_spec_free(&spec);
	model_receipt_free(&wish->receipt);
	return r;
}

static int find(struct world *world, const char *key)
{
	struct receipt receipt = receipt_of(key);
	int result = txn_receipt_find(world->edge, &world->now, &receipt);

	model_receipt_free(&receipt);
	return result;
}

static void test_find_when_restarted_then_everything_is_back(void **state)
{
	struct wish wish = {.body = "said"};
	struct receipt receipt = receipt_of("a");
	struct world world;

	world_init(&world, 16);
	world_start(&world, ":memory:");
	assert_int_equal(put(&world, "one", "a", &wish), 0);
	world_restart(&world);
	assert_int_equal(txn_receipt_find(world.edge, &world.now, &receipt), 0);
	assert_int_equal(receipt.number, wish.receipt.number);
	assert_int_equal(receipt.number, 1);
	assert_true(receipt.digest == UINT64_MAX);
	assert_int_equal(receipt.status, 201);
	assert_false(receipt.removed);
	assert_string_equal(receipt.etag, "one");
	assert_null(receipt.location);
	assert_string_equal(receipt.body, "said");
	model_receipt_free(&receipt);
	receipt.uid = 1001;
	assert_int_equal(txn_receipt_find(world.edge, &world.now, &receipt), -ENOENT);
	world_stop(&world);
}

static void test_put_when_the_receipt_cannot_be_made_then_nothing_is_changed(void **state)
{
	struct wish wish = {.error = -ENOMEM};
	struct world world;

	world_init(&world, 16);
	world_start(&world, ":memory:");
	assert_int_equal(put(&world, "one", "a", &wish), -ENOMEM);
	assert_null(edge_get(world.edge, "one"));
	assert_int_equal(find(&world, "a"), -ENOENT);
	world_restart(&world);
	assert_null(edge_get(world.edge, "one"));
	world_stop(&world);
}

static void test_put_when_unchanged_then_there_is_a_receipt(void **state)
{
	struct wish wish = {.body = "said"};
	struct world world;

	world_init(&world, 16);
	world_start(&world, ":memory:");
	assert_int_equal(put(&world, "one", "a", &wish), 0);
	assert_int_equal(put(&world, "one", "b", &wish), 0);
	assert_int_equal(find(&world, "b"), 0);
	world_stop(&world);
}

static void test_save_when_there_are_many_then_the_oldest_go(void **state)
{
	struct wish wish = {.body = "said"};
	struct world world;
	char key[8];

	world_init(&world, 16);
	world.settings.receipts_kept = 3;
	world_start(&world, ":memory:");
	for (unsigned int i = 0; i < 5; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		assert_int_equal(put(&world, "one", key, &wish), 0);
	}
	assert_int_equal(find(&world, "k1"), -ENOENT);
	assert_int_equal(find(&world, "k2"), 0);
	assert_int_equal(find(&world, "k4"), 0);
	world_stop(&world);
}

static void test_save_when_they_are_long_then_the_oldest_go(void **state)
{
	const size_t bytes = (size_t)30 << 20;
	char *body = malloc(bytes + 1);
	struct wish wish = {.body = body};
	struct world world;

	memset(body, 'x', bytes);
	body[bytes] = '\0';
	world_init(&world, 16);
	world_start(&world, ":memory:");
	assert_int_equal(put(&world, "one", "a", &wish), 0);
	assert_int_equal(put(&world, "one", "b", &wish), 0);
	assert_int_equal(find(&world, "a"), 0);
	assert_int_equal(put(&world, "one", "c", &wish), 0);
	assert_int_equal(find(&world, "a"), -ENOENT);
	assert_int_equal(find(&world, "b"), 0);
	assert_int_equal(find(&world, "c"), 0);
	world_stop(&world);
	free(body);
}

static void test_find_when_old_then_there_is_none_and_the_key_is_free(void **state)
{
	struct wish wish = {.body = "said"};
	struct receipt receipt = receipt_of("a");
	struct world world;

	world_init(&world, 16);
	world.settings.receipts_kept_ns = HOUR;
	world_start(&world, ":memory:");
	assert_int_equal(put(&world, "one", "a", &wish), 0);
	world_pass(&world, HOUR);
	assert_int_equal(find(&world, "a"), 0);
	world.now.boot_ns += SECOND;
	world.now.wall_ns += SECOND;
	assert_int_equal(find(&world, "a"), -ENOENT);
	assert_int_equal(put(&world, "one", "a", &wish), 0);
	assert_int_equal(find(&world, "a"), 0);
	world_pass(&world, HOUR + 2 * MINUTE);
	assert_int_equal(journal_receipt_find(world.journal, &receipt), -ENOENT);
	world_stop(&world);
}

static void test_digest_when_parts_run_together_then_another(void **state)
{
	uint64_t apart = model_receipt_digest(model_receipt_digest(0, "ab", 2), "c", 1);

	assert_true(apart == model_receipt_digest(model_receipt_digest(0, "ab", 2), "c", 1));
	assert_true(apart != model_receipt_digest(model_receipt_digest(0, "a", 1), "bc", 2));
	assert_true(apart != model_receipt_digest(model_receipt_digest(0, "ab", 2), "d", 1));
	assert_true(model_receipt_digest(0, "", 0) != model_receipt_digest(0, "\0", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find_when_restarted_then_everything_is_back),
		cmocka_unit_test(test_put_when_the_receipt_cannot_be_made_then_nothing_is_changed),
		cmocka_unit_test(test_put_when_unchanged_then_there_is_a_receipt),
		cmocka_unit_test(test_save_when_there_are_many_then_the_oldest_go),
		cmocka_unit_test(test_save_when_they_are_long_then_the_oldest_go),
		cmocka_unit_test(test_find_when_old_then_there_is_none_and_the_key_is_free),
		cmocka_unit_test(test_digest_when_parts_run_together_then_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
