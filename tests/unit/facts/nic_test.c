// SPDX-License-Identifier: BSD-3-Clause
/* Queues against workers, with an interface that has as many channels as a case says. */
#include "facts/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/config.h"
#include "kernel/device/device.h"

/* lo is on each host, and both sides of an edge may be one interface. */
static const char text[] =
	"public: { interface = \"lo\"; addresses = ( { bind = \"192.0.2.1\"; } ); };\n"
	"builds: { interface = \"lo\"; networks = [ \"10.0.0.0/16\" ]; };\n"
	"dataplane: { engine = \"dpdk\"; workers = 2; };\n"
	"edge: { state_dir = \"/\"; };\n";

static bool has_channels;
static struct device_channels told;

bool __wrap_device_channels(const char *interface, struct device_channels *ret);
bool __wrap_device_channels(const char *interface, struct device_channels *ret)
{
	if (has_channels)
		*ret = told;
	return has_channels;
}

static const struct facts_finding *find_queues(const struct facts_list *list)
{
	for (unsigned int i = 0; i < list->nr; i++)
		if (strcmp(list->finding[i].name, "queues") == 0)
			return &list->finding[i];
	return NULL;
}

static void test_look_when_queues_and_workers_do_not_fit_then_a_start_is_refused(void **state)
{
	static const struct {
		bool has_channels;
		struct device_channels channels;
		const char *says; /* NULL: nothing */
		const char *cure;
	} cases[] = {
		{true, {.rx = 2, .combined = 2, .combined_max = 2}, NULL, NULL},
		{true, {.rx = 8, .combined = 8, .combined_max = 8}, NULL, NULL},
		{true,
		 {.rx = 1, .combined = 1, .combined_max = 4},
		 "lo receives by 1 queue, and dataplane.workers is 2",
		 "ethtool -L lo combined 2"},
		{true,
		 {.rx = 1, .combined = 1, .combined_max = 1},
		 "Write dataplane.workers = 1.",
		 "editor " CONFIG_DEFAULT_PATH},
		{false, {0}, "Write dataplane.workers = 1.", "editor " CONFIG_DEFAULT_PATH},
		{true,
		 {.rx = 65, .combined = 65, .combined_max = 128},
		 "reads at most 64",
		 "ethtool -L lo combined 64"},
	};
	struct config_errors errors = {0};
	struct config *config = NULL;

	assert_int_equal(config_load_text("test", text, strlen(text), &config, &errors), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct facts_site site = {.config = config};
		const struct facts_finding *finding;
		struct facts_list list = {0};

		has_channels = cases[i].has_channels;
		told = cases[i].channels;
		assert_int_equal(facts_look(&site, &list), 0);
		finding = find_queues(&list);
		if (!cases[i].says && finding)
			fail_msg("case %zu: %s", i, finding->says);
		if (cases[i].says && !(finding && strstr(finding->says, cases[i].says) &&
				       strcmp(finding->cure, cases[i].cure) == 0))
			fail_msg("case %zu: \"%s\", cure \"%s\"", i,
				 finding ? finding->says : "nothing", finding ? finding->cure : "");
		if (finding)
			assert_int_equal(finding->severity, FACTS_REFUSE);
		facts_free(&list);
	}
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_look_when_queues_and_workers_do_not_fit_then_a_start_is_refused),
	};

	return cmocka_run_group_tests_name("facts_nic", tests, NULL, NULL);
}
