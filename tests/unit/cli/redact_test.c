/* SPDX-License-Identifier: BSD-3-Clause */
/* What of texts others may see. */
#include "cli/bundle/redact/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/bundle/redact/pseudonyms.h"

struct text {
	const char *before;
	const char *after;
};

typedef char *redactor(struct pseudonyms *pseudonyms, const char *text);

/* Each with pseudonyms of its own, in which 10.0.0.0/16 is known. */
static void check(redactor *redact, const struct text *text)
{
	struct pseudonyms *pseudonyms;
	struct sp_prefix builds;
	char *after;

	assert_int_equal(redact_pseudonyms_open(&pseudonyms), 0);
	assert_int_equal(addr_prefix_parse("10.0.0.0/16", &builds), 0);
	assert_int_equal(redact_pseudonyms_know(pseudonyms, &builds), 0);
	after = redact(pseudonyms, text->before);
	assert_non_null(after);
	assert_string_equal(after, text->after);
	free(after);
	redact_pseudonyms_close(pseudonyms);
}

#define CHECK_ALL(redact, texts)                                                                   \
	for (size_t i = 0; i < sizeof(texts) / sizeof((texts)[0]); i++)                            \
	check(redact, &(texts)[i])

static void test_sentence_when_with_addresses_then_they_are_renamed(void **state)
{
	static const struct text texts[] = {
		{"", ""},
		{"192.0.2.5 port 40000", "ipv4-1 port 40000"},
		{"192.0.2.5:40000, 192.0.2.6.", "ipv4-1:40000, ipv4-2."},
		{"to 10.0.3.7 from (192.0.2.5)", "to 10.0.3.7 from (ipv4-1)"},
		{"[2001:db8::5]:22 and 2001:DB8::5", "[ipv6-1]:22 and ipv6-1"},
		{"fe80::1%eth0", "ipv6-1%eth0"},
		{"::ffff:192.0.2.5", "ipv4-1"},
		{"::ffff:c000:205", "ipv4-1"},
		{"x192.0.2.5 de192.0.2.5 host:192.0.2.5", "xipv4-1 deipv4-1 host:ipv4-1"},
		{"192.0.2.0/24", "ipv4-1/24"},
		{"192.0.2.5", "ipv4-1"},
	};

	CHECK_ALL(redact_sentence, texts);
}

static void test_sentence_when_it_quotes_then_that_is_left_out(void **state)
{
	static const struct text texts[] = {
		{"api.roles: there is no user \"build bot\" on this host.",
		 "api.roles: there is no user (left out) on this host."},
		{"\"a\" and \"\" and \"open", "(left out) and (left out) and (left out)"},
		{"\"192.0.2.5\" 192.0.2.5", "(left out) ipv4-1"},
	};

	CHECK_ALL(redact_sentence, texts);
}

static void test_sentence_when_without_then_as_it_is(void **state)
{
	static const struct text texts[] = {
		{"at 2026-11-23T12:34:56Z", "at 2026-11-23T12:34:56Z"},
		{"at 12:34:56, 300.1.2.3", "at 12:34:56, 300.1.2.3"},
		{"02:fc:00:00:00:05", "02:fc:00:00:00:05"},
		{"net.ipv4.conf.lo.forwarding", "net.ipv4.conf.lo.forwarding"},
		{"added: faded. 0000:00:03.0", "added: faded. 0000:00:03.0"},
		{"127.0.0.1:9464", "127.0.0.1:9464"},
	};

	CHECK_ALL(redact_sentence, texts);
}

static void test_log_when_a_field_is_harmless_then_it_is_kept(void **state)
{
	static const struct text texts[] = {
		{"Ready. name=edge-1 socket=/run/sallyport/api.sock pid=7",
		 "Ready. name=edge-1 socket=/run/sallyport/api.sock pid=7"},
		{"A hook failed. hook=50-tell error=\"No such file\" seq=3",
		 "A hook failed. hook=50-tell error=\"No such file\" seq=3"},
		{"Main process exited, code=exited, status=1/FAILURE",
		 "Main process exited, code=exited, status=1/FAILURE"},
		{"The VM's port answers.", "The VM's port answers."},
		{"seen from 192.0.2.5", "seen from ipv4-1"},
	};

	CHECK_ALL(redact_log, texts);
}

static void test_log_when_not_known_to_be_harmless_then_it_is_left_out(void **state)
{
	static const struct text texts[] = {
		{"It failed. reason=\"Could not resolve host: x\" seq=3",
		 "It failed. reason=(left out) seq=3"},
		{"It failed. reason=secret", "It failed. reason=(left out)"},
		{"--token=secret here", "(left out) here"},
		{"f:3: edge.name: \"a secret\" is wrong", "f:3: edge.name: (left out) is wrong"},
		{"posts to https://example.org/secret now", "posts to (left out) now"},
		{"unknown option 'a secret' given", "unknown option (left out) given"},
		{"login ubuntu@192.0.2.5 ok", "login (left out) ok"},
		{"a \"b \\\" secret\" c", "a (left out) c"},
		{"never closed: \"secret and more", "never closed: (left out)"},
		{"PASSWORD=secret", "(left out)"},
	};

	CHECK_ALL(redact_log, texts);
}

static void test_metrics_when_of_ours_then_they_are_kept(void **state)
{
	static const char text[] =
		"# HELP sallyport_nodes Nodes of open builds.\n"
		"# TYPE sallyport_nodes gauge\n"
		"sallyport_nodes 3\n"
		"sallyport_packets_total{engine=\"xdp\",verdict=\"forwarded\"} 12\n"
		"sallyport_queue_beat_age_seconds{interface=\"public\",queue=\"0\"} 0.000071\n"
		"sallyport_ports{address=\"192.0.2.1\",pool=\"default\",state=\"used\"} 1\n";
	char *after = redact_metrics(text);

	assert_string_equal(after, text);
	free(after);
}

static void test_metrics_when_a_label_is_not_known_then_the_line_is_left_out(void **state)
{
	char *after = redact_metrics("sallyport_builds{actor=\"secret\"} 3\n"
				     "sallyport_builds{state=\"running\",title=\"secret\"} 3\n"
				     "other_metric 4\nnonsense\nsallyport_nodes 3");

	assert_string_equal(after, "# (left out)\n# (left out)\n# (left out)\n# (left out)\n"
				   "sallyport_nodes 3\n");
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentence_when_with_addresses_then_they_are_renamed),
		cmocka_unit_test(test_sentence_when_it_quotes_then_that_is_left_out),
		cmocka_unit_test(test_sentence_when_without_then_as_it_is),
		cmocka_unit_test(test_log_when_a_field_is_harmless_then_it_is_kept),
		cmocka_unit_test(test_log_when_not_known_to_be_harmless_then_it_is_left_out),
		cmocka_unit_test(test_metrics_when_of_ours_then_they_are_kept),
		cmocka_unit_test(test_metrics_when_a_label_is_not_known_then_the_line_is_left_out),
	};

	return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
