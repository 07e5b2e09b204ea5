/* SPDX-License-Identifier: BSD-3-Clause */
#include "table/publish.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sallyport/client/allow.h>
#include <sallyport/compiler.h>

#include "host/table_map.h"
#include "world.h"

#define QUARANTINE (10 * MINUTE)

struct desk {
	struct world world; /* for its table */
	struct publish *publish;
};

static void make_publish(struct desk *desk)
{
	assert_int_equal(table_publish_new(desk->world.table, QUARANTINE, &desk->publish), 0);
}

static int set_up(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	world_init(&desk->world, 16);
	world_make_table(&desk->world);
	make_publish(desk);
	table_publish_sweep(desk->publish);
	table_publish_settle(desk->publish);
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *desk = *state;

	table_publish_free(desk->publish);
	table_map_free(desk->world.table);
	free(desk);
	return 0;
}

static struct lease make_lease(uint16_t public_port, const char *vm)
{
	return (struct lease){
		.slot_index = public_port,
		.public_addr = world_addr("192.0.2.1"),
		.public_port = public_port,
		.vm_addr = world_addr(vm),
		.vm_port = 22,
		.protocol_mask = SP_PROTOCOL_TCP,
		.bound = true,
		.deadline_ns = 5000,
	};
}

static void install(struct desk *desk, struct lease *lease)
{
	assert_int_equal(table_publish_prepare(desk->publish, lease), 0);
	table_publish_slot(desk->publish, lease, SP_SLOT_LIVE);
}

static const struct sp_slot *slot(const struct desk *desk, uint32_t index)
{
	return &desk->world.table->leases[index];
}

static unsigned int nr_endpoints(const struct desk *desk)
{
	struct publish_figures figures;

	table_publish_figures(desk->publish, &figures);
	return figures.endpoints;
}

static void test_slot_when_live_then_an_engine_finds_it_both_ways(void **state)
{
	struct desk *desk = *state;
	struct lease lease = make_lease(40000, "10.0.0.1");
	const struct sp_slot *found;

	install(desk, &lease);
	found = slot(desk, 40000);
	assert_int_equal(found->state, SP_SLOT_LIVE);
	assert_int_equal(found->generation, 1);
	assert_int_equal(found->family, 4);
	assert_int_equal(found->vm_port_be, SP_BE16(22));
	assert_int_equal(found->public_port_be, SP_BE16(40000));
	assert_int_equal(found->deadline_ns, 5000);
	assert_ptr_equal(world_endpoint(&desk->world, "10.0.0.1", 22), found);
}

static void test_prepare_when_given_back_then_no_trace(void **state)
{
	struct desk *desk = *state;
	struct lease lease = make_lease(40000, "10.0.0.1");
	struct sp_slot zero = {0};

	assert_int_equal(table_publish_prepare(desk->publish, &lease), 0);
	assert_null(world_endpoint(&desk->world, "10.0.0.1", 22));
	table_publish_unprepare(desk->publish, &lease);
	assert_int_equal(nr_endpoints(desk), 0);
	assert_memory_equal(slot(desk, 40000), &zero, sizeof(zero));
}

static void test_prepare_when_table_is_full_then_refused(void **state)
{
	struct desk *desk = *state;
	unsigned int nr = 0, before;
	struct lease lease;
	char vm[32];
	int result = 0;

	while (result == 0) {
		snprintf(vm, sizeof(vm), "10.0.%u.%u", nr / 200, nr % 200 + 1);
		lease = make_lease((uint16_t)(1000 + nr), vm);
		before = nr_endpoints(desk);
		result = table_publish_prepare(desk->publish, &lease);
		if (result == 0)
			table_publish_slot(desk->publish, &lease, SP_SLOT_LIVE);
		nr++;
	}
	assert_int_equal(result, -ENOSPC);
	assert_int_equal(nr_endpoints(desk), before);
	assert_true(nr > 400);
	table_publish_end(desk->publish, 1000);
	table_publish_clear(desk->publish, 1000);
	assert_int_equal(nr_endpoints(desk), before - 1);
}

static void test_slot_when_bound_later_then_same_generation(void **state)
{
	struct desk *desk = *state;
	struct lease lease = make_lease(40000, "10.0.0.1");

	lease.bound = false;
	assert_int_equal(table_publish_prepare(desk->publish, &lease), 0);
	table_publish_slot(desk->publish, &lease, SP_SLOT_RESERVED);
	assert_int_equal(slot(desk, 40000)->state, SP_SLOT_RESERVED);
	assert_int_equal(slot(desk, 40000)->vm_port_be, 0);
	lease = make_lease(40000, "10.0.0.1");
	install(desk, &lease);
	assert_int_equal(slot(desk, 40000)->state, SP_SLOT_LIVE);
	assert_int_equal(slot(desk, 40000)->generation, 1);
}

static void test_end_when_live_then_vm_still_leads_to_the_slot(void **state)
{
	struct desk *desk = *state;
	struct lease lease = make_lease(40000, "10.0.0.1");

	install(desk, &lease);
	assert_true(table_publish_end(desk->publish, 40000));
	assert_int_equal(slot(desk, 40000)->state, SP_SLOT_ENDED);
	assert_ptr_equal(world_endpoint(&desk->world, "10.0.0.1", 22), slot(desk, 40000));
	table_publish_clear(desk->publish, 40000);
	assert_null(world_endpoint(&desk->world, "10.0.0.1", 22));
	assert_int_equal(slot(desk, 40000)->state, SP_SLOT_FREE);
	install(desk, &lease);
	assert_int_equal(slot(desk, 40000)->generation, 2);
}

static void test_slot_when_vm_is_reused_then_the_ended_one_loses_its_entry(void **state)
{
	struct desk *desk = *state;
	struct lease old = make_lease(40000, "10.0.0.1"), new = make_lease(40001, "10.0.0.1");

	install(desk, &old);
	table_publish_end(desk->publish, 40000);
	install(desk, &new);
	assert_int_equal(nr_endpoints(desk), 1);
	assert_ptr_equal(world_endpoint(&desk->world, "10.0.0.1", 22), slot(desk, 40001));
	table_publish_clear(desk->publish, 40000);
	assert_ptr_equal(world_endpoint(&desk->world, "10.0.0.1", 22), slot(desk, 40001));
}

static void test_usage_when_slots_come_and_go_then_never_shared(void **state)
{
	struct desk *desk = *state;
	struct lease a = make_lease(40000, "10.0.0.1"), b = make_lease(40001, "10.0.0.2");

	install(desk, &a);
	install(desk, &b);
	assert_int_not_equal(slot(desk, 40000)->usage_index, slot(desk, 40001)->usage_index);
	table_publish_end(desk->publish, 40000);
	table_publish_clear(desk->publish, 40000);
	a = make_lease(40002, "10.0.0.3");
	install(desk, &a);
	assert_int_not_equal(slot(desk, 40002)->usage_index, slot(desk, 40001)->usage_index);
}

/* What one lease leaves in its usage record is nothing to the next, on whatever port. */
static void test_generation_when_a_record_is_used_again_then_it_is_another(void **state)
{
	struct desk *desk = *state;
	struct lease old = make_lease(40000, "10.0.0.1"), new = make_lease(40001, "10.0.0.2");
	struct sp_slot before;

	for (unsigned int i = 0; i < 20; i++) {
		install(desk, &old);
		before = *slot(desk, old.slot_index);
		table_publish_end(desk->publish, old.slot_index);
		table_publish_clear(desk->publish, old.slot_index);
		install(desk, &new);
		assert_int_equal(slot(desk, new.slot_index)->usage_index, before.usage_index);
		assert_int_not_equal(slot(desk, new.slot_index)->generation, before.generation);
		table_publish_end(desk->publish, new.slot_index);
		table_publish_clear(desk->publish, new.slot_index);
	}
	assert_int_equal(table_publish_lives(desk->publish), 40);
}

static void make_anew(struct desk *desk)
{
	table_publish_free(desk->publish);
	make_publish(desk);
}

static void test_generation_when_the_writer_is_another_then_counted_on(void **state)
{
	struct desk *desk = *state;
	struct lease lease = make_lease(40000, "10.0.0.1"), other = make_lease(40001, "10.0.0.2");

	install(desk, &lease);
	make_anew(desk);
	assert_true(table_publish_adopt(desk->publish, &lease, SP_SLOT_LIVE));
	table_publish_settle(desk->publish);
	install(desk, &other);
	assert_int_equal(slot(desk, 40001)->generation, 2);
}

/* A table written before generations were counted for the whole edge. */
static void test_generation_when_the_table_does_not_say_then_above_all_slots(void **state)
{
	struct desk *desk = *state;
	struct lease lease = make_lease(40000, "10.0.0.1");

	desk->world.table->meta->lives = 0;
	desk->world.table->leases[40007].generation = 7;
	make_anew(desk);
	table_publish_settle(desk->publish);
	install(desk, &lease);
	assert_int_equal(slot(desk, 40000)->generation, 8);
}

static void test_generation_when_they_come_round_then_none_that_a_record_has(void **state)
{
	struct desk *desk = *state;
	struct lease lease = make_lease(40000, "10.0.0.1");
	struct table_map *table = desk->world.table;

	desk->world.table->meta->lives = UINT32_MAX - 1ULL;
	assert_int_equal(table_publish_prepare(desk->publish, &lease), 0);
	table_map_usage(table, 0, lease.usage_index)->generation = UINT32_MAX;
	table_map_usage(table, table->nr_rows - 1, lease.usage_index)->generation = 1;
	table_publish_slot(desk->publish, &lease, SP_SLOT_LIVE);
	assert_int_equal(slot(desk, 40000)->generation, 2); /* 0 is none */
}

static void test_adopt_when_same_then_kept_else_ended(void **state)
{
	struct desk *desk = *state;
	struct lease kept = make_lease(40000, "10.0.0.1"), other = make_lease(40001, "10.0.0.2");

	install(desk, &kept);
	install(desk, &other);
	table_publish_free(desk->publish);
	make_publish(desk);
	other.vm_port = 23;
	assert_true(table_publish_adopt(desk->publish, &kept, SP_SLOT_LIVE));
	assert_false(table_publish_adopt(desk->publish, &other, SP_SLOT_LIVE));
	assert_int_equal(table_publish_sweep(desk->publish), 1);
	assert_int_equal(slot(desk, 40001)->state, SP_SLOT_ENDED);
	table_publish_settle(desk->publish);
	assert_int_equal(slot(desk, 40000)->state, SP_SLOT_LIVE);
	assert_int_equal(slot(desk, 40001)->state, SP_SLOT_FREE);
	assert_int_equal(nr_endpoints(desk), 1);
	install(desk, &other);
	assert_ptr_equal(world_endpoint(&desk->world, "10.0.0.2", 23), slot(desk, 40001));
}

static void test_settle_when_an_entry_is_missing_then_put_back(void **state)
{
	struct desk *desk = *state;
	struct lease lease = make_lease(40000, "10.0.0.1");
	struct table_map *table = desk->world.table;

	install(desk, &lease);
	memset(table->endpoints, 0, table->nr_buckets * sizeof(struct sp_bucket));
	table_publish_free(desk->publish);
	make_publish(desk);
	assert_true(table_publish_adopt(desk->publish, &lease, SP_SLOT_LIVE));
	assert_int_equal(table_publish_sweep(desk->publish), 0);
	table_publish_settle(desk->publish);
	assert_ptr_equal(world_endpoint(&desk->world, "10.0.0.1", 22), slot(desk, 40000));
}

static void test_allow_when_dropped_then_reused_only_after_quarantine(void **state)
{
	struct desk *desk = *state;
	struct sp_prefix prefix[9];
	uint16_t index[9], again;
	char text[32];

	for (unsigned int i = 0; i < 9; i++) {
		snprintf(text, sizeof(text), "203.0.%u.0/24", i);
		prefix[i] = world_prefix(text);
	}
	for (unsigned int i = 0; i < 7; i++)
		assert_int_equal(
			table_publish_allow_take(desk->publish, &prefix[i], 1, 0, &index[i]), 0);
	assert_int_equal(table_publish_allow_take(desk->publish, &prefix[7], 1, 0, &again),
			 -ENOSPC);
	table_publish_allow_drop(desk->publish, index[3], 1000);
	assert_int_equal(
		table_publish_allow_take(desk->publish, &prefix[7], 1, 999 + QUARANTINE, &again),
		-ENOSPC);
	assert_int_equal(
		table_publish_allow_take(desk->publish, &prefix[7], 1, 1000 + QUARANTINE, &again),
		0);
	assert_int_equal(again, index[3]);
	assert_true(sp_allow_has(&desk->world.table->allow[again], &prefix[7].addr));
	assert_false(sp_allow_has(&desk->world.table->allow[again], &prefix[3].addr));
}

static void test_allow_when_dropped_and_wanted_again_then_the_same(void **state)
{
	struct desk *desk = *state;
	struct sp_prefix prefix = world_prefix("203.0.113.0/24");
	uint16_t index, again, none;

	assert_int_equal(table_publish_allow_take(desk->publish, &prefix, 1, 0, &index), 0);
	table_publish_allow_drop(desk->publish, index, 1000);
	assert_int_equal(table_publish_allow_take(desk->publish, &prefix, 1, 1001, &again), 0);
	assert_int_equal(index, again);
	assert_int_equal(table_publish_allow_take(desk->publish, NULL, 0, 0, &none), 0);
	assert_int_equal(none, 0);
}

static void take_back(struct desk *desk, const char *text, uint64_t now_ns)
{
	struct sp_prefix prefix = world_prefix(text);
	uint16_t index;

	assert_int_equal(table_publish_allow_take(desk->publish, &prefix, 1, now_ns, &index), 0);
	table_publish_allow_untake(desk->publish, index);
}

/* There are seven lists: more are refused, each with one of its own, than there is room for. */
static void test_allow_when_taken_back_then_nothing_is_held(void **state)
{
	struct desk *desk = *state;
	struct publish_figures figures;
	char text[32];

	for (unsigned int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "203.0.%u.0/24", i);
		take_back(desk, text, 1000);
	}
	table_publish_figures(desk->publish, &figures);
	assert_int_equal(figures.allow_lists, 0);
}

/* One that a slot did name waits on, whoever takes it for a moment meanwhile. */
static void test_allow_when_taken_back_in_quarantine_then_it_waits_on(void **state)
{
	struct desk *desk = *state;
	struct sp_prefix prefix[8];
	uint16_t index[7], again;
	char text[32];

	for (unsigned int i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "203.0.%u.0/24", i);
		prefix[i] = world_prefix(text);
	}
	for (unsigned int i = 0; i < 7; i++)
		assert_int_equal(
			table_publish_allow_take(desk->publish, &prefix[i], 1, 0, &index[i]), 0);
	table_publish_allow_drop(desk->publish, index[3], 1000);
	table_publish_allow_drop(desk->publish, index[4], 2000);
	take_back(desk, "203.0.4.0/24", 2500);
	take_back(desk, "203.0.3.0/24", 2500);
	assert_int_equal(
		table_publish_allow_take(desk->publish, &prefix[7], 1, 999 + QUARANTINE, &again),
		-ENOSPC);
	assert_int_equal(
		table_publish_allow_take(desk->publish, &prefix[7], 1, 1000 + QUARANTINE, &again),
		0);
	assert_int_equal(again, index[3]);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(test_slot_when_live_then_an_engine_finds_it_both_ways),
		CASE(test_prepare_when_given_back_then_no_trace),
		CASE(test_prepare_when_table_is_full_then_refused),
		CASE(test_slot_when_bound_later_then_same_generation),
		CASE(test_generation_when_a_record_is_used_again_then_it_is_another),
		CASE(test_generation_when_the_writer_is_another_then_counted_on),
		CASE(test_generation_when_the_table_does_not_say_then_above_all_slots),
		CASE(test_generation_when_they_come_round_then_none_that_a_record_has),
		CASE(test_end_when_live_then_vm_still_leads_to_the_slot),
		CASE(test_slot_when_vm_is_reused_then_the_ended_one_loses_its_entry),
		CASE(test_usage_when_slots_come_and_go_then_never_shared),
		CASE(test_adopt_when_same_then_kept_else_ended),
		CASE(test_settle_when_an_entry_is_missing_then_put_back),
		CASE(test_allow_when_dropped_then_reused_only_after_quarantine),
		CASE(test_allow_when_dropped_and_wanted_again_then_the_same),
		CASE(test_allow_when_taken_back_then_nothing_is_held),
		CASE(test_allow_when_taken_back_in_quarantine_then_it_waits_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
