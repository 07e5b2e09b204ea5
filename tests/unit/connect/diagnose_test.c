/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "connect/diagnose.h"

/* A node that is up and has been tried once; the cases change what they are about. */
#define TRIED                                                                                      \
	.session = SESSION_RUNNING, .bound = true, .allowed = true, .answers_probes = true,        \
	.resolved = true, .nr_connections = 1
#define ACCEPTED TRIED, .accepted = true, .established = true

static const struct {
	enum diagnose_case verdict;
	struct diagnose_facts facts;
} cases[] = {
	{DIAGNOSE_ENDED, {.session = SESSION_ENDED, .bound = true, .allowed = true}},
	{DIAGNOSE_RESERVED, {.session = SESSION_RESERVED, .allowed = true}},
	{DIAGNOSE_NO_VM, {.session = SESSION_FINISHED, .allowed = true}},
	{DIAGNOSE_ENDED, {.session = SESSION_ENDED, .allowed = true}},
	{DIAGNOSE_BUILDS_DOWN, {ACCEPTED, .edge = DIAGNOSE_EDGE_BUILDS_DOWN, .open = true}},
	{DIAGNOSE_PUBLIC_DOWN, {TRIED, .edge = DIAGNOSE_EDGE_PUBLIC_DOWN}},
	{DIAGNOSE_NO_ENGINE, {TRIED, .edge = DIAGNOSE_EDGE_NO_ENGINE}},
	{DIAGNOSE_REFUSED, {.session = SESSION_RUNNING, .bound = true, .nr_connections = 3}},
	{DIAGNOSE_RATE_LIMITED,
	 {.session = SESSION_RUNNING, .bound = true, .allowed = true, .limited = true}},
	{DIAGNOSE_NOTHING_ARRIVED,
	 {.session = SESSION_FINISHED, .bound = true, .allowed = true, .resolved = true}},
	{DIAGNOSE_NOT_KNOWN,
	 {.session = SESSION_RUNNING, .bound = true, .allowed = true, .nr_unknown = 100000}},
	{DIAGNOSE_UNCONFIRMED, {TRIED, .accepted = true, .open = true}},
	{DIAGNOSE_VM_REFUSED, {TRIED, .reset_by_vm = true}},
	{DIAGNOSE_VM_GONE,
	 {.session = SESSION_RUNNING, .bound = true, .allowed = true, .nr_connections = 1}},
	{DIAGNOSE_RETURN_PATH, {TRIED}},
	{DIAGNOSE_VM_SILENT, {TRIED, .packets_to_client = 7}},
	{DIAGNOSE_CONNECTED, {ACCEPTED, .open = true}},
	/* Payload each way as measured with OpenSSH 9.2. */
	{DIAGNOSE_BANNER_ONLY, {ACCEPTED, .bytes_to_vm = 1, .bytes_to_client = 77}},
	{DIAGNOSE_BANNER_ONLY, {ACCEPTED, .bytes_to_vm = 40, .bytes_to_client = 25}},
	{DIAGNOSE_TURNED_AWAY, {ACCEPTED, .bytes_to_vm = 40, .bytes_to_client = 26}},
	{DIAGNOSE_TURNED_AWAY, {ACCEPTED, .reset_by_vm = true, .bytes_to_client = 26}},
	{DIAGNOSE_TURNED_AWAY, {ACCEPTED, .bytes_to_client = 22}}, /* OpenSSH 9.2 */
	{DIAGNOSE_HOST_KEY, {ACCEPTED, .bytes_to_vm = 2809, .bytes_to_client = 2693}},
	{DIAGNOSE_KEY, {ACCEPTED, .bytes_to_vm = 2937, .bytes_to_client = 2781}},
	{DIAGNOSE_KEY, {ACCEPTED, .bytes_to_vm = 3069, .bytes_to_client = 2873}},
	{DIAGNOSE_KEY, {ACCEPTED, .bytes_to_vm = 3629, .bytes_to_client = 3145}},
	{DIAGNOSE_KEY,
	 {ACCEPTED, .bytes_to_vm = 3565, .bytes_to_client = 2825}}, /* RSA, 4096 bits */
	{DIAGNOSE_KEY, {ACCEPTED, .bytes_to_vm = 4281, .bytes_to_client = 2957}}, /* four keys */
	{DIAGNOSE_KEY, {ACCEPTED, .bytes_to_vm = 3441, .bytes_to_client = 3125}}, /* passwords */
	{DIAGNOSE_LOGIN, {ACCEPTED, .bytes_to_vm = 3733, .bytes_to_client = 3537}},
	{DIAGNOSE_LOGIN, {ACCEPTED, .bytes_to_vm = 3681, .bytes_to_client = 3561}}, /* true */
	{DIAGNOSE_LOGIN, {ACCEPTED, .bytes_to_vm = 3601, .bytes_to_client = 3481}}, /* cut */
	{DIAGNOSE_LOGIN, {ACCEPTED, .bytes_to_vm = 3445, .bytes_to_client = 3321}}, /* -N, cut */
	{DIAGNOSE_LOGIN, {ACCEPTED, .bytes_to_vm = 1 << 30, .bytes_to_client = 1 << 20}},
};

static void test_diagnose_when_any_facts_then_gives_the_first_case(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct diagnosis *diagnosis = connect_diagnose(&cases[i].facts);

		print_message("# %s\n", connect_diagnose_case_name(cases[i].verdict));
		assert_int_equal(diagnosis->verdict, cases[i].verdict);
		assert_non_null(diagnosis->certain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diagnose_when_any_facts_then_gives_the_first_case),
	};

	return cmocka_run_group_tests_name("diagnose", tests, NULL, NULL);
}
