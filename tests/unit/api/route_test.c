/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/call/route.h"
#include "api/handlers.h"
#include "api/routes.h"

#include "api/call/call.h"

#define X31  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X128 X31 "y" X31 "y" X31 "y" X31 "y"

static const struct {
	const char *method;
	const char *path;
	enum api_match match;
	const char *operation; /* NULL: not looked at */
	const char *id;
} cases[] = {
	{"GET", "/v1/builds", API_MATCH_FOUND, "listBuilds", ""},
	{"GET", "/v1/builds/", API_MATCH_BAD_ID, NULL, NULL},
	{"PUT", "/v1/builds/48121", API_MATCH_FOUND, "putBuild", "48121"},
	{"GET", "/v1/builds/a.b_c-D", API_MATCH_FOUND, "getBuild", "a.b_c-D"},
	{"DELETE", "/v1/builds/%34%38", API_MATCH_FOUND, "cancelBuild", "48"},
	{"POST", "/v1/builds/7/finish", API_MATCH_FOUND, "finishBuild", "7"},
	{"POST", "/v1/builds/7/extend", API_MATCH_FOUND, "extendBuild", "7"},
	{"GET", "/v1/builds/7/connect", API_MATCH_FOUND, "connectBuild", "7"},
	{"GET", "/v1/builds/" X128, API_MATCH_FOUND, "getBuild", X128},
	{"GET", "/v1/builds/" X128 "z", API_MATCH_BAD_ID, NULL, NULL},
	{"GET", "/v1/builds/a%2Fb", API_MATCH_BAD_ID, NULL, NULL},
	{"GET", "/v1/builds/a%00", API_MATCH_BAD_ID, NULL, NULL},
	{"GET", "/v1/builds/a%0", API_MATCH_BAD_ID, NULL, NULL},
	{"GET", "/v1/builds/a%", API_MATCH_BAD_ID, NULL, NULL},
	{"GET", "/v1/builds/a%zz", API_MATCH_BAD_ID, NULL, NULL},
	{"GET", "/v1/builds/a%20b", API_MATCH_BAD_ID, NULL, NULL},
	{"GET", "/v1/builds/..", API_MATCH_BAD_ID, NULL, NULL},
	{"PUT", "/v1/builds/%c3%a9", API_MATCH_BAD_ID, NULL, NULL},
	{"GET", "/v1/builds/7/finish/", API_MATCH_NO_PATH, NULL, NULL},
	{"GET", "/v1/builds/7/nothing", API_MATCH_NO_PATH, NULL, NULL},
	{"GET", "/", API_MATCH_NO_PATH, NULL, NULL},
	{"GET", "", API_MATCH_NO_PATH, NULL, NULL},
	{"GET", "v1/builds", API_MATCH_NO_PATH, NULL, NULL},
	{"GET", "//v1/builds", API_MATCH_NO_PATH, NULL, NULL},
	{"get", "/v1/builds", API_MATCH_NO_METHOD, NULL, NULL},
	{"PATCH", "/v1/builds/7", API_MATCH_NO_METHOD, NULL, NULL},
	{"GET", "/v1/sync", API_MATCH_NO_METHOD, NULL, NULL},
	{"GET", "/metrics", API_MATCH_FOUND, "getMetrics", ""},
};

static void test_find_when_any_path_then_gives_row_and_id(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct api_route *route = NULL;
		char id[API_ID_BYTES + 1];

		print_message("# %s %s\n", cases[i].method, cases[i].path);
		assert_int_equal(
			call_route_find(api_routes, cases[i].method, cases[i].path, id, &route),
			cases[i].match);
		if (cases[i].operation)
			assert_string_equal(route->operation, cases[i].operation);
		if (cases[i].id)
			assert_string_equal(id, cases[i].id);
	}
}

static void test_allow_when_wrong_method_then_lists_those_of_the_path(void **state)
{
	const struct api_route *route = NULL;
	char id[API_ID_BYTES + 1], text[64];

	assert_int_equal(call_route_find(api_routes, "PATCH", "/v1/builds/7", id, &route),
			 API_MATCH_NO_METHOD);
	call_route_allow(api_routes, route, text, sizeof(text));
	assert_string_equal(text, "PUT, GET, HEAD, DELETE");
	assert_int_equal(call_route_find(api_routes, "GET", "/v1/sync", id, &route),
			 API_MATCH_NO_METHOD);
	call_route_allow(api_routes, route, text, sizeof(text));
	assert_string_equal(text, "POST");
}

/* Looking on is for viewers, but at people's packets. */
static void test_routes_when_changing_then_need_more_than_a_viewer(void **state)
{
	for (const struct api_route *route = api_routes; route->method; route++) {
		if (strcmp(route->method, "GET") == 0)
			assert_int_equal(route->role > API_ROLE_VIEWER,
					 route->handle == api_capture_start);
		else
			assert_true(route->role >= API_ROLE_OPERATOR);
		assert_non_null(route->help);
		assert_int_equal(route->body != API_BODY_NONE, route->table || route->told);
	}
}

static void test_body_limit_when_sync_then_is_larger(void **state)
{
	assert_int_equal(call_route_body_limit(api_routes, "/v1/builds/7", 1 << 20), 1 << 20);
	assert_int_equal(call_route_body_limit(api_routes, "/v1/nowhere", 1 << 20), 1 << 20);
	assert_int_equal(call_route_body_limit(api_routes, "/v1/sync", 1), 32 << 20);
	assert_int_equal(call_route_body_limit(api_routes, "/v1/sync", 1 << 20), 512 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find_when_any_path_then_gives_row_and_id),
		cmocka_unit_test(test_allow_when_wrong_method_then_lists_those_of_the_path),
		cmocka_unit_test(test_routes_when_changing_then_need_more_than_a_viewer),
		cmocka_unit_test(test_body_limit_when_sync_then_is_larger),
	};

	return cmocka_run_group_tests_name("api-route", tests, NULL, NULL);
}
