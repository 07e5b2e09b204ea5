/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "page/files.h"
#include "page/hosts.h"

static const char names[2][CONFIG_HOST_SIZE] = {"edge.example.org", "10.9.8.7"};

static const struct {
	const char *host; /* NULL: none */
	bool allowed;
} cases[] = {
	{"127.0.0.1", true},
	{"127.0.0.1:9464", true},
	{"192.0.2.1", true},
	{"[::1]", true},
	{"[2001:db8::1]:80", true},
	{"localhost", true},
	{"LocalHost:9464", true},
	{"edge.example.org", true},
	{"EDGE.example.org:443", true},
	{"10.9.8.7", true},
	{NULL, false},
	{"", false},
	{":80", false},
	{"localhost.", false},
	{"localhost.evil.example", false},
	{"evil-localhost", false},
	{"edge.example.org.", false},
	{"edge.example.or", false},
	{"xedge.example.org", false},
	{"127.0.0.1.evil.example", false},
	{"127.0.0.1x", false},
	{"127.1", false},
	{"2130706433", false},
	{"0x7f.0.0.1", false},
	{"[::1", true}, /* an address all the same; its form is refused before (http/form.h) */
	{"[localhost]", false},
	{"[127.0.0.1]", false},
	{"[]", false},
	{"::1", false},
};

static void test_allow_when_any_host_then_addresses_and_names_alone(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("# %s\n", cases[i].host ? cases[i].host : "none");
		assert_int_equal(page_hosts_allow(cases[i].host, names, 2), cases[i].allowed);
	}
	assert_false(page_hosts_allow("edge.example.org", names, 0));
}

static void test_allow_when_longer_than_any_name_then_refused(void **state)
{
	char host[CONFIG_HOST_SIZE + 1];

	memset(host, 'a', sizeof(host));
	host[CONFIG_HOST_SIZE] = '\0';
	assert_false(page_hosts_allow(host, names, 2));
	host[CONFIG_HOST_SIZE - 1] = '\0';
	assert_false(page_hosts_allow(host, names, 2));
}

static void test_files_when_named_then_whole_and_of_a_type(void **state)
{
	const struct page_file *file = page_files_find("status.html");

	assert_non_null(file);
	assert_string_equal(file->media_type, "text/html; charset=utf-8");
	assert_memory_equal(file->data, "<!doctype html>\n", 16);
	assert_memory_equal(file->data + file->bytes - 8, "</html>\n", 8);
	assert_null(page_files_find("status"));
	assert_null(page_files_find(""));
	assert_null(page_files_find("../status.html"));
	for (file = page_files_all; file->name; file++)
		assert_ptr_equal(page_files_find(file->name), file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allow_when_any_host_then_addresses_and_names_alone),
		cmocka_unit_test(test_allow_when_longer_than_any_name_then_refused),
		cmocka_unit_test(test_files_when_named_then_whole_and_of_a_type),
	};

	return cmocka_run_group_tests_name("page-hosts", tests, NULL, NULL);
}
