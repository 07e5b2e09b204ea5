/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hooks/notice.h"

static const struct {
	const char *edge, *line, *id;
} ids[] = {
	{"edge-1", "{\"seq\":412,\"time\":\"2026-11-23T12:00:03Z\",\"type\":\"build.ended\"}",
	 "edge-1-412-20261123T120003Z"},
	{"a.b c\xc3\xa4", "{\"seq\":1,\"time\":\"2026-11-23T12:00:03Z\",\"type\":\"x\"}",
	 "a%2Eb%20c%C3%A4-1-20261123T120003Z"},
	{"a_b", "{\"seq\":1,\"type\":\"x\"}", "a_b-1-"},
};

static void test_id_when_edge_is_any_then_no_full_stop_and_none_like_it(void **state)
{
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char id[HOOKS_NOTICE_ID_BYTES];
		struct notice notice;

		assert_int_equal(hooks_notice_parse(ids[i].line, &notice), 0);
		notice.edge = ids[i].edge;
		assert_string_equal(hooks_notice_id(&notice, id), ids[i].id);
		assert_null(strchr(id, '.'));
		hooks_notice_clear(&notice);
	}
}

static void test_parse_when_line_is_no_event_then_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"{}",
		"[]",
		"{\"seq\":-1,\"type\":\"x\"}",
		"{\"seq\":1}",
		"{\"seq\":\"1\",\"type\":\"x\"}",
		"{\"seq\":1,\"seq\":2,\"type\":\"x\"}",
	};
	struct notice notice;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(hooks_notice_parse(lines[i], &notice), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id_when_edge_is_any_then_no_full_stop_and_none_like_it),
		cmocka_unit_test(test_parse_when_line_is_no_event_then_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
