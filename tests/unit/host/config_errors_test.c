/* SPDX-License-Identifier: BSD-3-Clause */
/* Exactly what is said about a configuration that is wrong. */
#include "config_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/config_table.h"

#define CASE_SIZE (48u << 10) /* libconfig compares each key with all before it */

struct bad_case {
	const char *extra; /* from line 3 of a file that is good without it */
	const char *expected;
};

static void expect_cases(const struct bad_case *cases, size_t nr)
{
	char text[4096];

	for (size_t i = 0; i < nr; i++) {
		snprintf(text, sizeof(text), MINIMAL "%s\n", cases[i].extra);
		fixture_expect_errors(text, cases[i].expected);
	}
}

#define EXPECT_CASES(cases) expect_cases(cases, sizeof(cases) / sizeof((cases)[0]))

static void test_load_when_key_is_unknown_then_suggestion(void **state)
{
	static const struct bad_case cases[] = {
		{"leases: { max_lifetme = \"1h\"; };", "f:3: leases.max_lifetme: is not a known "
						       "key; did you mean leases.max_lifetime?\n"},
		{"leases: { extend_while_used: { stpe = \"1h\"; }; };",
		 "f:3: leases.extend_while_used.stpe: is not a known key; did you mean "
		 "leases.extend_while_used.step?\n"},
		{"\nlease: { linger = \"1h\"; };",
		 "f:4: lease: is not a known key; did you mean leases?\n"},
		{"linger = \"1h\";",
		 "f:3: linger: is not a known key; did you mean leases.linger?\n"},
		{"zebra = 1;", "f:3: zebra: is not a known key\n"},
		{"api: { roles = ( { usr = \"ci\"; user = \"ci\"; role = \"viewer\"; } ); };",
		 "f:3: api.roles[0].usr: is not a known key; did you mean user?\n"},
		{"api: { this_is_a_key_of_more_than_one_hundred_and_twenty_eight_letters_which_is_"
		 "longer_than_any_key_that_there_is_in_this_table_of_options = 1; };",
		 "f:3: "
		 "api.this_is_a_key_of_more_than_one_hundred_and_twenty_eight_letters_which_is_"
		 "longer_than_any_key_that_there_is_in_this_table...: is not a known key\n"},
	};

	EXPECT_CASES(cases);
}

static void test_load_when_type_is_wrong_then_the_right_one_is_named(void **state)
{
	static const struct bad_case cases[] = {
		{"edge: { name = 7; };",
		 "f:3: edge.name: must be a text such as \"edge-1\", not a number\n"},
		{"edge = 1;", "f:3: edge: must be a group { … }\n"},
		{"leases: { linger = true; };",
		 "f:3: leases.linger: must be a duration such as \"1h30m\", not a boolean\n"},
		{"leases: { linger = 1.5; };", "f:3: leases.linger: must be a duration such as "
					       "\"1h30m\", not a decimal number\n"},
		{"leases: { linger = [ 1 ]; };",
		 "f:3: leases.linger: must be a duration such as \"1h30m\", not a list\n"},
		{"leases: { explain: { }; };",
		 "f:3: leases.explain: must be one of \"full\", \"brief\", \"off\", not a group\n"},
		{"dataplane: { workers = \"2\"; };",
		 "f:3: dataplane.workers: must be a whole number, not a text; did you mean 2?\n"},
		{"dataplane: { hugepages = 1; };",
		 "f:3: dataplane.hugepages: must be true or false, not a number\n"},
		{"dataplane: { eal = \"-v\"; };",
		 "f:3: dataplane.eal: must be a list in brackets [ … ]\n"},
		{"dataplane: { eal = [ 1 ]; };",
		 "f:3: dataplane.eal[0]: must be a text such as \"edge-1\", not a number\n"},
		{"api: { roles = { user = \"a\"; }; };",
		 "f:3: api.roles: must be a list of groups ( { … } )\n"},
		{"api: { roles = ( \"a\" ); };", "f:3: api.roles[0]: must be a group { … }\n"},
		{"metrics: { listen = 9464; };",
		 "f:3: metrics.listen: must be an address and a port such as \"127.0.0.1:9464\", "
		 "not a number\n"},
		{"limits: { syn_per_source = 10; };",
		 "f:3: limits.syn_per_source: must be a rate such as \"10/s\", not a number\n"},
	};

	EXPECT_CASES(cases);
}

static void test_load_when_value_is_malformed_then_an_example(void **state)
{
	static const struct bad_case cases[] = {
		{"edge: { name = \"\"; };", "f:3: edge.name: must not be empty\n"},
		{"edge: { name = \"a\\x01b\"; };",
		 "f:3: edge.name: \"a\\x01b\" has a control character\n"},
		{"edge: { name = \"0123456789012345678901234567890123456789012345678901234567890123"
		 "\"; };",
		 "f:3: edge.name: is 64 characters long, at most 63 are possible\n"},
		{"edge: { run_dir = \"run\"; };",
		 "f:3: edge.run_dir: \"run\" is not an absolute path\n"},
		{"edge: { run_dir = \"/run/../etc\"; };",
		 "f:3: edge.run_dir: \"/run/../etc\" has an empty part or \"..\" in it\n"},
		{"leases: { linger = \"half an hour\"; };",
		 "f:3: leases.linger: \"half an hour\" is not a duration such as \"1h30m\" (d, h, "
		 "m, "
		 "s, ms, us), of at most 30d\n"},
		{"leases: { linger = -1; };",
		 "f:3: leases.linger: -1 seconds is not a duration such as \"1h30m\" (d, h, m, s, "
		 "ms, us), of at most 30d\n"},
		{"leases: { explain = \"loud\"; };",
		 "f:3: leases.explain: \"loud\" is not one of \"full\", \"brief\", \"off\"\n"},
		{"limits: { syn_per_lease = \"fast\"; };",
		 "f:3: limits.syn_per_lease: \"fast\" is not a rate such as \"10/s\"\n"},
		{"api: { group = \"two words\"; };",
		 "f:3: api.group: \"two words\" is not a name such as \"sallyport\"\n"},
		{"metrics: { listen = \"localhost:1\"; };",
		 "f:3: metrics.listen: \"localhost:1\" is not an address and a port such as "
		 "\"127.0.0.1:9464\"; did you mean \"127.0.0.1:1\"?\n"},
		{"builds1: 1;", "f:3: builds1: is not a known key; did you mean builds?\n"},
	};

	EXPECT_CASES(cases);
}

static void test_load_when_number_is_out_of_range_then_the_limits(void **state)
{
	static const struct bad_case cases[] = {
		{"dataplane: { workers = 0; };",
		 "f:3: dataplane.workers: is 0, but must be from 1 to 32\n"},
		{"dataplane: { workers = 33; };",
		 "f:3: dataplane.workers: is 33, but must be from 1 to 32\n"},
		{"dataplane: { workers = 4294967297L; };",
		 "f:3: dataplane.workers: is 4294967297L, but must be from 1 to 32\n"},
		{"public1 = 1; limits: { prefixes_per_build = 32; };",
		 "f:3: public1: is not a known key; did you mean public?\n"
		 "f:3: limits.prefixes_per_build: is 32, but must be from 1 to 31\n"},
		{"dataplane: { failover = \"1us\"; };",
		 "f:3: dataplane.failover: is 1us, but must be from 500us to 10s\n"},
		{"dataplane: { failover = 11; };",
		 "f:3: dataplane.failover: is 11s, but must be from 500us to 10s\n"},
		{"leases: { max_lifetime = 0; };",
		 "f:3: leases.max_lifetime: is 0, but must be from 1s to 366d\n"},
		{"api: { roles = ( { uid = -2; role = \"viewer\"; } ); };",
		 "f:3: api.roles[0].uid: is -2, but must be from 0 to 4294967294\n"},
	};

	EXPECT_CASES(cases);
}

static void test_load_when_values_contradict_then_said_where_they_stand(void **state)
{
	static const struct bad_case cases[] = {
		{"leases: { extend_while_used: { step = \"1h\";\n cap = \"30m\"; }; };",
		 "f:4: leases.extend_while_used.cap: the cap is smaller than one step\n"},
		{"leases: { extend_while_used: { step = 1; cap = 1; }; };"
		 "fleet: { etcd = [ \"http://e:1\" ]; };",
		 "f:3: leases.extend_while_used.step: must be 0 beside fleet.etcd: an edge sees "
		 "its own connections only\n"},
		{"fleet: { etcd = [ \"http://e:1\" ]; edge_ttl = \"20s\"; };",
		 "f:3: fleet.edge_ttl: fleet.fence_after must be longer than fleet.edge_ttl\n"},
		{"edge: { name = \"a/b\"; }; fleet: { etcd = [ \"http://e:1\" ]; };",
		 "f:3: edge.name: must be letters, digits, \"-\", \"_\" and \".\" beside "
		 "fleet.etcd\n"},
		{"leases: { extend_while_used: { step = \"1h\"; }; };",
		 "f:3: leases.extend_while_used.step: the cap is smaller than one step\n"},
		{"leases: { extend_while_used: { cap = \"1h\"; }; };",
		 "f:3: leases.extend_while_used.cap: a cap needs leases.extend_while_used.step\n"},
		{"leases: { connect_within = \"2h\"; max_lifetime = \"1h\"; };",
		 "f:3: leases.connect_within: is longer than leases.max_lifetime\n"},
		{"dataplane: { engine = \"xdp\"; fallback = \"none\"; };",
		 "f:3: dataplane.fallback: \"none\" is for dataplane.engine = \"dpdk\": with "
		 "\"xdp\" "
		 "nothing would carry packets\n"},
		{"dataplane: { fallback = \"none\"; };",
		 "f:3: dataplane.fallback: \"none\" is for dataplane.engine = \"dpdk\": with "
		 "\"xdp\" "
		 "nothing would carry packets\n"},
		{"dataplane: { engine = \"dpdk\"; idle = \"yield\"; fallback = \"none\"; };",
		 "f:3: dataplane.idle: \"yield\" leaves packets to the XDP program, which drops "
		 "them "
		 "with dataplane.fallback = \"none\"\n"},
		{"api: { socket = \"/a\"; viewer_socket = \"/a\"; };",
		 "f:3: api.viewer_socket: is the same as api.socket\n"},
		{"api: { viewer_group = \"a\"; };",
		 "f:3: api.viewer_group: needs api.viewer_socket\n"},
		{"api: { roles = ( { role = \"viewer\"; } ); };",
		 "f:3: api.roles[0]: needs exactly one of user, uid and group\n"},
		{"api: { roles = ( { user = \"a\"; group = \"a\"; role = \"viewer\"; } ); };",
		 "f:3: api.roles[0]: needs exactly one of user, uid and group\n"},
		{"api: { roles = ( { user = \"a\"; uid = 1; role = \"viewer\"; } ); };",
		 "f:3: api.roles[0]: needs exactly one of user, uid and group\n"},
		{"api: { roles = ( { user = \"a\"; } ); };",
		 "f:3: api.roles[0].role: is required\n"},
		{"api: { roles = ( { uid = 5; role = \"viewer\"; },\n"
		 "{ uid = 5; role = \"operator\"; } ); };",
		 "f:4: api.roles[1]: names the same as api.roles[0]\n"},
		{"leases: { connect_within = \"25h\"; };\nzebra = 1;",
		 "f:3: leases.connect_within: is longer than leases.max_lifetime\n"
		 "f:4: zebra: is not a known key\n"},
		{"metrics: { listen = \"0.0.0.0:64535\"; };",
		 "f:3: metrics.listen: port 64535 is one of public.addresses[0].ports\n"},
		{"metrics: { listen = \"192.0.2.1:65535\"; };",
		 "f:3: metrics.listen: port 65535 is one of public.addresses[0].ports\n"},
		{"metrics: { listen = \"\";\npage = true; };",
		 "f:4: metrics.page: needs metrics.listen\n"},
		{"metrics: { hosts = [ \"edge.example.org\" ]; };",
		 "f:3: metrics.hosts[0]: needs metrics.page = true\n"},
	};

	EXPECT_CASES(cases);
}

static void test_load_when_listener_is_elsewhere_then_no_error(void **state)
{
	config_free(fixture_load(MINIMAL "metrics: { listen = \"192.0.2.9:65000\"; };"));
	config_free(fixture_load(MINIMAL "metrics: { listen = \"192.0.2.1:64534\"; };"));
}

static void test_load_when_addresses_are_wrong_then_each_is_named(void **state)
{
	static const char net[] = "\"10.0.0.0/16\"";

	fixture_expect_sides("", net, "f:1: public.addresses: must have at least one item\n");
	fixture_expect_sides("{ ports = [ 22 ]; }", net,
			     "f:2: public.addresses[0].bind: is required\n");
	fixture_expect_sides(
		"{ bind = \"192.0.2.256\"; }", net,
		"f:2: public.addresses[0].bind: \"192.0.2.256\" is not an address such as "
		"\"192.0.2.1\"\n");
	fixture_expect_sides(
		"{ bind = \"::ffff:192.0.2.1\"; }", net,
		"f:2: public.addresses[0].bind: \"::ffff:192.0.2.1\" is not an address such as "
		"\"192.0.2.1\"; did you mean \"192.0.2.1\"?\n");
	fixture_expect_sides(
		"{ bind = \"0.0.0.0\"; }", net,
		"f:2: public.addresses[0].bind: 0.0.0.0 is not the address of one host\n");
	fixture_expect_sides(
		"{ bind = \"224.0.0.1\"; }", net,
		"f:2: public.addresses[0].bind: 224.0.0.1 is not the address of one host\n");
	fixture_expect_sides(
		"{ bind = \"ff02::1\"; }", net,
		"f:2: public.addresses[0].bind: ff02::1 is not the address of one host\n");
	fixture_expect_sides("{ bind = \"192.0.2.1\"; },\n{ bind = \"192.0.2.1\"; }", net,
			     "f:3: public.addresses[1].bind: 192.0.2.1 is already "
			     "public.addresses[0].bind\n");
	fixture_expect_sides("{ bind = \"10.0.7.7\"; }", net,
			     "f:2: public.addresses[0].bind: 10.0.7.7 lies in builds.networks[0], "
			     "10.0.0.0/16\n");
	fixture_expect_sides(
		"{ bind = \"192.0.2.1\"; advertise = \"1.2.3\"; }", net,
		"f:2: public.addresses[0].advertise: \"1.2.3\" is not an address or a host "
		"name such as \"ssh.example.org\"\n");
	fixture_expect_sides(
		"{ bind = \"192.0.2.1\"; advertise = \"-o.example\"; }", net,
		"f:2: public.addresses[0].advertise: \"-o.example\" is not an address or a "
		"host name such as \"ssh.example.org\"\n");
}

#define NAMED(bind, more) "{ bind = \"" bind "\"; advertise = \"edge.example.org\"; " more " }"

#define BUILDS "builds: { interface = \"eth1\"; networks = [ \"10.0.0.0/16\" ]; };"

static void test_load_when_one_name_is_ambiguous_then_said(void **state)
{
	const char *net = "\"10.0.0.0/16\"";

	fixture_expect_sides(
		NAMED("192.0.2.1", "") ",\n" NAMED("192.0.2.2", ""), net,
		"f:3: public.addresses[1].bind: 64535-65535 overlaps ports of "
		"public.addresses[0], which people are told as edge.example.org too\n");
	fixture_expect_sides(
		NAMED("192.0.2.1",
		      "ports = [ \"1000-1999\" ];") ",\n"
						    "{ bind = \"192.0.2.2\"; advertise = "
						    "\"EDGE.example.org\";\n"
						    "  ports = [ \"2000-2999\", \"1999\" ]; }",
		net,
		"f:4: public.addresses[1].ports[1]: 1999-1999 overlaps ports of "
		"public.addresses[0], which people are told as EDGE.example.org too\n");
	config_free(fixture_load("public: { interface = \"eth0\"; addresses = ( " NAMED(
		"192.0.2.1", "") ", " NAMED("2001:db8::1", "") " ); };" BUILDS));
	config_free(fixture_load("public: { interface = \"eth0\"; addresses = ( " NAMED(
		"192.0.2.1", "ports = [ 443 ];") ", " NAMED("192.0.2.2",
							    "ports = [ 444 ];") " ); };" BUILDS));
}

static void test_load_when_there_are_too_many_addresses_then_the_most(void **state)
{
	char addresses[4096] = "";
	size_t at = 0;

	for (unsigned int i = 1; i <= SP_PUBLICS_MAX + 1; i++)
		at += (size_t)snprintf(addresses + at, sizeof(addresses) - at,
				       "%s{ bind = \"192.0.2.%u\"; }", i > 1 ? "," : "", i);
	fixture_expect_sides(addresses, "\"10.0.0.0/16\"",
			     "f:1: public.addresses: has 17 items, at most 16 are possible\n");
}

/* So many that they would lie far behind struct config. */
static void test_load_when_there_are_thousands_of_items_then_no_more_are_read(void **state)
{
	static const char head[] = MINIMAL "dataplane: { eal = [ \"x\"";
	char text[sizeof(head) + 4 * 4000 + 8];
	char *at = stpcpy(text, head);

	for (unsigned int i = 0; i < 4000; i++)
		at = stpcpy(at, ",\"x\"");
	strcpy(at, " ]; };");
	fixture_expect_errors(text,
			      "f:3: dataplane.eal: has 4001 items, at most 32 are possible\n");
}

static void test_load_when_ports_are_wrong_then_each_is_named(void **state)
{
	static const char *const bad[] = {"0", "65536", "70000-80000", "1-", "-1", "22 x", "x"};
	char address[256], expected[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(address, sizeof(address),
			 "{ bind = \"192.0.2.1\"; ports = [\n\"80\",\n\"%s\" ]; }", bad[i]);
		snprintf(expected, sizeof(expected),
			 "f:4: public.addresses[0].ports[1]: \"%s\" is not a port or a range such "
			 "as "
			 "\"64535-65535\", from 1 to 65535\n",
			 bad[i]);
		fixture_expect_sides(address, "\"10.0.0.0/16\"", expected);
	}
	fixture_expect_sides(
		"{ bind = \"192.0.2.1\"; ports = [\n\"80-90\",\n\"100\",\n\"85-86\",\n\"1-80\" "
		"]; }",
		"\"10.0.0.0/16\"",
		"f:5: public.addresses[0].ports[2]: 85-86 overlaps ports[0], 80-90\n"
		"f:6: public.addresses[0].ports[3]: 1-80 overlaps ports[0], 80-90\n");
	fixture_expect_sides("{ bind = \"192.0.2.1\"; ports = [ ]; }", "\"10.0.0.0/16\"",
			     "f:2: public.addresses[0].ports: must have at least one item\n");
}

static void test_load_when_networks_are_wrong_then_each_is_named(void **state)
{
	static const char address[] = "{ bind = \"192.0.2.1\"; }\n";

	fixture_expect_sides(address, "", "f:4: builds.networks: must have at least one item\n");
	fixture_expect_sides(
		address, "\"2001:db8:2::/64\"",
		"f:4: builds.networks[0]: no network is of the family of an address of "
		"public.addresses: no lease could be made\n");
	fixture_expect_sides(address, "\"10.0.0.0/33\"",
			     "f:4: builds.networks[0]: \"10.0.0.0/33\" is not a network such as "
			     "\"10.0.0.0/16\"\n");
	fixture_expect_sides(
		address, "\"10.0.0.0/16\",\n\"10.0.0.1/16\"",
		"f:5: builds.networks[1]: \"10.0.0.1/16\" has bits set beyond its length; did "
		"you mean \"10.0.0.0/16\"?\n");
	fixture_expect_sides(
		address, "\"10.0.0.0\"",
		"f:4: builds.networks[0]: \"10.0.0.0\" has no length: a network is such as "
		"\"10.0.0.0/16\", one address alone is \"10.0.0.0/32\"\n");
	fixture_expect_sides(address, "\"2001:db8::/129\"",
			     "f:4: builds.networks[0]: \"2001:db8::/129\" is not a network such as "
			     "\"10.0.0.0/16\"\n");
}

static void test_load_when_interfaces_are_wrong_then_each_is_named(void **state)
{
	fixture_expect_errors(
		"public: { interface = \"an-interface-too-long\";\n"
		"addresses = ( { bind = \"192.0.2.1\"; } ); };\n"
		"builds: { interface = \"a/b\"; networks = [ \"10.0.0.0/16\" ]; };\n",
		"f:1: public.interface: is 21 characters long, at most 15 are possible\n"
		"f:3: builds.interface: \"a/b\" is not the name of an interface such as "
		"\"eth0\"\n");
}

static void test_load_when_required_keys_are_absent_then_all_are_named(void **state)
{
	fixture_expect_errors("", "f:1: public.interface: is required\n"
				  "f:1: public.addresses: is required\n"
				  "f:1: builds.interface: is required\n"
				  "f:1: builds.networks: is required\n");
	fixture_expect_errors("public = 1;\n\nbuilds: { };\n",
			      "f:1: public: must be a group { … }\n"
			      "f:3: builds.interface: is required\n"
			      "f:3: builds.networks: is required\n");
}

static void test_load_when_there_are_many_errors_then_all_by_line(void **state)
{
	fixture_expect_errors(
		"builds: { interface = \"eth1\"; networks = [ \"x\" ]; };\n"
		"zebra = 1;\n"
		"public: { addresses = ( { bind = 1; port = [ 1 ]; } );\n"
		"interface = 5; };\n",
		"f:1: builds.networks[0]: \"x\" is not a network such as \"10.0.0.0/16\"\n"
		"f:2: zebra: is not a known key\n"
		"f:3: public.addresses[0].bind: must be an address such as \"192.0.2.1\", not "
		"a number\n"
		"f:3: public.addresses[0].port: is not a known key; did you mean ports?\n"
		"f:4: public.interface: must be the name of an interface such as \"eth0\", not "
		"a number\n");
}

static void test_load_when_syntax_is_broken_then_the_line(void **state)
{
	static const char nul[] = "a = 1;\n\0b = 2;";
	char *said;

	fixture_expect_errors("edge: {\n\tname = \"x\"\n\tstate_dir = ;\n};\n",
			      "f:3: edge.state_dir: has no value\n");
	fixture_expect_errors("edge: {\n", "f:1: edge: its { is never closed: a } is missing\n");
	fixture_expect_errors(MINIMAL "edge: { name = \"a\";\nname = \"b\"; };\n",
			      "f:4: edge.name: is given twice, first in line 3\n");
	fixture_expect_errors("\n  @include \"/\"\n",
			      "f:2: @include is not possible: one file holds the "
			      "whole configuration\n");
	fixture_expect_errors("\xef\xbb\xbf" MINIMAL,
			      "f:1: the file begins with a byte order mark: save it without\n");
	said = fixture_load_bad(nul, sizeof(nul) - 1);
	assert_string_equal(said, "f:2: there is a NUL byte\n");
	free(said);
}

static void test_load_when_errors_are_without_end_then_bounded(void **state)
{
	char *text = malloc(CASE_SIZE), *said;
	size_t at = 0, lines = 0;

	assert_non_null(text);
	for (unsigned int i = 0; at < CASE_SIZE - 64; i++)
		at += (size_t)snprintf(text + at, CASE_SIZE - at, "k%u = %u;\n", i, i);
	said = fixture_load_bad(text, at);
	for (const char *c = said; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, CONFIG_ERRORS_MAX + 1);
	assert_non_null(strstr(said, "\nThere may be more errors.\n"));
	free(said);
	free(text);
}

static void test_load_when_file_cannot_be_read_then_why(void **state)
{
	struct config_errors errors = {0};
	struct config *config = NULL;

	assert_int_equal(config_load("/nowhere.conf", &config, &errors), -ENOENT);
	assert_int_equal(errors.nr, 1);
	assert_string_equal(errors.error[0].text, "/nowhere.conf: No such file or directory");
	config_errors_free(&errors);
	assert_int_equal(config_load("/proc", &config, &errors), -EISDIR);
	assert_string_equal(errors.error[0].text, "/proc: Is a directory");
	config_errors_free(&errors);
	assert_int_equal(config_load("/dev/zero", &config, &errors), -EFBIG);
	assert_string_equal(errors.error[0].text, "/dev/zero: File too large");
	config_errors_free(&errors);
	assert_null(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load_when_key_is_unknown_then_suggestion),
		cmocka_unit_test(test_load_when_type_is_wrong_then_the_right_one_is_named),
		cmocka_unit_test(test_load_when_value_is_malformed_then_an_example),
		cmocka_unit_test(test_load_when_number_is_out_of_range_then_the_limits),
		cmocka_unit_test(test_load_when_values_contradict_then_said_where_they_stand),
		cmocka_unit_test(test_load_when_listener_is_elsewhere_then_no_error),
		cmocka_unit_test(test_load_when_addresses_are_wrong_then_each_is_named),
		cmocka_unit_test(test_load_when_there_are_too_many_addresses_then_the_most),
		cmocka_unit_test(test_load_when_one_name_is_ambiguous_then_said),
		cmocka_unit_test(test_load_when_there_are_thousands_of_items_then_no_more_are_read),
		cmocka_unit_test(test_load_when_ports_are_wrong_then_each_is_named),
		cmocka_unit_test(test_load_when_networks_are_wrong_then_each_is_named),
		cmocka_unit_test(test_load_when_interfaces_are_wrong_then_each_is_named),
		cmocka_unit_test(test_load_when_required_keys_are_absent_then_all_are_named),
		cmocka_unit_test(test_load_when_there_are_many_errors_then_all_by_line),
		cmocka_unit_test(test_load_when_syntax_is_broken_then_the_line),
		cmocka_unit_test(test_load_when_errors_are_without_end_then_bounded),
		cmocka_unit_test(test_load_when_file_cannot_be_read_then_why),
	};

	return cmocka_run_group_tests_name("config_errors", tests, NULL, NULL);
}
