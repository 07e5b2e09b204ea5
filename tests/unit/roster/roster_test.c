/* SPDX-License-Identifier: BSD-3-Clause */
#include "roster/roster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/fleet.h"

#define SECOND_NS 1000000000ULL

static const char said[] =
	"{\"edge\":\"a\",\"current\":true,\"waiting\":0,\"owed\":2,\"store\":{\"followed\":false,"
	"\"members\":[{\"url\":\"http://"
	"x\\\"y:1\",\"reachable\":true}]},\"edges\":[{\"name\":\"b\","
	"\"alive\":false,\"announced\":\"last-resort\",\"lag_ms\":1500,"
	"\"clock\":{\"synchronised\":true,\"ahead_ms\":-250}}]}";

static char *write_metrics(const struct roster_heard *heard, uint64_t now_ns)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	metrics_fleet_write(heard, now_ns, out);
	fclose(out);
	return text;
}

static void assert_has(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no '%s' in:\n%s", line, text);
}

static void test_metrics_when_said_then_each_with_its_label(void **state)
{
	struct roster_heard heard = {.said = json_loads(said, 0, NULL), .heard_ns = SECOND_NS};
	char *text = write_metrics(&heard, 2 * SECOND_NS);

	assert_has(text, "\nsallyport_fleet_up 1\n");
	assert_has(text, "\nsallyport_fleet_current 1\n");
	assert_has(text, "\nsallyport_fleet_owed 2\n");
	assert_has(text, "\nsallyport_fleet_store_followed 0\n");
	assert_has(text, "\nsallyport_fleet_member_reachable{member=\"http://x\\\"y:1\"} 1\n");
	assert_has(text, "\nsallyport_fleet_edge_alive{edge=\"b\"} 0\n");
	assert_has(text, "\nsallyport_fleet_edge_announced{edge=\"b\"} 1\n");
	assert_has(text, "\nsallyport_fleet_edge_lag_seconds{edge=\"b\"} 1.5\n");
	assert_has(text, "\nsallyport_fleet_edge_clock_ahead_seconds{edge=\"b\"} -0.25\n");
	assert_null(strstr(text, "\nsallyport_fleet_edge_clock_bound_seconds{"));
	free(text);
	json_decref(heard.said);
}

static void test_metrics_when_not_said_lately_then_only_that(void **state)
{
	struct roster_heard heard = {.said = json_loads(said, 0, NULL), .heard_ns = SECOND_NS};
	char *text = write_metrics(&heard, SECOND_NS + ROSTER_FRESH_NS);

	assert_has(text, "\nsallyport_fleet_up 0\n");
	assert_has(text, "# TYPE sallyport_fleet_current gauge\n");
	assert_null(strstr(text, "\nsallyport_fleet_current "));
	free(text);
	json_decref(heard.said);
	text = write_metrics(NULL, SECOND_NS);
	assert_null(strstr(text, "\nsallyport_fleet_up "));
	free(text);
}

static void test_print_when_known_or_not_then_for_people(void **state)
{
	json_t *object = json_loads(said, 0, NULL);
	const json_t *edge = json_array_get(json_object_get(object, "edges"), 0);
	char text[ROSTER_TEXT_BYTES], all[512] = "";

	for (const struct roster_figure *figure = roster_edges; figure->member; figure++) {
		if (!figure->head)
			continue;
		strcat(all, roster_print(figure, edge, text));
		strcat(all, " ");
	}
	assert_string_equal(all, "b no - last-resort - 1.500 s - - yes - -0.250 s - ");
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics_when_said_then_each_with_its_label),
		cmocka_unit_test(test_metrics_when_not_said_lately_then_only_that),
		cmocka_unit_test(test_print_when_known_or_not_then_for_people),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
