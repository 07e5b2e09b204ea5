/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes before the first packet: EAL's arguments, the capabilities. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "start/eal.h"
#include "start/privilege.h"

static const char *argument(const struct eal_arguments *arguments, const char *start)
{
	for (int i = 0; i < arguments->nr; i++)
		if (strncmp(arguments->argv[i], start, strlen(start)) == 0)
			return arguments->argv[i];
	return NULL;
}

static void test_without_hugepages_memory_is_asked_for_at_once(void **state)
{
	static struct eal_arguments arguments;
	struct eal_request request = {.nr_workers = 1, .memory_bytes = 100 << 20};

	assert_int_equal(eal_compose(&request, &arguments), 0);
	assert_false(arguments.hugepages);
	assert_non_null(argument(&arguments, "--no-huge"));
	assert_non_null(argument(&arguments, "--no-shconf"));
	assert_null(argument(&arguments, "--in-memory"));
	assert_int_equal(atoi(argument(&arguments, "-m") + 2), 100 + 48 + 1);
	assert_non_null(argument(&arguments, "--no-pci"));
	assert_non_null(argument(&arguments, "--no-telemetry"));
	assert_null(arguments.argv[arguments.nr]);
}

static void test_too_few_hugepages_are_not_used(void **state)
{
	static struct eal_arguments arguments;
	struct eal_request request = {
		.nr_workers = 1, .memory_bytes = 1ull << 50, .hugepages = true};

	assert_int_equal(eal_compose(&request, &arguments), 0);
	assert_false(arguments.hugepages);
	assert_non_null(argument(&arguments, "--no-huge"));
}

static void test_each_worker_has_an_lcore(void **state)
{
	static struct eal_arguments arguments;
	struct eal_request request = {.nr_workers = 3};
	const char *lcores;

	assert_int_equal(eal_compose(&request, &arguments), 0);
	lcores = argument(&arguments, "--lcores=");
	assert_non_null(lcores);
	assert_ptr_equal(strstr(lcores, "0@("), lcores + strlen("--lcores="));
	assert_non_null(strstr(lcores, ",1@("));
	assert_non_null(strstr(lcores, ",3@("));
	assert_null(strstr(lcores, ",4@("));
}

static void test_extra_arguments_replace_ours(void **state)
{
	static const char extra[][256] = {"--lcores=0@0,1@0", "-a0000:00:00.0", "-m77"};
	static struct eal_arguments arguments;
	struct eal_request request = {.nr_workers = 1, .extra = extra, .nr_extra = 3};

	assert_int_equal(eal_compose(&request, &arguments), 0);
	assert_string_equal(argument(&arguments, "--lcores="), extra[0]);
	assert_string_equal(argument(&arguments, "-m"), extra[2]);
	assert_null(argument(&arguments, "--no-pci"));
}

static void test_too_many_extra_arguments_are_refused(void **state)
{
	static const char extra[EAL_ARGUMENTS_MAX][256];
	static struct eal_arguments arguments;
	struct eal_request request = {
		.nr_workers = 1, .extra = extra, .nr_extra = EAL_ARGUMENTS_MAX};

	assert_int_equal(eal_compose(&request, &arguments), -E2BIG);
}

/* In a process of its own, as nobody. */
static void test_missing_capability_is_named(void **state)
{
	int status;
	pid_t child;

	if (geteuid() != 0) {
		print_message("# skipped: needs root\n");
		skip();
	}
	assert_null(privilege_missing(true));
	child = fork();
	if (child == 0) {
		const char *missing =
			setresuid(65534, 65534, 65534) ? NULL : privilege_missing(true);

		_exit(missing && strcmp(missing, "CAP_NET_ADMIN") == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_hugepages_memory_is_asked_for_at_once),
		cmocka_unit_test(test_too_few_hugepages_are_not_used),
		cmocka_unit_test(test_each_worker_has_an_lcore),
		cmocka_unit_test(test_extra_arguments_replace_ours),
		cmocka_unit_test(test_too_many_extra_arguments_are_refused),
		cmocka_unit_test(test_missing_capability_is_named),
	};

	return cmocka_run_group_tests_name("start", tests, NULL, NULL);
}
