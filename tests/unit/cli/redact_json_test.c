/* SPDX-License-Identifier: BSD-3-Clause */
/* What of JSON others may see, by the rules of a document. */
#include "cli/bundle/redact/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/bundle/redact/pseudonyms.h"

static const struct redact_rules rules = {{
	[REDACT_PLAIN] = "id state",
	[REDACT_INSIDE] = "nodes node",
	[REDACT_FIGURES] = "usage",
	[REDACT_SENTENCE] = "says",
	[REDACT_LOG] = "message",
	[REDACT_ADDRESS] = "client allow",
	[REDACT_LINK] = "mac",
	[REDACT_SECRET] = "title keys",
}};

static void check(const char *before, const char *after)
{
	json_t *value = json_loads(before, JSON_DECODE_ANY, NULL), *seen;
	struct pseudonyms *pseudonyms;
	char *text;

	assert_non_null(value);
	assert_int_equal(redact_pseudonyms_open(&pseudonyms), 0);
	seen = redact_json(pseudonyms, &rules, value);
	text = json_dumps(seen, JSON_COMPACT | JSON_ENCODE_ANY);
	assert_string_equal(text, after);
	free(text);
	json_decref(seen);
	json_decref(value);
	redact_pseudonyms_close(pseudonyms);
}

static void test_member_when_plain_then_it_is_kept(void **state)
{
	check("{\"id\":\"a\",\"state\":7}", "{\"id\":\"a\",\"state\":7}");
	check("{\"id\":[true,1.5,\"b\"],\"state\":null}",
	      "{\"id\":[true,1.5,\"b\"],\"state\":null}");
}

static void test_member_when_secret_then_left_out(void **state)
{
	check("{\"title\":\"secret\"}", "{\"title\":\"(left out)\"}");
	check("{\"keys\":[\"secret\",\"secret\"]}", "{\"keys\":[\"(left out)\",\"(left out)\"]}");
	check("{\"keys\":{\"secret\":1}}", "{\"keys\":\"(left out)\"}");
	check("{\"keys\":[],\"title\":null}", "{\"keys\":[],\"title\":null}");
}

static void test_member_when_unknown_then_left_out_with_its_name(void **state)
{
	static const char after[] = "{\"(unknown)\":1}";

	check("{\"secret\":\"secret\"}", after);
	check("{\"secret\":42}", after);
	check("{\"secret\":null}", after);
	check("{\"secret\":{\"id\":\"secret\"}}", after);
	check("{\"secret\":[\"secret\"]}", after);
	check("{\"i\":\"secret\"}", after);
	check("{\"\":\"secret\"}", after);
	check("{\"id state\":\"secret\"}", after);
	check("{\"secret\":1,\"id\":2,\"other\":3}", "{\"id\":2,\"(unknown)\":2}");
}

static void test_member_when_inside_then_by_the_same_rules(void **state)
{
	check("{\"nodes\":[{\"id\":1,\"title\":\"secret\"},{\"node\":{\"x\":\"secret\"}}]}",
	      "{\"nodes\":[{\"id\":1,\"title\":\"(left out)\"},"
	      "{\"node\":{\"(unknown)\":1}}]}");
	check("[{\"id\":1},{\"title\":\"secret\"}]", "[{\"id\":1},{\"title\":\"(left out)\"}]");
}

static void test_member_when_of_another_form_than_its_kind_then_left_out(void **state)
{
	check("{\"nodes\":\"secret\"}", "{\"nodes\":\"(left out)\"}");
	check("{\"nodes\":[\"secret\",7]}", "{\"nodes\":[\"(left out)\",\"(left out)\"]}");
	check("{\"id\":{\"secret\":\"secret\"}}", "{\"id\":\"(left out)\"}");
	check("{\"usage\":{\"a\":1,\"b\":\"secret\"}}", "{\"usage\":\"(left out)\"}");
	check("{\"usage\":\"secret\"}", "{\"usage\":\"(left out)\"}");
	/* A text that is no UTF-8 comes from journalctl as its bytes. */
	check("{\"message\":[115,101]}", "{\"message\":[\"(left out)\",\"(left out)\"]}");
	check("{\"says\":7,\"client\":7,\"mac\":7}",
	      "{\"says\":\"(left out)\",\"client\":\"(left out)\",\"mac\":\"(left out)\"}");
	check("\"secret\"", "\"(left out)\"");
	check("7", "\"(left out)\"");
}

static void test_member_when_figures_then_they_are_kept(void **state)
{
	check("{\"usage\":{\"any\":1,\"name\":2.5}}", "{\"usage\":{\"any\":1,\"name\":2.5}}");
	check("{\"usage\":3}", "{\"usage\":3}");
}

static void test_member_when_an_address_then_renamed(void **state)
{
	check("{\"client\":\"192.0.2.5\",\"allow\":[\"192.0.2.5/32\",\"192.0.2.0/24\"]}",
	      "{\"client\":\"ipv4-1\",\"allow\":[\"ipv4-1/32\",\"ipv4-2/24\"]}");
	check("{\"client\":\"default\",\"allow\":\"all\"}",
	      "{\"client\":\"default\",\"allow\":\"all\"}");
	check("{\"client\":\"secret\"}", "{\"client\":\"(left out)\"}");
	check("{\"client\":\"192.0.2.5 secret\"}", "{\"client\":\"(left out)\"}");
	check("{\"mac\":\"02:00:00:00:00:01\"}", "{\"mac\":\"link-1\"}");
}

static void test_member_when_a_text_then_filtered(void **state)
{
	check("{\"says\":\"from 192.0.2.5: x=1\"}", "{\"says\":\"from ipv4-1: x=1\"}");
	check("{\"message\":\"from 192.0.2.5: x=1\"}",
	      "{\"message\":\"from ipv4-1: x=(left out)\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_member_when_plain_then_it_is_kept),
		cmocka_unit_test(test_member_when_secret_then_left_out),
		cmocka_unit_test(test_member_when_unknown_then_left_out_with_its_name),
		cmocka_unit_test(test_member_when_inside_then_by_the_same_rules),
		cmocka_unit_test(test_member_when_of_another_form_than_its_kind_then_left_out),
		cmocka_unit_test(test_member_when_figures_then_they_are_kept),
		cmocka_unit_test(test_member_when_an_address_then_renamed),
		cmocka_unit_test(test_member_when_a_text_then_filtered),
	};

	return cmocka_run_group_tests_name("redact_json", tests, NULL, NULL);
}
