/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../edge/world.h"
#include "page/board.h"

/* Looks until a round is complete. Result: the number of the last look. */
static uint64_t look(struct page_board *board, struct world *world)
{
	int r;

	world->now.boot_ns += PAGE_BOARD_ROUND_NS;
	do
		r = page_board_look(board, world->edge, world->now.boot_ns);
	while (r == -EAGAIN);
	assert_int_equal(r, 0);
	return page_board_tick(board);
}

/* Expects what is told of to who knows since: serials, below 0 for one that is forgotten, 0 at the
 * end. */
static void expect(const struct page_board *board, uint64_t since, const int64_t *serials)
{
	const struct page_card *card = page_board_next(board, since, 0);

	for (; *serials; serials++) {
		assert_non_null(card);
		assert_int_equal(card->serial, *serials < 0 ? -*serials : *serials);
		assert_int_equal(card->revision == 0, *serials < 0);
		card = page_board_next(board, since, card->serial);
	}
	assert_null(card);
}

#define EXPECT(board, since, ...)                                                                  \
	expect(board, since, (const int64_t[]){__VA_ARGS__ __VA_OPT__(, ) 0})

static uint64_t put(struct world *world, const char *id)
{
	assert_int_equal(world_put(world, id, ""), 0);
	return world_get(world, id)->serial;
}

static void test_board_when_builds_change_then_tells_those_alone(void **state)
{
	struct world *world = *state;
	struct page_board *board = page_board_new();
	struct edge_result result;
	int64_t a, b, c;
	uint64_t first, second;

	first = look(board, world);
	EXPECT(board, 0);
	a = (int64_t)put(world, "a");
	b = (int64_t)put(world, "b");
	second = look(board, world);
	assert_true(second > first);
	EXPECT(board, 0, a, b);
	EXPECT(board, first, a, b);
	EXPECT(board, second);
	assert_int_equal(world_cancel(world, "a", &result), 0);
	c = (int64_t)put(world, "c");
	EXPECT(board, second);
	look(board, world);
	EXPECT(board, second, a, c);
	EXPECT(board, first, a, b, c);
	page_board_free(board);
}

static void test_board_when_forgotten_then_tells_who_knew(void **state)
{
	struct world *world = *state;
	struct page_board *board = page_board_new();
	struct edge_result result;
	int64_t a = (int64_t)put(world, "a"), b = (int64_t)put(world, "b"),
		c = (int64_t)put(world, "c");
	uint64_t before = look(board, world), after;

	assert_int_equal(world_cancel(world, "b", &result), 0);
	world_pass(world, HOUR);
	assert_null(edge_get(world->edge, "b"));
	after = look(board, world);
	EXPECT(board, before, -b);
	EXPECT(board, 0, a, c);
	assert_true(page_board_knows(board, before));
	assert_int_equal(world_cancel(world, "a", &result), 0);
	world_pass(world, HOUR);
	look(board, world);
	EXPECT(board, 0, c);
	assert_false(page_board_knows(board, before));
	assert_false(page_board_knows(board, after));
	assert_true(page_board_knows(board, 0));
	assert_true(page_board_knows(board, page_board_tick(board)));
	assert_false(page_board_knows(board, page_board_tick(board) + 1));
	page_board_free(board);
}

static void test_board_when_asked_often_then_looks_once_a_round(void **state)
{
	struct world *world = *state;
	struct page_board *board = page_board_new();
	uint64_t tick = look(board, world);

	put(world, "a");
	assert_int_equal(page_board_look(board, world->edge, world->now.boot_ns), 0);
	assert_int_equal(page_board_tick(board), tick);
	EXPECT(board, tick);
	assert_true(look(board, world) > tick);
	page_board_free(board);
}

/* What changes behind the round's back, after it has passed, is told of in the next one. */
static void test_board_when_more_than_a_step_then_goes_on(void **state)
{
	enum { NR = PAGE_BOARD_STEP + 1000 };
	static struct world many;
	struct page_board *board = page_board_new();
	struct edge_result result;
	unsigned int nr = 0;
	uint64_t tick;
	char id[16];

	world_init(&many, NR);
	world_start(&many, ":memory:");
	for (int i = 0; i < NR; i++) {
		snprintf(id, sizeof(id), "b%d", i);
		put(&many, id);
	}
	many.now.boot_ns += PAGE_BOARD_ROUND_NS;
	assert_int_equal(page_board_look(board, many.edge, many.now.boot_ns), -EAGAIN);
	assert_int_equal(world_cancel(&many, "b0", &result), 0);
	assert_int_equal(page_board_look(board, many.edge, many.now.boot_ns), 0);
	for (const struct page_card *card = page_board_next(board, 0, 0); card;
	     card = page_board_next(board, 0, card->serial))
		nr++;
	assert_int_equal(nr, NR);
	tick = page_board_tick(board);
	look(board, &many);
	EXPECT(board, tick, (int64_t)world_get(&many, "b0")->serial);
	world_stop(&many);
	page_board_free(board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_CASE(test_board_when_builds_change_then_tells_those_alone),
		WORLD_CASE(test_board_when_forgotten_then_tells_who_knew),
		WORLD_CASE(test_board_when_asked_often_then_looks_once_a_round),
		cmocka_unit_test(test_board_when_more_than_a_step_then_goes_on),
	};

	return cmocka_run_group_tests_name("page-board", tests, NULL, NULL);
}
