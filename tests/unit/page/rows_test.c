/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../edge/world.h"
#include "page/rows.h"

static char title[] = "<b>\"\\\xe2\x80\xae", user[] = "u", actor[] = "</script>";
static char *actors[] = {actor};

static void test_row_when_any_texts_then_json_by_place(void **state)
{
	struct node nodes[] = {{.state = NODE_READY}, {.state = NODE_PENDING}};
	const struct build build = {
		.id = "a.b-c_1",
		.serial = 7,
		.state = SESSION_RUNNING,
		.title = title,
		.user = user,
		.actors = {actors, 1},
		.created_wall_ns = 1795435200 * SECOND,
		.deadline_ns = 99 * SECOND + 5,
		.nodes = nodes,
		.nr_nodes = 2,
	};
	json_t *row = page_rows_build(&build);
	char *text = json_dumps(row, JSON_COMPACT | JSON_ENSURE_ASCII);

	assert_string_equal(text,
			    "[7,\"a.b-c_1\",\"<b>\\\"\\\\\\u202E\",\"running\",null,\"u\",null,"
			    "[\"</script>\"],1795435200,99,0,false,2,1]");
	free(text);
	json_decref(row);
}

static void test_live_when_more_ports_than_are_left_then_null(void **state)
{
	struct world *world = *state;
	const struct page_rows_source source = {.edge = world->edge, .table = world->table};
	unsigned int ports = 1;
	char *text;
	json_t *row;

	assert_int_equal(world_put(world, "a", "10.0.3.7"), 0);
	for (unsigned int i = 0; i < 2; i++) {
		row = page_rows_live(&source, world_get(world, "a"), &ports);
		text = json_dumps(row, JSON_COMPACT);
		assert_string_equal(text, i == 0 ? "[1,0,0,0]" : "[1,null,null,null]");
		assert_int_equal(ports, 0);
		free(text);
		json_decref(row);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_row_when_any_texts_then_json_by_place),
		WORLD_CASE(test_live_when_more_ports_than_are_left_then_null),
	};

	return cmocka_run_group_tests_name("page-rows", tests, NULL, NULL);
}
