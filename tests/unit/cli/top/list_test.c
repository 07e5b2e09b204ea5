/* SPDX-License-Identifier: BSD-3-Clause */
/* What top lists: rows from the API's builds, their rates, sort, filter and cursor. */
#include "cli/top/list/view.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/top/list/edge.h"
#include "host/boottime.h"

#define NOW_NS (1000 * NS_PER_S)

struct build {
	const char *id, *state, *actor, *organisation;
	int left_s;
	int packets;
};

static void put_at(struct top_rows *rows, const struct build *build, uint64_t now_ns)
{
	const struct top_moment moment = {now_ns, 2000000000 * NS_PER_S};
	json_t *json = json_pack("{s:s, s:s, s:s, s:[s], s:s, s:i, s:s, s:s, "
				 "s:{s:{s:i, s:i}, s:{s:i, s:i}}, s:[{s:i}]}",
				 "id", build->id, "title", "a title", "state", build->state,
				 "actors", build->actor, "organisation", build->organisation,
				 "remaining_s", build->left_s, "created_at", "2033-05-18T03:32:20Z",
				 "ended_at", "2033-05-18T03:32:20Z", "usage", "to_vm", "packets",
				 build->packets, "bytes", 100 * build->packets, "to_client",
				 "packets", 0, "bytes", 0, "nodes", "public_port", 7);

	assert_non_null(json);
	assert_int_equal(list_rows_put(rows, json, &moment), 0);
	json_decref(json);
}

static const struct build builds[] = {
	{"b10", "running", "alice", "acme", 50, 5},   {"b9", "running", "bob", "acme", 70, 9},
	{"b2", "reserved", "alice", "globex", 60, 0}, {"b1", "ended", "bob", "globex", 0, 7},
	{"c1", "finished", "carol", "acme", 40, 1},
};

static void put_all(struct top_rows *rows)
{
	for (size_t i = 0; i < sizeof(builds) / sizeof(builds[0]); i++)
		put_at(rows, &builds[i], NOW_NS);
}

/* The ids that are shown, each with a blank behind it. */
static void assert_shown(struct top_view *view, const struct top_rows *rows, const char *want)
{
	char got[256] = "";

	assert_int_equal(list_view_update(view, rows), 0);
	for (size_t i = 0; i < view->nr; i++) {
		strcat(got, view->shown[i]->id);
		strcat(got, " ");
	}
	assert_string_equal(got, want);
}

static void test_sort_by_each_column(void **state)
{
	static const struct {
		enum top_column column;
		bool reverse;
		const char *want;
	} cases[] = {
		{TOP_COLUMN_ID, false, "b2 b9 b10 c1 b1 "},
		{TOP_COLUMN_ID, true, "c1 b10 b9 b2 b1 "},
		{TOP_COLUMN_LEFT, false, "c1 b10 b2 b9 b1 "},
		{TOP_COLUMN_LEFT, true, "b9 b2 b10 c1 b1 "},
		{TOP_COLUMN_STATE, false, "b2 b9 b10 c1 b1 "},
		{TOP_COLUMN_ACTOR, false, "b2 b10 b9 c1 b1 "},
		{TOP_COLUMN_ORGANISATION, true, "b2 b9 b10 c1 b1 "},
		{TOP_COLUMN_CONNECTIONS, false, "b9 b2 b10 c1 b1 "},
	};
	struct top_view view = {.with_ended = true};
	struct top_rows rows = {0};

	put_all(&rows);
	list_rows_count_begin(&rows);
	list_rows_count(&rows, "b9");
	list_rows_count(&rows, "none");
	list_rows_count_finish(&rows);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		view.sort = cases[i].column;
		view.reverse = cases[i].reverse;
		view.stale = true;
		assert_shown(&view, &rows, cases[i].want);
	}
	list_view_free(&view);
	list_rows_clear(&rows);
}

static void test_filter_wants_all_words(void **state)
{
	static const char *const cases[][2] = {
		{"", "b2 b9 b10 c1 "}, {"ACME", "b9 b10 c1 "},
		{"acme ali", "b10 "},  {"  state:run  ", "b9 b10 "},
		{"actor:b", "b9 "},    {"org:globex", "b2 "},
		{"id:1", "b10 c1 "},   {"title:title fini", "c1 "},
		{"nowhere", ""},       {"id:acme", ""},
	};
	struct top_view view = {.sort = TOP_COLUMN_ID};
	struct top_rows rows = {0};

	put_all(&rows);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(view.filter, cases[i][0]);
		view.stale = true;
		assert_shown(&view, &rows, cases[i][1]);
	}
	list_view_free(&view);
	list_rows_clear(&rows);
}

static void test_rates_come_of_two_counts(void **state)
{
	struct top_rows rows = {0};
	struct build build = builds[0];
	const struct top_row *row;

	put_at(&rows, &build, NOW_NS);
	row = list_rows_find(&rows, "b10");
	assert_true(row->packets_rate < 0);
	build.packets = 25;
	put_at(&rows, &build, NOW_NS + 2 * NS_PER_S);
	assert_true(row->packets_rate == 10 && row->bytes_rate == 1000);
	put_at(&rows, &build, NOW_NS + 2 * NS_PER_S + NS_PER_MS);
	assert_true(row->packets_rate == 10);
	build.packets = 3; /* another session of that id */
	put_at(&rows, &build, NOW_NS + 4 * NS_PER_S);
	assert_true(row->packets_rate < 0);
	list_rows_clear(&rows);
}

/* The API cuts to seconds: what is left must not jump back and forth with when it was asked. */
static void test_deadline_stays_until_it_is_moved(void **state)
{
	struct top_rows rows = {0};
	struct build build = builds[0];
	const struct top_row *row;
	uint64_t changes;

	put_at(&rows, &build, NOW_NS);
	row = list_rows_find(&rows, "b10");
	changes = rows.changes;
	build.left_s = 48;
	put_at(&rows, &build, NOW_NS + NS_PER_S + NS_PER_S / 10);
	assert_int_equal(list_row_left_ns(row, NOW_NS), 50 * NS_PER_S);
	assert_int_equal(rows.changes, changes);
	build.left_s = 100;
	put_at(&rows, &build, NOW_NS + 2 * NS_PER_S);
	assert_int_equal(list_row_left_ns(row, NOW_NS), 102 * NS_PER_S);
	assert_true(rows.changes > changes);
	/* created 1,000 s after the boot, less the 60 s that it is old */
	assert_int_equal(list_row_whole_ns(row), 1102 * NS_PER_S - row->begun_ns);
	list_rows_clear(&rows);
}

static void test_rows_that_a_whole_reading_lacks_are_gone(void **state)
{
	struct top_view view = {.sort = TOP_COLUMN_ID, .with_ended = true};
	struct top_rows rows = {0};

	put_all(&rows);
	list_rows_begin(&rows);
	put_at(&rows, &builds[0], NOW_NS);
	put_at(&rows, &builds[3], NOW_NS);
	list_rows_finish(&rows);
	assert_shown(&view, &rows, "b10 b1 ");
	list_rows_keep_ended(&rows, 1);
	assert_shown(&view, &rows, "b10 b1 ");
	list_rows_keep_ended(&rows, 0);
	assert_shown(&view, &rows, "b10 ");
	list_rows_remove(&rows, "b10");
	list_rows_remove(&rows, "b10");
	assert_shown(&view, &rows, "");
	assert_null(list_view_current(&view));
	list_view_free(&view);
	list_rows_clear(&rows);
}

static void test_cursor_stays_on_its_build(void **state)
{
	struct top_view view = {.sort = TOP_COLUMN_ID, .lines = 2};
	struct top_rows rows = {0};
	const struct build first = {"a", "running", "z", "z", 5, 0};

	put_all(&rows);
	assert_shown(&view, &rows, "b2 b9 b10 c1 ");
	list_view_move(&view, 2);
	assert_string_equal(list_view_current(&view)->id, "b10");
	assert_int_equal(view.first, 1);
	put_at(&rows, &first, NOW_NS);
	assert_shown(&view, &rows, "a b2 b9 b10 c1 ");
	assert_string_equal(list_view_current(&view)->id, "b10");
	list_rows_remove(&rows, "b10");
	assert_shown(&view, &rows, "a b2 b9 c1 ");
	assert_string_equal(list_view_current(&view)->id, "c1");
	list_view_move(&view, 100);
	assert_string_equal(list_view_current(&view)->id, "c1");
	list_view_move(&view, -100);
	assert_string_equal(list_view_current(&view)->id, "a");
	view.lines = 0;
	assert_shown(&view, &rows, "a b2 b9 c1 ");
	list_view_free(&view);
	list_rows_clear(&rows);
}

static void test_many_rows_are_found_by_id(void **state)
{
	struct build build = builds[0];
	struct top_rows rows = {0};
	char id[16];

	build.id = id;
	for (int i = 0; i < 5000; i++) {
		snprintf(id, sizeof(id), "b%d", i);
		put_at(&rows, &build, NOW_NS);
	}
	for (int i = 0; i < 5000; i += 2) {
		snprintf(id, sizeof(id), "b%d", i);
		list_rows_remove(&rows, id);
	}
	assert_int_equal(rows.nr, 2500);
	assert_int_equal(rows.of_state[SESSION_RUNNING], 2500);
	assert_null(list_rows_find(&rows, "b4998"));
	assert_non_null(list_rows_find(&rows, "b4999"));
	list_rows_clear(&rows);
}

static void test_what_is_no_build_is_refused(void **state)
{
	static const char *const texts[] = {"[]", "{}", "{\"id\":1}", "{\"id\":\"a\"}",
					    "{\"id\":\"a\",\"state\":\"asleep\"}"};
	const struct top_moment moment = {NOW_NS, NOW_NS};
	struct top_rows rows = {0};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *json = json_loads(texts[i], 0, NULL);

		assert_int_not_equal(list_rows_put(&rows, json, &moment), 0);
		json_decref(json);
	}
	assert_int_equal(rows.nr, 0);
	list_rows_clear(&rows);
}

static void read_status(struct top_edge *edge, const char *started_at, int dropped, int refused,
			uint64_t now_ns)
{
	const struct top_moment moment = {now_ns, now_ns};
	json_t *status = json_pack(
		"{s:s, s:s, s:{s:i}, s:{s:i, s:i}, s:{s:i, s:i, s:i, s:i}, s:{s:i, s:i}, "
		"s:{s:[{s:s, s:n}, {s:s, s:s}]}, s:{s:{s:{s:i, s:i}}, s:{s:{s:i, s:i}}}}",
		"name", "edge1", "started_at", started_at, "builds", "running", 3, "ports", "free",
		1, "total", 4, "verdicts", "forwarded", 1000, "no_route", dropped, "not_allowed",
		refused, "no_lease", 77, "connections", "open", 2, "opened", 5, "kernel",
		"interfaces", "name", "public", "problem", "name", "builds", "problem", "is down",
		"engines", "xdp", "bytes", "to_vm", dropped, "to_client", 5, "dpdk", "bytes",
		"to_vm", refused, "to_client", 0);

	assert_non_null(status);
	assert_int_equal(list_edge_read(edge, status, &moment), 0);
	json_decref(status);
}

static void test_drops_are_sorted_by_how_they_grow(void **state)
{
	enum sp_verdict drops[SP_VERDICT_COUNT];
	struct top_edge edge = {0};
	json_t *nothing = json_object();

	assert_int_equal(list_edge_read(&edge, nothing, &(struct top_moment){0}), -EINVAL);
	json_decref(nothing);
	read_status(&edge, "then", 50, 20, NOW_NS);
	assert_false(edge.rated);
	assert_string_equal(edge.problem, "builds: is down");
	assert_int_equal(list_edge_drops(&edge, drops), 2);
	assert_int_equal(drops[0], SP_NO_ROUTE);
	read_status(&edge, "then", 50, 40, NOW_NS + 2 * NS_PER_S);
	assert_true(edge.rated && edge.verdict_rate[SP_NOT_ALLOWED] == 10);
	assert_int_equal(edge.bytes, 50 + 5 + 40);
	assert_true(edge.bytes_rate == 10);
	assert_int_equal(list_edge_drops(&edge, drops), 2);
	assert_int_equal(drops[0], SP_NOT_ALLOWED);
	read_status(&edge, "later", 0, 1, NOW_NS + 4 * NS_PER_S); /* counted anew */
	assert_true(edge.verdict_rate[SP_NOT_ALLOWED] == 0);
	assert_true(edge.bytes_rate == 0);
	assert_int_equal(list_edge_drops(&edge, drops), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort_by_each_column),
		cmocka_unit_test(test_filter_wants_all_words),
		cmocka_unit_test(test_rates_come_of_two_counts),
		cmocka_unit_test(test_deadline_stays_until_it_is_moved),
		cmocka_unit_test(test_rows_that_a_whole_reading_lacks_are_gone),
		cmocka_unit_test(test_cursor_stays_on_its_build),
		cmocka_unit_test(test_many_rows_are_found_by_id),
		cmocka_unit_test(test_what_is_no_build_is_refused),
		cmocka_unit_test(test_drops_are_sorted_by_how_they_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
