// SPDX-License-Identifier: BSD-3-Clause
/* Facts that no namespace of its own has: they are looked up below another root. */
#include "facts/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cmocka.h>

#include "facts/say.h"
#include "host/addr.h"
#include "host/config.h"

static const char text[] =
	"public: { interface = \"none0\"; addresses = ( { bind = \"192.0.2.1\"; } ); };\n"
	"builds: { interface = \"none1\"; networks = [ \"10.0.0.0/16\" ]; };\n"
	"edge: { state_dir = \"/\"; };\n";

struct place {
	char root[64];
	struct config *config;
	struct facts_list list;
};

static int clock_status;

int __wrap_adjtimex(struct timex *state);
int __wrap_adjtimex(struct timex *state)
{
	state->status = clock_status;
	return 0;
}

static int make(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	struct config_errors errors = {0};

	strcpy(place->root, "/tmp/sallyport-facts-XXXXXX");
	assert_non_null(mkdtemp(place->root));
	assert_int_equal(config_load_text("test", text, strlen(text), &place->config, &errors), 0);
	clock_status = 0;
	*state = place;
	return 0;
}

static int unmake(void **state)
{
	struct place *place = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", place->root);
	assert_int_equal(system(command), 0);
	facts_free(&place->list);
	config_free(place->config);
	free(place);
	return 0;
}

/* Gives a file of the root a content, after all directories on the way. */
static void put(const struct place *place, const char *path, const char *content)
{
	char whole[256];
	FILE *out;

	snprintf(whole, sizeof(whole), "%s%s", place->root, path);
	for (char *slash = whole + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(whole, 0700);
	}
	out = fopen(whole, "w");
	assert_non_null(out);
	fputs(content, out);
	assert_int_equal(fclose(out), 0);
}

/* Looks. Result: what is found of that name, NULL if nothing. */
static const struct facts_finding *look_for(struct place *place, const char *name)
{
	const struct facts_site site = {.config = place->config, .root = place->root};

	facts_free(&place->list);
	assert_int_equal(facts_look(&site, &place->list), 0);
	for (unsigned int i = 0; i < place->list.nr; i++)
		if (strcmp(place->list.finding[i].name, name) == 0)
			return &place->list.finding[i];
	return NULL;
}

static void test_look_when_interfaces_are_missing_then_a_start_is_refused(void **state)
{
	const struct facts_finding *finding = look_for(*state, "interface");

	assert_int_equal(finding->severity, FACTS_REFUSE);
	assert_non_null(strstr(finding->says, "there is no interface none0 here"));
	assert_string_equal(finding->cure, "editor " CONFIG_DEFAULT_PATH);
}

static void test_look_when_there_are_no_hugepages_then_slow_and_no_refusal(void **state)
{
	const struct facts_finding *finding;
	struct place *place = *state;

	put(place, "/proc/sys/vm/nr_hugepages", "0\n");
	assert_null(look_for(place, "hugepages")); /* the kernel's engine has no use for them */
	place->config->dataplane.engine = SP_ENGINE_DPDK;
	finding = look_for(place, "hugepages");
	assert_int_equal(finding->severity, FACTS_SLOW);
	assert_string_equal(finding->cure, "sysctl -w vm.nr_hugepages=512");
	put(place, "/proc/sys/vm/nr_hugepages", "512\n");
	assert_null(look_for(place, "hugepages"));
	put(place, "/proc/sys/vm/nr_hugepages", "0\n");
	place->config->dataplane.hugepages = false;
	assert_null(look_for(place, "hugepages"));
}

static void test_look_when_few_neighbours_are_kept_then_a_number_that_suffices(void **state)
{
	const struct facts_finding *finding;

	put(*state, "/proc/sys/net/ipv4/neigh/default/gc_thresh3", "256\n");
	put(*state, "/proc/sys/net/ipv6/neigh/default/gc_thresh3", "256\n"); /* no leases there */
	finding = look_for(*state, "neighbours");
	assert_int_equal(finding->severity, FACTS_RISK);
	assert_non_null(strstr(finding->says, "at most 256 IPv4 neighbours"));
	assert_non_null(strstr(finding->cure, "net.ipv4.neigh.default.gc_thresh3=1024 "));
	put(*state, "/proc/sys/net/ipv4/neigh/default/gc_thresh3", "1024\n");
	assert_null(look_for(*state, "neighbours"));
}

/* The cure replaces the list of the host, so all of it is in there. */
static void test_look_when_many_ports_are_reserved_then_the_cure_keeps_them(void **state)
{
	const struct facts_finding *finding;
	char reserved[4096] = "";
	size_t len = 0;

	for (unsigned int port = 2001; port < 3000; port += 2)
		len += (size_t)snprintf(reserved + len, sizeof(reserved) - len, "%u,", port);
	put(*state, "/proc/sys/net/ipv4/ip_local_port_range", "32768\t65535\n");
	strcpy(reserved + len - 1, "\n");
	put(*state, "/proc/sys/net/ipv4/ip_local_reserved_ports", reserved);
	reserved[len - 1] = '\0';
	finding = look_for(*state, "local ports");
	assert_non_null(finding);
	assert_non_null(strstr(finding->cure, reserved));
	assert_non_null(strstr(finding->cure, ",2999,64535-65535"));
}

static void test_look_when_no_route_leads_to_a_network_then_it_is_named(void **state)
{
	static const char head[] =
		"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n";
	const struct facts_finding *finding;
	char routes[512];

	assert_int_equal(look_for(*state, "route")->severity, FACTS_WELL); /* not known */
	snprintf(routes, sizeof(routes),
		 "%snone0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\n"
		 "none1\t0000140A\t00000000\t0001\t0\t0\t0\t0000FFFF\n",
		 head);
	put(*state, "/proc/net/route", routes);
	finding = look_for(*state, "route");
	assert_int_equal(finding->severity, FACTS_SILENT);
	assert_non_null(strstr(finding->says, "no route leads to 10.0.0.0/16 by none1"));
	snprintf(routes, sizeof(routes), "%snone1\t0003000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\n",
		 head);
	put(*state, "/proc/net/route", routes); /* to a part of it */
	assert_int_equal(look_for(*state, "route")->severity, FACTS_WELL);
	/* A wider one, and the default: which way the kernel takes is its own word. */
	for (unsigned int i = 0; i < 2; i++) {
		snprintf(routes, sizeof(routes), "%snone1\t%s\t0102A8C0\t0003\t0\t0\t0\t%s\n", head,
			 i ? "0000000A" : "00000000", i ? "000000FF" : "00000000");
		put(*state, "/proc/net/route", routes);
		assert_int_equal(look_for(*state, "route")->severity, FACTS_SILENT);
	}
}

static void test_look_when_no_route_leads_to_a_network_of_ipv6_then_it_is_named(void **state)
{
	static const char other[] =
		"20010db8000200000000000000000000 40 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 00000100 00000001 00000000 00000001    none1\n"
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 ffffffff 00000001 00000000 00200200    none1\n";
	struct place *place = *state;

	assert_int_equal(addr_prefix_parse("2001:db8:3::/48", &place->config->builds.networks[0]),
			 0);
	put(place, "/proc/net/ipv6_route", other);
	assert_non_null(
		strstr(look_for(place, "route")->says, "leads to 2001:db8:3::/48 by none1"));
	assert_int_equal(addr_prefix_parse("2001:db8:2::/48", &place->config->builds.networks[0]),
			 0);
	assert_int_equal(look_for(place, "route")->severity, FACTS_WELL);
}

static void test_look_when_a_prefix_is_not_taken_for_local_then_its_route(void **state)
{
	static const char beside[] =
		"20010db8000500000000000000000000 40 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 00000100 00000001 00000000 00000001    none0\n"
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";
	static const char local[] =
		"20010db8000500000000000000000000 40 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 00000400 00000001 00000000 80200001       lo\n";
	struct place *place = *state;
	struct config_public *address = &place->config->public.addresses[0];
	struct sp_prefix prefix;

	assert_int_equal(addr_prefix_parse("2001:db8:5::/64", &prefix), 0);
	address->bind = prefix.addr;
	address->mask = prefix.mask;
	put(place, "/proc/net/ipv6_route", beside);
	assert_string_equal(look_for(place, "address")->cure,
			    "ip -6 route add local 2001:db8:5::/64 dev lo");
	put(place, "/proc/net/ipv6_route", local);
	assert_int_equal(look_for(place, "address")->severity, FACTS_WELL);
}

static void test_look_when_ipv6_is_off_then_the_cure_turns_it_on_first(void **state)
{
	static const char on[] = "echo 0 >/proc/sys/net/ipv6/conf/lo/disable_ipv6 && ip ";
	struct place *place = *state;
	struct sp_addr *bind = &place->config->public.addresses[0].bind;

	assert_int_equal(addr_parse("2001:db8::1", bind), 0);
	strcpy(place->config->public.interface, "lo");
	put(place, "/proc/sys/net/ipv6/conf/lo/disable_ipv6", "1\n");
	assert_memory_equal(look_for(place, "link-local")->cure, on, sizeof(on) - 1);
	assert_memory_equal(look_for(place, "address")->cure, on, sizeof(on) - 1);
	place->config->public.addresses[0].mask.word_be[3] = 0;
	put(place, "/proc/net/ipv6_route", "\n");
	assert_memory_equal(look_for(place, "address")->cure, on, sizeof(on) - 1);
	put(place, "/proc/sys/net/ipv6/conf/lo/disable_ipv6", "0\n");
	assert_memory_equal(look_for(place, "link-local")->cure, "ip addr", 7);
	assert_memory_equal(look_for(place, "address")->cure, "ip -6 route", 11);
}

/* The kernel goes by "all" there, whatever an interface has. */
static void test_look_when_ipv6_is_forwarded_then_named_where_leases_are_of_it(void **state)
{
	static const char all[] = "/proc/sys/net/ipv6/conf/all/forwarding";
	const struct facts_finding *finding;
	struct place *place = *state;

	put(place, all, "1\n");
	assert_null(look_for(place, "forwarding"));
	assert_int_equal(addr_parse("2001:db8::1", &place->config->public.addresses[0].bind), 0);
	finding = look_for(place, "forwarding");
	assert_non_null(finding);
	assert_non_null(strstr(finding->says, "This host forwards IPv6"));
	assert_string_equal(finding->cure, "sysctl -w net.ipv6.conf.all.forwarding=0");
	put(place, all, "0\n");
	assert_null(look_for(place, "forwarding"));
}

static void test_look_when_there_are_two_defaults_then_the_better_one_counts(void **state)
{
	static const struct {
		unsigned int none0, none1;
		bool wrong;
	} cases[] = {{100, 200, false}, {200, 100, true}};
	struct place *place = *state;

	put(place, "/proc/sys/net/ipv4/conf/all/rp_filter", "0\n");
	put(place, "/proc/sys/net/ipv4/conf/none0/rp_filter", "1\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char routes[512], *at = routes;

		at += sprintf(at, "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
				  "*\t00000000\t00000000\t0200\t0\t0\t1\t00000000\n");
		/* Their order is that of metrics, but not by any promise. */
		for (unsigned int j = 0; j < 4; j++)
			at += sprintf(at, "none%u\t00000000\t0102A8C0\t0003\t0\t0\t%u\t00000000\n",
				      j % 2, (j % 2 ? cases[i].none1 : cases[i].none0) + j / 2);
		put(place, "/proc/net/route", routes);
		if (!cases[i].wrong)
			assert_null(look_for(place, "rp_filter"));
		else
			assert_non_null(strstr(look_for(place, "rp_filter")->says,
					       "the default route leads by none1"));
	}
}

static void test_look_when_in_a_cloud_then_its_own_switch(void **state)
{
	const struct facts_finding *finding;
	struct place *place = *state;

	assert_null(look_for(*state, "cloud"));
	put(*state, "/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
	finding = look_for(*state, "cloud");
	assert_int_equal(finding->severity, FACTS_HINT);
	assert_null(finding->cure); /* of no interface */
	strcpy(place->config->builds.interface, "lo");
	finding = look_for(*state, "cloud");
	assert_non_null(finding->cure);
	assert_non_null(strstr(finding->cure, "modify-network-interface-attribute "
					      "--no-source-dest-check --network-interface-id "));
	assert_non_null(strstr(finding->cure, "Name=mac-address,Values=00:00:00:00:00:00 "));
	put(*state, "/sys/class/dmi/id/sys_vendor", "Google\n");
	assert_non_null(strstr(look_for(*state, "cloud")->says, "--can-ip-forward"));
	put(*state, "/sys/class/dmi/id/sys_vendor", "QEMU\n");
	assert_null(look_for(*state, "cloud"));
}

static void test_look_when_the_clock_is_alone_then_a_risk(void **state)
{
	assert_null(look_for(*state, "clock"));
	clock_status = STA_UNSYNC;
	assert_int_equal(look_for(*state, "clock")->severity, FACTS_RISK);
}

static void test_look_when_nothing_waits_for_the_edge_at_boot_then_a_risk(void **state)
{
	static const char wants[] = "/etc/systemd/system/multi-user.target.wants/";
	struct place *place = *state;
	char path[128];

	assert_null(look_for(place, "hold"));
	snprintf(path, sizeof(path), "%ssallyportd.service", wants);
	put(place, path, "[Unit]\n");
	assert_int_equal(look_for(place, "hold")->severity, FACTS_RISK);
	assert_string_equal(look_for(place, "hold")->cure, "systemctl enable sallyport-hold");
	snprintf(path, sizeof(path), "%ssallyport-hold.service", wants);
	put(place, path, "[Unit]\n");
	assert_null(look_for(place, "hold"));
}

static void test_quote_when_a_name_is_odd_then_the_shell_sees_one_word(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {{"eth0.100", "eth0.100"},
		     {"$(reboot)", "'$(reboot)'"},
		     {"a b", "'a b'"},
		     {"it's", "'it'\\''s'"},
		     {"", "''"},
		     {"-x;y", "'-x;y'"}};
	char word[48];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(facts_say_quote(cases[i].text, word, sizeof(word)),
				    cases[i].word);
	assert_string_equal(facts_say_quote("''''''''''''''''", word, sizeof(word)), "");
}

/* Gives the port's device a driver, in its place if it has one. */
static void bind_pci(const struct place *place, const char *driver)
{
	char link[256], target[64];

	put(place, "/sys/bus/pci/devices/0000:01:00.0/class", "0x020000\n");
	snprintf(link, sizeof(link), "%s/sys/bus/pci/devices/0000:01:00.0/driver", place->root);
	snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
	unlink(link);
	assert_int_equal(symlink(target, link), 0);
}

static void test_look_when_a_port_is_no_device_for_dpdk_then_its_driver_is_named(void **state)
{
	const struct facts_finding *finding;
	struct place *place = *state;

	assert_null(look_for(place, "port"));
	strcpy(place->config->public.port, "0000:01:00.0,queues=2");
	finding = look_for(place, "port");
	assert_int_equal(finding->severity, FACTS_REFUSE);
	assert_non_null(strstr(finding->says, "public.port: there is no PCI device 0000:01:00.0"));
	put(place, "/sys/bus/pci/devices/0000:01:00.0/class", "0x020000\n");
	finding = look_for(place, "port");
	assert_non_null(strstr(finding->says, "the PCI device 0000:01:00.0 has no driver"));
	bind_pci(place, "e1000e");
	strcpy(place->config->public.port, "01:00.0");
	finding = look_for(place, "port");
	assert_non_null(strstr(finding->says, "0000:01:00.0 has the driver e1000e, and DPDK"));
	assert_string_equal(finding->cure,
			    "modprobe vfio-pci && dpdk-devbind.py --bind=vfio-pci 0000:01:00.0");
	bind_pci(place, "vfio-pci");
	assert_null(look_for(place, "port"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)
	const struct CMUnitTest tests[] = {
		TEST(test_look_when_interfaces_are_missing_then_a_start_is_refused),
		TEST(test_look_when_there_are_no_hugepages_then_slow_and_no_refusal),
		TEST(test_look_when_a_port_is_no_device_for_dpdk_then_its_driver_is_named),
		TEST(test_look_when_few_neighbours_are_kept_then_a_number_that_suffices),
		TEST(test_look_when_many_ports_are_reserved_then_the_cure_keeps_them),
		TEST(test_look_when_no_route_leads_to_a_network_then_it_is_named),
		TEST(test_look_when_no_route_leads_to_a_network_of_ipv6_then_it_is_named),
		TEST(test_look_when_a_prefix_is_not_taken_for_local_then_its_route),
		TEST(test_look_when_ipv6_is_off_then_the_cure_turns_it_on_first),
		TEST(test_look_when_ipv6_is_forwarded_then_named_where_leases_are_of_it),
		TEST(test_look_when_there_are_two_defaults_then_the_better_one_counts),
		TEST(test_look_when_in_a_cloud_then_its_own_switch),
		TEST(test_look_when_the_clock_is_alone_then_a_risk),
		TEST(test_look_when_nothing_waits_for_the_edge_at_boot_then_a_risk),
		TEST(test_quote_when_a_name_is_odd_then_the_shell_sees_one_word),
	};

	return cmocka_run_group_tests_name("facts_host", tests, NULL, NULL);
}
