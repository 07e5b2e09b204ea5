/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slips of the pen in the examples: each one is found where it was made, once, with its likely
 * cause. A slip puts one text in the place of another; the line is that of the slip, unless the
 * case says how far away what is named stands.
 */
#include "host/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct slip {
	const char *good;
	const char *bad;
	const char *said; /* behind "file:line: " */
	int lines;	  /* from where the slip begins to the line that is named */
};

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

/* In sallyport.conf. */
static const struct slip texts[] = {
	{"interface = \"eth0\";", "interface = eth0;",
	 "public.interface: a text stands in quotes: \"eth0\"", 0},
	{"interface = \"eth0\";", "interface = \"eth0;",
	 "public.interface: the closing quote is missing: a text ends in the line that it begins "
	 "in",
	 0},
	{"interface = \"eth0\";", "interface = eth0\";",
	 "public.interface: the opening quote is missing before eth0", 0},
	{"interface = \"eth0\";", "interface = 'eth0';",
	 "public.interface: a text stands in double quotes, such as \"eth0\"", 0},
	{"interface = \"eth0\";", "interface = “eth0”;",
	 "public.interface: a text stands in double quotes, such as \"eth0\"", 0},
	{"interface = \"eth0\";", "interface = \"eth0\" \"eth1\";",
	 "public.interface: has two texts, with nothing between \"eth0\" and \"eth1\"", 0},
	{"bind = \"172.31.4.9\";", "bind = 172.31.4.9;",
	 "public.addresses[0].bind: 172.31.4.9 is no number; a text stands in quotes: "
	 "\"172.31.4.9\"",
	 0},
	{"networks = [ \"10.0.0.0/16\" ];", "networks = [ 10.0.0.0/16 ];",
	 "builds.networks[0]: 10.0.0.0/16 is no number; a text stands in quotes: \"10.0.0.0/16\"",
	 0},
	{"leases: {", "leases: { linger = 30m;",
	 "leases.linger: 30m is no number; a text stands in quotes: \"30m\"", 0},
	{"leases: {", "leases: { linger = 30 m;", "leases.linger: has \"m\" behind its value", 0},
	{"leases: {", "leases: { linger = \"30 m\";",
	 "leases.linger: \"30 m\" is not a duration such as \"1h30m\" (d, h, m, s, ms, us), of at "
	 "most 30d; did you mean \"30m\"?",
	 0},
	{"// socket = \"/run/sallyport/api.sock\";", "socket = /run/sallyport/api.sock;",
	 "api.socket: a text stands in quotes: \"/run/sallyport/api.sock\"", 0},
	{"// name = \"edge\";", "name = \"a\\x00b\";", "edge.name: \\x00 cannot be part of a text",
	 0},
	{"// hugepages = true;", "hugepages = yes;",
	 "dataplane.hugepages: \"yes\" is neither true nor false", 0},
	{"// hugepages = true;", "hugepages = \"true\";",
	 "dataplane.hugepages: must be true or false, not a text", 0},
	{"// napi_threads = \"auto\";", "napi_threads = on;",
	 "dataplane.napi_threads: a text stands in quotes: \"on\"", 0},
};

/* What is meant by "…" is said at the end. */
static const struct {
	const char *good, *bad;
	const char *meant; /* NULL: nobody knows */
} guesses[] = {
	{"leases: {", "leases: { linger = \"30 minutes\";", "30m"},
	{"leases: {", "leases: { linger = \"30M\";", "30m"},
	{"leases: {", "leases: { linger = \"1 hour 30min\";", "1h30m"},
	{"leases: {", "leases: { linger = \"90\";", "90s"},
	{"leases: {", "leases: { linger = \"30mi\";", NULL},
	{"leases: {", "leases: { linger = \"soon\";", NULL},
	{"limits: {", "limits: { syn_per_source = \"10\";", "10/s"},
	{"limits: {", "limits: { syn_per_source = \"10/min\";", "10/m"},
	{"limits: {", "limits: { syn_per_source = \"10 / s\";", "10/s"},
	{"limits: {", "limits: { syn_per_source = \"10/week\";", NULL},
	{"limits: {", "limits: { syn_per_source = \"unlimited\";", "0"},
	{"limits: {", "limits: { syn_per_source = \"None\";", "0"},
	{"leases: {", "leases: { max_lifetime = \"2w\";", "14d"},
	{"leases: {", "leases: { max_lifetime = \"1 year\";", "365d"},
	{"leases: {", "leases: { max_lifetime = \"2y\";", NULL},
	{"leases: {", "leases: { hold = \"1w\";", NULL},
	{"dataplane: {", "dataplane: { engine = \"DPDK\";", "dpdk"},
	{"dataplane: {", "dataplane: { engine = \"dpkd\";", "dpdk"},
	{"dataplane: {", "dataplane: { engine = \"kernel\";", NULL},
	{"ports = [ \"64535-65535\" ];", "ports = [ \"65535-64535\" ];", "64535-65535"},
	{"ports = [ \"64535-65535\" ];", "ports = [ \"1000:2000\" ];", "1000-2000"},
	{"ports = [ \"64535-65535\" ];", "ports = [ \"1000 - 2000\" ];", "1000-2000"},
	{"ports = [ \"64535-65535\" ];", "ports = [ \"1000-2000,3000\" ];", "1000-2000\", \"3000"},
	{"ports = [ \"64535-65535\" ];", "ports = [ \"22, 8000:8999\" ];", "22\", \"8000-8999"},
	{"ports = [ \"64535-65535\" ];", "ports = [ \"22 \" ];", "22"},
	{"ports = [ \"64535-65535\" ];", "ports = [ \"1000-2000,ssh\" ];", NULL},
	{"ports = [ \"64535-65535\" ];", "ports = [ \"64535-70000\" ];", NULL},
	{"\"172.31.4.9\"", "\"172.31.4.9/24\"", "172.31.4.9"},
	{"\"172.31.4.9\"", "\"172.31.4.9:22\"", "172.31.4.9"},
	{"\"172.31.4.9\"", "\"[2001:db8::1]\"", "2001:db8::1"},
	{"\"172.31.4.9\"", "\"172.31.4.900\"", NULL},
	{"\"172.31.4.9\"", "\"::FFFF:192.0.2.1\"", "192.0.2.1"},
	{"\"10.0.0.0/16\"", "\"10.0.0.0/255.255.0.0\"", "10.0.0.0/16"},
	{"\"10.0.0.0/16\"", "\"10.0.0.0 /16\"", "10.0.0.0/16"},
	{"\"10.0.0.0/16\"", "\"10.0.0.0/255.0.255.0\"", NULL},
	{"\"10.0.0.0/16\"", "\"10.0.0.0-10.0.255.255\"", NULL},
	{"metrics: {", "metrics: { listen = \":9464\";", "127.0.0.1:9464"},
	{"metrics: {", "metrics: { listen = \"*:9464\";", "0.0.0.0:9464"},
	{"metrics: {", "metrics: { listen = \"9464\";", "127.0.0.1:9464"},
	{"metrics: {", "metrics: { listen = \"::1:9464\";", NULL},
	{"metrics: {", "metrics: { listen = \"127.0.0.1\";", "127.0.0.1:9464"},
	{"metrics: {", "metrics: { listen = \"localhost\";", "127.0.0.1:9464"},
	{"metrics: {", "metrics: { listen = \"[::1]\";", "[::1]:9464"},
};

static const struct slip marks[] = {
	{"interface = \"eth0\";", "interface \"eth0\";",
	 "public.interface: there is no = behind it", 0},
	{"interface = \"eth0\";", "interface eth0;", "public.interface: there is no = behind it",
	 0},
	{"interface = \"eth0\";", "interface == \"eth0\";", "public.interface: has = twice", 0},
	{"interface = \"eth0\";", "interface = ;", "public.interface: has no value", 0},
	{"interface = \"eth0\";", "interface =", "public.interface: has no value", 0},
	{"interface = \"eth0\";", "interface;", "public.interface: has no value", 0},
	{"interface = \"eth0\";", "interface = \"eth0\";;", "public: there is a ; too many", 0},
	{"interface = \"eth0\";", "= \"eth0\";", "public: there is no key before =", 0},
	{"interface = \"eth0\";", "\"interface\": \"eth0\";",
	 "public: a key stands without quotes: interface", 0},
	{"interface = \"eth0\";", "interface = \"eth0\"; interface = \"eth1\";",
	 "public.interface: is given twice, first in line 16", 0},
	{"group = \"sallyport\";", "group = \"sallyport\"; \n\tgroup = \"adm\";",
	 "api.group: is given twice, first in line 74", 1},
	{"metrics: {", "edge: { };\nmetrics: {", "edge: is given twice, first in line 7", 0},
	{"leases: {", "leases.linger = \"1h\";\nleases: {",
	 "leases: a key has no dots: the keys of a group stand in its braces, leases: { linger = … "
	 "}",
	 0},
	{"leases: {", "leases: {\n@include \"more.conf\"\n",
	 "leases: @include is not possible: one file holds the whole configuration", 1},
	{"public: {", "public {", "public: there is no : or = before its {", 0},
};

static const struct slip brackets[] = {
	{"public: {", "public:", "public: has no {", 0},
	{"public: {", "{", "there is no key before {", 0},
	{"public: {", "public: {{", "public: there is no key before {", 0},
	{"};\n\n# The side of the build", "\n# The side of the build",
	 "public: its { is never closed: a } is missing, probably before builds in line 29", -12},
	{"};\n\nleases", "\nleases",
	 "builds: its { is never closed: a } is missing, probably before leases in line 36", -5},
	{"};\n\ndataplane", "\ndataplane",
	 "limits: its { is never closed: a } is missing, probably before dataplane in line 58", -9},
	{"};\n\nleases", "}};\n\nleases",
	 "there is no open bracket for this }; the last group was builds", 0},
	{"leases: {",
	 "leases: { extend_while_used: { step = \"1h\"; cap = \"2h\"; linger = \"3h\";",
	 "leases.extend_while_used: its { is never closed: a } is missing, probably before linger "
	 "in line 37",
	 0},
	{"leases: {", "leases: /* {", "the comment is never closed: */ is missing", 0},
	{"networks = [ \"10.0.0.0/16\" ];", "networks = [ \"10.0.0.0/16\" ;",
	 "builds.networks: its [ is never closed: a ] is missing before \";\" in line 34", 0},
	{"networks = [ \"10.0.0.0/16\" ];", "networks = [ \"10.0.0.0/16\" );",
	 "builds.networks: it ends with ), but begins with the [ of line 34", 0},
	{"networks = [ \"10.0.0.0/16\" ];", "networks = \"10.0.0.0/16\" ];",
	 "builds: there is no open bracket for this ]; the { of line 30 is open", 0},
	{"networks = [ \"10.0.0.0/16\" ];", "networks = \"10.0.0.0/16\";",
	 "builds.networks: must be a list in brackets [ … ]", 0},
	{"networks = [ \"10.0.0.0/16\" ];", "networks = [ [ \"10.0.0.0/16\" ] ];",
	 "builds.networks[0]: must be a text, a number or a boolean: groups stand in ( … ), not in "
	 "[ … ]",
	 0},
	{"addresses = (", "addresses = [",
	 "public.addresses[0]: must be a text, a number or a boolean: groups stand in ( … ), not "
	 "in "
	 "[ … ]",
	 1},
	{"addresses = (",
	 "addresses =", "public: there is no open bracket for this ); the { of line 15 is open", 6},
	{"ports = [ \"64535-65535\" ];    # numbers and ranges\n\t\t}", "ports = [ 22 ];",
	 "public.addresses[0]: its { is never closed: a } is missing before \")\" in line 24", -3},
	{"role = \"operator\"; }", "role = \"operator\";",
	 "api.roles[1]: its { is never closed: a } is missing before \")\" in line 83", 0},
	{"role = \"orchestrator\"; },", "role = \"orchestrator\"; ,",
	 "api.roles[0]: its { is never closed: a } is missing before \",\" in line 81", 0},
};

static const struct slip lists[] = {
	{"networks = [ \"10.0.0.0/16\" ];", "networks = [ \"10.0.0.0/16\" \"10.1.0.0/16\" ];",
	 "builds.networks[0]: there is no comma between \"10.0.0.0/16\" and \"10.1.0.0/16\"", 0},
	{"networks = [ \"10.0.0.0/16\" ];", "networks = [ \"10.0.0.0/16\"\n\t\"10.1.0.0/16\" ];",
	 "builds.networks[0]: there is no comma between \"10.0.0.0/16\" and \"10.1.0.0/16\"", 1},
	{"networks = [ \"10.0.0.0/16\" ];", "networks = [ \"10.0.0.0/16\", ];",
	 "builds.networks: has a comma behind its last item", 0},
	{"networks = [ \"10.0.0.0/16\" ];", "networks = [ \"10.0.0.0/16\",, \"10.1.0.0/16\" ];",
	 "builds.networks[1]: there is nothing before the comma", 0},
	{"networks = [ \"10.0.0.0/16\" ];", "networks = [ \"10.0.0.0/16\"; ];",
	 "builds.networks: has a semicolon behind its last item", 0},
	{"networks = [ \"10.0.0.0/16\" ];", "networks = [ \"10.0.0.0/16\"; \"10.1.0.0/16\" ];",
	 "builds.networks: has a semicolon between its items, where a comma belongs", 0},
	{"ports = [ \"64535-65535\" ];", "ports = [ \"22\" \"443\" ];",
	 "public.addresses[0].ports[0]: there is no comma between \"22\" and \"443\"", 0},
	{"ports = [ \"64535-65535\" ];", "ports = [ 8022 443 ];",
	 "public.addresses[0].ports[0]: there is no comma before \"443\"", 0},
	{"ports = [ \"64535-65535\" ];", "ports = [ 8022 \"443\" ];",
	 "public.addresses[0].ports[0]: there is no comma before \"443\"", 0},
	{"ports = [ \"64535-65535\" ];", "ports = [ 64535-65535 ];",
	 "public.addresses[0].ports[0]: 64535-65535 is no number; a text stands in quotes: "
	 "\"64535-65535\"",
	 0},
	{"ports = [ \"64535-65535\" ];", "ports = [\n8022,\n\"x\"\n];",
	 "public.addresses[0].ports[1]: \"x\" is not a port or a range such as \"64535-65535\", "
	 "from 1 to 65535",
	 2},
	{"role = \"orchestrator\"; },", "role = \"orchestrator\"; }",
	 "api.roles[0]: there is no comma before \"{\"", 1},
	{"role = \"orchestrator\"; },", "role = \"orchestrator\"; };",
	 "api.roles: has a semicolon between its items, where a comma belongs", 0},
	{"role = \"operator\"; }", "role = \"operator\"; },",
	 "api.roles: has a comma behind its last item", 0},
};

static const struct slip numbers[] = {
	{"ports = [ \"64535-65535\" ];", "ports = [ 08022 ];",
	 "public.addresses[0].ports[0]: \"08022\" begins with 0, which is octal to some programs: "
	 "write it without",
	 0},
	{"ports = [ \"64535-65535\" ];", "ports = [ 4294975318 ];",
	 "public.addresses[0].ports[0]: \"4294975318\" is not a port or a range such as "
	 "\"64535-65535\", from 1 to 65535",
	 0},
	{"user = \"ci\";", "uid = 4294967298;",
	 "api.roles[0].uid: is 4294967298, but must be from 0 to 4294967294", 0},
	{"user = \"ci\";", "uid = 4294967296;",
	 "api.roles[0].uid: is 4294967296, but must be from 0 to 4294967294", 0},
	{"user = \"ci\";", "uid = 0x100000002;",
	 "api.roles[0].uid: is 0x100000002, but must be from 0 to 4294967294", 0},
	{"user = \"ci\";", "uid = 99999999999999999999;",
	 "api.roles[0].uid: is 99999999999999999999, but must be from 0 to 4294967294", 0},
	{"user = \"ci\";", "uid = 18446744073709551618LL;",
	 "api.roles[0].uid: is 18446744073709551618LL, but must be from 0 to 4294967294", 0},
	{"user = \"ci\";", "uid = -4294967294;",
	 "api.roles[0].uid: is -4294967294, but must be from 0 to 4294967294", 0},
	{"user = \"ci\";", "uid = -1;", "api.roles[0].uid: is -1, but must be from 0 to 4294967294",
	 0},
	{"// clients = 64;", "clients = 1,000;", "api: there is a comma within a number", 0},
	{"// clients = 64;", "clients = 1_000;",
	 "api.clients: 1_000 is no whole number: digits alone, without a unit", 0},
	{"// clients = 64;", "clients = 64l;",
	 "api.clients: 64l is no whole number: digits alone, without a unit", 0},
	{"// budget = 1024;", "budget = 1G;",
	 "audit.budget: 1G is no whole number of MiB: digits alone, without a unit; did you mean "
	 "1024?",
	 0},
	{"// budget = 1024;", "budget = \"2 GiB\";",
	 "audit.budget: must be a whole number of MiB, not a text; did you mean 2048?", 0},
	{"// budget = 1024;", "budget = \"1K\";",
	 "audit.budget: must be a whole number of MiB, not a text", 0},
	{"// clients = 64;", "clients = \"64\";",
	 "api.clients: must be a whole number, not a text; did you mean 64?", 0},
	{"// clients = 64;", "clients = \"64M\";",
	 "api.clients: must be a whole number, not a text", 0},
	{"// clients = 64;", "clients = 6.4;",
	 "api.clients: must be a whole number, not a decimal number", 0},
	{"// clients = 64;", "clients = 4294967360;",
	 "api.clients: is 4294967360, but must be from 1 to 1024", 0},
	{"// clients = 64;", "clients = >64;", "api.clients: \">64\" is no value", 0},
	{"// builds = 65536;", "builds = 4294967318;",
	 "limits.builds: is 4294967318, but must be from 1 to 1048576", 0},
	{"leases: {", "leases: { linger = 4294967297;",
	 "leases.linger: 4294967297 seconds is not a duration such as \"1h30m\" (d, h, m, s, ms, "
	 "us), of at most 30d",
	 0},
};

static char *read_example(void)
{
	char path[4096], *text = calloc(1, CONFIG_FILE_BYTES);
	FILE *file;

	snprintf(path, sizeof(path), "%s/sallyport.conf", getenv("CONFIGS_DIR"));
	file = fopen(path, "re");
	assert_non_null(text);
	assert_non_null(file);
	assert_true(fread(text, 1, CONFIG_FILE_BYTES - 1, file) > 0);
	fclose(file);
	return text;
}

static void expect_slip(const char *example, const struct slip *slip)
{
	const char *at = strstr(example, slip->good);
	struct config_errors errors = {0};
	struct config *config = NULL;
	char *text, expected[512];
	int line = 1 + slip->lines;

	if (!at)
		fail_msg("the example has no '%s'", slip->good);
	for (const char *c = example; c < at; c++)
		line += *c == '\n';
	assert_true(asprintf(&text, "%.*s%s%s", (int)(at - example), example, slip->bad,
			     at + strlen(slip->good)) > 0);
	snprintf(expected, sizeof(expected), "f:%d: %s", line, slip->said);
	if (config_load_text("f", text, strlen(text), &config, &errors) == 0)
		fail_msg("'%s' was taken", slip->bad);
	assert_string_equal(errors.error[0].text, expected);
	for (unsigned int i = 1; i < errors.nr; i++)
		print_error("and: %s\n", errors.error[i].text);
	assert_int_equal(errors.nr, 1);
	config_errors_free(&errors);
	free(text);
}

static void expect_slips(const struct slip *slips, size_t nr)
{
	char *example = read_example();

	for (size_t i = 0; i < nr; i++)
		expect_slip(example, &slips[i]);
	free(example);
}

static void test_load_when_a_text_is_written_wrongly_then_the_cause(void **state)
{
	expect_slips(texts, LENGTH(texts));
}

static void test_load_when_a_mark_is_wrong_then_the_cause(void **state)
{
	expect_slips(marks, LENGTH(marks));
}

static void test_load_when_a_bracket_is_wrong_then_the_group_that_is_open(void **state)
{
	expect_slips(brackets, LENGTH(brackets));
}

static void test_load_when_a_list_is_wrong_then_the_cause(void **state)
{
	expect_slips(lists, LENGTH(lists));
}

static void test_load_when_a_number_is_wrong_then_as_it_is_written(void **state)
{
	expect_slips(numbers, LENGTH(numbers));
}

static void expect_guess(const char *example, size_t row)
{
	const char *at = strstr(example, guesses[row].good);
	struct config_errors errors = {0};
	struct config *config = NULL;
	char *text, *guess, said[160];

	assert_non_null(at);
	assert_true(asprintf(&text, "%.*s%s%s", (int)(at - example), example, guesses[row].bad,
			     at + strlen(guesses[row].good)) > 0);
	assert_int_not_equal(config_load_text("f", text, strlen(text), &config, &errors), 0);
	guess = strstr(errors.error[0].text, "; did you mean ");
	snprintf(said, sizeof(said), "; did you mean \"%s\"?",
		 guesses[row].meant ? guesses[row].meant : "");
	if (guesses[row].meant ? !guess || strcmp(guess, said) != 0 : guess != NULL)
		fail_msg("%s", errors.error[0].text);
	config_errors_free(&errors);
	free(text);
}

static void test_load_when_a_text_is_another_programs_then_ours_is_guessed(void **state)
{
	char *example = read_example();

	for (size_t row = 0; row < LENGTH(guesses); row++)
		expect_guess(example, row);
	free(example);
}

/* Each slip by itself leaves the reading where it can find the next. */
static void test_load_when_slips_are_many_then_each_is_named(void **state)
{
	static const char text[] =
		"edge: { name = x; };\n"
		"public {\n"
		"interface eth0;\n"
		"addresses = ( { bind = 192.0.2.1; } { bind = \"192.0.2.2\"; } );\n"
		"};;\n"
		"builds: { networks = [ \"10.0.0.0/16\" \"10.1.0.0/16\", ]; };\n"
		"edge: { };\n";
	static const char *const said[] = {
		"f:1: edge.name: a text stands in quotes: \"x\"",
		"f:2: public: there is no : or = before its {",
		"f:3: public.interface: there is no = behind it",
		"f:4: public.addresses[0].bind: 192.0.2.1 is no number; a text stands in quotes: "
		"\"192.0.2.1\"",
		"f:4: public.addresses[0]: there is no comma before \"{\"",
		"f:5: there is a ; too many",
		"f:6: builds.networks[0]: there is no comma between \"10.0.0.0/16\" and "
		"\"10.1.0.0/16\"",
		"f:6: builds.networks: has a comma behind its last item",
		"f:7: edge: is given twice, first in line 1",
	};
	struct config_errors errors = {0};
	struct config *config = NULL;

	assert_int_not_equal(config_load_text("f", text, sizeof(text) - 1, &config, &errors), 0);
	for (unsigned int i = 0; i < LENGTH(said) && i < errors.nr; i++)
		assert_string_equal(errors.error[i].text, said[i]);
	assert_int_equal(errors.nr, LENGTH(said));
	config_errors_free(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load_when_a_text_is_written_wrongly_then_the_cause),
		cmocka_unit_test(test_load_when_a_mark_is_wrong_then_the_cause),
		cmocka_unit_test(test_load_when_a_bracket_is_wrong_then_the_group_that_is_open),
		cmocka_unit_test(test_load_when_a_list_is_wrong_then_the_cause),
		cmocka_unit_test(test_load_when_a_number_is_wrong_then_as_it_is_written),
		cmocka_unit_test(test_load_when_a_text_is_another_programs_then_ours_is_guessed),
		cmocka_unit_test(test_load_when_slips_are_many_then_each_is_named),
	};

	_Static_assert(LENGTH(texts) + LENGTH(marks) + LENGTH(brackets) + LENGTH(lists) +
				       LENGTH(numbers) >=
			       80,
		       "eighty slips at least");
	return cmocka_run_group_tests_name("config_slips", tests, NULL, NULL);
}
