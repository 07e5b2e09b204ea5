/* SPDX-License-Identifier: BSD-3-Clause */
/* What a configuration may say, its defaults, and what a change of it takes. */
#include "config_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/addr.h"
#include "host/boottime.h"
#include "host/config_table.h"

#define MINUTE_NS (60 * NS_PER_S)
#define HOUR_NS	  (60 * MINUTE_NS)
#define TEXT_SIZE (1u << 16)

static void test_load_when_minimal_then_defaults(void **state)
{
	struct config *config = fixture_load(MINIMAL);
	char text[ADDR_TEXT_BYTES];

	assert_string_equal(config->edge.name, "edge");
	assert_string_equal(config->edge.state_dir, "/var/lib/sallyport");
	assert_string_equal(config->edge.run_dir, "/run/sallyport");
	assert_string_equal(config->edge.bpf_dir, "/sys/fs/bpf/sallyport");
	assert_int_equal(config->public.nr_addresses, 1);
	assert_string_equal(addr_format(&config->public.addresses[0].bind, text), "192.0.2.1");
	assert_string_equal(config->public.addresses[0].advertise, "192.0.2.1");
	assert_int_equal(config->public.addresses[0].nr_ports, 1);
	assert_int_equal(config->public.addresses[0].ports[0].first, 64535);
	assert_int_equal(config->public.addresses[0].ports[0].last, 65535);
	assert_int_equal(config->public.low_water, 80);
	assert_int_equal(config->leases.linger_ns, 30 * MINUTE_NS);
	assert_int_equal(config->leases.max_lifetime_ns, 24 * HOUR_NS);
	assert_int_equal(config->leases.max_extension_ns, 4 * HOUR_NS);
	assert_int_equal(config->leases.quarantine_ns, 10 * MINUTE_NS);
	assert_int_equal(config->leases.connect_within_ns, 0);
	assert_int_equal(config->leases.extend_while_used.step_ns, 0);
	assert_int_equal(config->leases.explain, CONFIG_EXPLAIN_FULL);
	assert_int_equal(config->limits.nodes_per_build, 64);
	assert_int_equal(config->limits.prefixes_per_build, 31);
	assert_int_equal(config->limits.syn_per_source.count, 10);
	assert_int_equal(config->limits.syn_per_lease.period_ns, NS_PER_S);
	free(config);
}

static void test_load_when_minimal_then_defaults_of_engines_and_api(void **state)
{
	struct config *config = fixture_load(MINIMAL);
	char text[ADDR_TEXT_BYTES];

	assert_int_equal(config->dataplane.engine, SP_ENGINE_XDP);
	assert_int_equal(config->dataplane.fallback, CONFIG_FALLBACK_XDP);
	assert_int_equal(config->dataplane.failover_ns, 2 * NS_PER_MS);
	assert_int_equal(config->dataplane.workers, 1);
	assert_int_equal(config->dataplane.idle, CONFIG_IDLE_ADAPTIVE);
	assert_true(config->dataplane.hugepages);
	assert_int_equal(config->dataplane.nr_eal, 0);
	assert_string_equal(config->api.socket, "/run/sallyport/api.sock");
	assert_string_equal(config->api.group, "");
	assert_string_equal(config->api.viewer_socket, "");
	assert_int_equal(config->api.nr_roles, 0);
	assert_true(config->metrics.listen.enabled);
	assert_int_equal(config->metrics.listen.port, 9464);
	assert_string_equal(addr_format(&config->metrics.listen.addr, text), "127.0.0.1");
	assert_int_equal(config->audit.retention_ns, 90 * 24 * HOUR_NS);
	config_free(config);
}

static void test_load_when_all_is_said_then_it_is_taken(void **state)
{
	struct config *config = fixture_load(
		"edge = { name = \"e\"; state_dir = \"/s\"; run_dir = \"/r\"; bpf_dir = \"/b\"; "
		"};\n"
		"public: { interface = \"one\"; low_water = 50; addresses = (\n"
		"  { bind = \"192.0.2.1\"; advertise = \"ssh.example.org\";\n"
		"    ports = ( \"100-200\", 22, \"50\" ); },\n"
		"  { bind = \"2001:db8::1\"; ports = [ 443 ]; } ); };\n"
		"builds: { interface = \"one\"; networks = [ \"10.1.0.0/16\", \"fd00::/8\" ]; };\n"
		"leases: { linger = 90; max_lifetime = \"1d2h3m4s5ms6us\"; max_extension = 0;\n"
		"  quarantine = \"0\"; connect_within = \"10m\"; explain = \"off\";\n"
		"  extend_while_used: { step = \"5m\"; cap = \"1h\"; }; };\n"
		"limits: { syn_per_source = \"600/m\"; syn_per_lease = \"0\"; builds = 7; };\n"
		"dataplane: { engine = \"dpdk\"; fallback = \"none\"; failover = \"5ms\";\n"
		"  workers = 4; idle = \"spin\"; hugepages = false; eal = [ \"-v\", \"--x\" ]; };\n"
		"api: { socket = \"/a\"; group = \"g\"; viewer_socket = \"/v\"; clients = 9;\n"
		"  roles = ( { user = \"ci\"; role = \"orchestrator\"; },\n"
		"            { uid = 0; role = \"viewer\"; },\n"
		"            { group = \"adm\"; role = \"operator\"; } ); };\n"
		"metrics: { listen = \"[::1]:80\"; };\n");

	assert_string_equal(config->public.addresses[0].advertise, "ssh.example.org");
	assert_int_equal(config->public.addresses[0].nr_ports, 3);
	assert_int_equal(config->public.addresses[0].ports[0].first, 22);
	assert_int_equal(config->public.addresses[0].ports[1].last, 50);
	assert_int_equal(config->public.addresses[0].ports[2].last, 200);
	assert_int_equal(addr_family(&config->public.addresses[1].bind), 6);
	assert_string_equal(config->public.addresses[1].advertise, "2001:db8::1");
	assert_int_equal(addr_prefix_length(&config->builds.networks[1]), 8);
	assert_int_equal(config->leases.linger_ns, 90 * NS_PER_S);
	assert_int_equal(config->leases.max_lifetime_ns,
			 26 * HOUR_NS + 184 * NS_PER_S + 5006 * NS_PER_US);
	assert_int_equal(config->leases.extend_while_used.cap_ns, HOUR_NS);
	assert_int_equal(config->limits.syn_per_source.count, 600);
	assert_int_equal(config->limits.syn_per_source.period_ns, MINUTE_NS);
	assert_int_equal(config->limits.syn_per_lease.count, 0);
	assert_int_equal(config->dataplane.nr_eal, 2);
	assert_string_equal(config->dataplane.eal[1], "--x");
	assert_false(config->dataplane.hugepages);
	assert_int_equal(config->api.nr_roles, 3);
	assert_int_equal(config->api.roles[0].uid, -1);
	assert_int_equal(config->api.roles[1].uid, 0);
	assert_int_equal(config->api.roles[2].role, CONFIG_ROLE_OPERATOR);
	assert_string_equal(config->api.roles[2].group, "adm");
	assert_int_equal(addr_family(&config->metrics.listen.addr), 6);
	config_free(config);
}

/* What libconfig's grammar allows beyond the examples is allowed. */
static void test_load_when_written_otherwise_then_the_same(void **state)
{
	struct config *config =
		fixture_load("/* over\n lines, with @include \"x\" */ public = {\r\n"
			     "interface : \"et\\x680\" // @include \"y\"\n"
			     "addresses=({bind=\"192.0.2.1\",ports:[22,\"80-90\",0x1bb,8022L]})"
			     "low_water = +81 } builds: { interface = \"a#b\"\f"
			     "networks = ( \"10.0.0.0/16\", \"fd00::/8\" ), };"
			     "dataplane: { hugepages = False workers = 0X20LL } # the end");
	const struct config_range *ports = config->public.addresses[0].ports;

	assert_string_equal(config->public.interface, "eth0");
	assert_string_equal(config->builds.interface, "a#b");
	assert_int_equal(config->public.low_water, 81);
	assert_int_equal(config->public.addresses[0].nr_ports, 4);
	assert_int_equal(ports[1].last, 90);
	assert_int_equal(ports[2].first, 443);
	assert_int_equal(ports[3].first, 8022);
	assert_int_equal(config->builds.nr_networks, 2);
	assert_int_equal(config->dataplane.workers, 32);
	assert_false(config->dataplane.hugepages);
	config_free(config);
}

static void test_given_when_in_the_file_then_true(void **state)
{
	struct config *config = fixture_load(MINIMAL "limits: { syn_per_lease = \"50/s\"; };\n");

	assert_true(config_given(config, "limits.syn_per_lease"));
	assert_false(config_given(config, "limits.syn_per_source"));
	assert_true(config_given(config, "public.addresses"));
	assert_false(config_given(config, "no.such.key"));
	config_free(config);
}

/* Result: an example's text, to be freed. */
static char *read_example(const char *name)
{
	char path[4096], *text = calloc(1, TEXT_SIZE);
	FILE *stream;

	assert_non_null(getenv("CONFIGS_DIR"));
	assert_non_null(text);
	snprintf(path, sizeof(path), "%s/%s", getenv("CONFIGS_DIR"), name);
	stream = fopen(path, "r");
	assert_non_null(stream);
	assert_in_range(fread(text, 1, TEXT_SIZE - 1, stream), 1, TEXT_SIZE - 2);
	fclose(stream);
	return text;
}

static void test_examples_pass(void **state)
{
	static const char *const names[] = {"sallyport.conf", "minimal.conf", "dual-stack.conf",
					    "dpdk.conf"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *text = read_example(names[i]);

		config_free(fixture_load(text));
		free(text);
	}
}

/* Options that the example shows behind "//" have the values that it shows, and all are there. */
static void test_example_shows_the_defaults(void **state)
{
	char *text = read_example("sallyport.conf");
	struct config *quiet = fixture_load(text), *loud;
	struct config_changes changes;

	for (char *line = text; (line = strstr(line, "\n\t// "));)
		memset(line + 2, ' ', 2);
	loud = fixture_load(text);
	config_diff(quiet, loud, &changes);
	assert_int_equal(changes.nr, 1);
	assert_string_equal(changes.change[0].key, "dataplane.eal");
	for (unsigned int i = 0; config_options[i].key; i++)
		if (!config_given(loud, config_options[i].key))
			fail_msg("%s is not in the example", config_options[i].key);
	config_free(quiet);
	config_free(loud);
	free(text);
}

struct diff_case {
	const char *before;
	const char *after;
	const char *key;
	enum config_apply apply;
};

static void test_diff_when_one_option_changes_then_it_is_listed(void **state)
{
	static const struct diff_case cases[] = {
		{"leases: { linger = \"30m\"; };", "leases: { linger = 1800; };", NULL, 0},
		{"", "leases: { linger = 1; };", "leases.linger", CONFIG_APPLY_RELOAD},
		{"", "edge: { state_dir = \"/x\"; };", "edge.state_dir", CONFIG_APPLY_CONTROL},
		{"", "dataplane: { idle = \"spin\"; };", "dataplane.idle", CONFIG_APPLY_DATAPLANE},
		{"", "dataplane: { workers = 2; };", "dataplane.workers", CONFIG_APPLY_BOTH},
		{"", "dataplane: { eal = [ \"a\" ]; };", "dataplane.eal", CONFIG_APPLY_DATAPLANE},
		{"dataplane: { eal = [ \"ab\" ]; };", "dataplane: { eal = [ \"a\" ]; };",
		 "dataplane.eal", CONFIG_APPLY_DATAPLANE},
		{"", "metrics: { listen = \"\"; };", "metrics.listen", CONFIG_APPLY_CONTROL},
		{"metrics: { listen = \"127.0.0.1:9464\"; };", "", NULL, 0},
		{"", "metrics: { page = true; };", "metrics.page", CONFIG_APPLY_RELOAD},
		{"metrics: { page = true; };", "metrics: { page = true; hosts = [ \"a\" ]; };",
		 "metrics.hosts", CONFIG_APPLY_RELOAD},
		{"", "limits: { syn_per_lease = \"3000/m\"; };", "limits.syn_per_lease",
		 CONFIG_APPLY_RELOAD},
		{"", "api: { roles = ( { uid = 1; role = \"viewer\"; } ); };", "api.roles",
		 CONFIG_APPLY_RELOAD},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[1024];
		struct config *before, *after;
		struct config_changes changes;

		snprintf(text, sizeof(text), MINIMAL "%s", cases[i].before);
		before = fixture_load(text);
		snprintf(text, sizeof(text), MINIMAL "%s", cases[i].after);
		after = fixture_load(text);
		config_diff(before, after, &changes);
		assert_int_equal(changes.nr, cases[i].key ? 1 : 0);
		if (cases[i].key) {
			assert_string_equal(changes.change[0].key, cases[i].key);
			assert_int_equal(changes.change[0].apply, cases[i].apply);
		}
		config_free(before);
		config_free(after);
	}
}

/* New ports are handed out at once; another address is another table. */
static enum config_apply diff_addresses(const char *before, const char *after)
{
	static const char form[] = "public: { interface = \"a\"; addresses = ( %s ); };\n"
				   "builds: { interface = \"b\"; networks = [ \"10.0.0.0/8\" ]; };";
	struct config *configs[2];
	struct config_changes changes;
	char text[1024];

	snprintf(text, sizeof(text), form, before);
	configs[0] = fixture_load(text);
	snprintf(text, sizeof(text), form, after);
	configs[1] = fixture_load(text);
	config_diff(configs[0], configs[1], &changes);
	assert_int_equal(changes.nr, 1);
	assert_string_equal(changes.change[0].key, "public.addresses");
	config_free(configs[0]);
	config_free(configs[1]);
	return changes.change[0].apply;
}

static void test_diff_when_addresses_change_then_members_decide(void **state)
{
	static const char one[] = "{ bind = \"192.0.2.1\"; ports = [ 22 ]; }";

	assert_int_equal(diff_addresses(one, "{ bind = \"192.0.2.1\"; ports = [ 22, 23 ]; }"),
			 CONFIG_APPLY_CONTROL);
	assert_int_equal(diff_addresses(one, "{ bind = \"192.0.2.1\"; ports = [ 22 ]; "
					     "advertise = \"a.example\"; }"),
			 CONFIG_APPLY_RELOAD);
	assert_int_equal(diff_addresses(one, "{ bind = \"192.0.2.2\"; ports = [ 22 ]; }"),
			 CONFIG_APPLY_BOTH);
	assert_int_equal(diff_addresses(one, "{ bind = \"192.0.2.1\"; ports = [ 22 ]; },"
					     "{ bind = \"192.0.2.2\"; }"),
			 CONFIG_APPLY_BOTH);
}

/* Every row of the table can be printed and has a sentence; every default passes its own check. */
static void test_options_are_complete(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	config_doc_manual(stream);
	config_doc_markdown(stream);
	fclose(stream);
	for (const struct config_option *option = config_options; option->key; option++) {
		char problem[CONFIG_PROBLEM_SIZE];
		char *value = calloc(1, option->size);
		struct config_value fallback;

		assert_non_null(strstr(text, option->key));
		assert_non_null(option->help);
		assert_int_equal(option->help[strlen(option->help) - 1], '.');
		if (option->fallback && !(option->max_items && !option->fallback[0])) {
			fallback = config_value_fallback(option);
			assert_int_equal(config_value_parse(option, &fallback, value, problem), 0);
		}
		free(value);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load_when_minimal_then_defaults),
		cmocka_unit_test(test_load_when_minimal_then_defaults_of_engines_and_api),
		cmocka_unit_test(test_load_when_all_is_said_then_it_is_taken),
		cmocka_unit_test(test_load_when_written_otherwise_then_the_same),
		cmocka_unit_test(test_given_when_in_the_file_then_true),
		cmocka_unit_test(test_examples_pass),
		cmocka_unit_test(test_example_shows_the_defaults),
		cmocka_unit_test(test_diff_when_one_option_changes_then_it_is_listed),
		cmocka_unit_test(test_diff_when_addresses_change_then_members_decide),
		cmocka_unit_test(test_options_are_complete),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
