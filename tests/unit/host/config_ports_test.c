/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports that DPDK itself drives: what goes together and what does not. */
#include "config_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bad_case {
	const char *text;
	const char *expected;
};

static void expect_errors(const struct bad_case *bad)
{
	struct config_errors errors = {0};
	struct config *config = NULL;
	char *said = NULL;
	size_t size;
	FILE *stream = open_memstream(&said, &size);

	assert_non_null(stream);
	assert_int_equal(config_load_text("f", bad->text, strlen(bad->text), &config, &errors),
			 -EINVAL);
	config_errors_print(&errors, stream);
	fclose(stream);
	config_errors_free(&errors);
	assert_string_equal(said, bad->expected);
	free(said);
}

#define PORTS(public, builds, more)                                                                \
	"public: { interface = \"eth0\"; " public " addresses = ( { bind = \"192.0.2.1\"; } ); "   \
						  "};\n"                                           \
						  "builds: { " builds                              \
						  " networks = [ \"10.0.0.0/16\" ]; };\n" more

#define DPDK "dataplane: { engine = \"dpdk\"; };"

static void test_load_when_a_port_cannot_be_then_said_where_it_stands(void **state)
{
	static const struct bad_case cases[] = {
		{PORTS("port = \"0000:01:00.0\";", "interface = \"eth1\";", ""),
		 "f:1: public.port: needs dataplane.engine = \"dpdk\": nobody else reaches that "
		 "device\n"},
		{PORTS("", "interface = \"eth1\"; port = \"eth7\";", DPDK),
		 "f:2: builds.port: \"eth7\" is neither a PCI address such as 0000:01:00.0 nor a "
		 "virtual device such as net_memif0\n"},
		{PORTS("port = \"0000:01:00.8\";", "interface = \"eth1\";", DPDK),
		 "f:1: public.port: \"0000:01:00.8\" is neither a PCI address such as "
		 "0000:01:00.0 nor a virtual device such as net_memif0\n"},
		{PORTS("port = \"net_af_xdp0,iface=eth7\";", "interface = \"eth1\";", DPDK),
		 "f:1: public.port: AF_XDP is what an interface without a port has: leave the key "
		 "out\n"},
		{PORTS("port = \"net_tap0\"; vlan = 5;", "interface = \"eth1\";", DPDK),
		 "f:1: public.vlan: does not go with a port yet: sallyport-dp alone would see the "
		 "tags\n"},
		{PORTS("port = \"net_tap0,a=1\";", "interface = \"eth1\"; port = \"net_tap0,a=2\";",
		       DPDK),
		 "f:2: builds.port: is the device of public.port: give both sides the same "
		 "interface too\n"},
		{PORTS("port = \"01:00.0\";", "interface = \"eth0\";", DPDK),
		 "f:1: public.port: both sides are eth0, with one port for both: give public.port "
		 "and builds.port alike\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_errors(&cases[i]);
}

static void test_load_when_ports_are_fine_then_each_side_has_its_own(void **state)
{
	struct config *config = fixture_load(
		PORTS("port = \"0000:0a:1f.7,arg=1\";", "interface = \"eth1\";", DPDK));

	assert_string_equal(config->public.port, "0000:0a:1f.7,arg=1");
	assert_string_equal(config->builds.port, "");
	assert_true(config_has_port(config));
	config_free(config);
	config = fixture_load(PORTS("port = \"net_bonding0,mode=1\";",
				    "interface = \"eth0\"; port = \"net_bonding0,mode=1\";", DPDK));
	assert_true(config_has_port(config));
	config_free(config);
	config = fixture_load(PORTS("", "interface = \"eth1\";", DPDK));
	assert_false(config_has_port(config));
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load_when_a_port_cannot_be_then_said_where_it_stands),
		cmocka_unit_test(test_load_when_ports_are_fine_then_each_side_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
