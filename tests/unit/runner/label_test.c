/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/addr.h"
#include "model/build.h"
#include "runner/label.h"

#define NOW_MS 0xab12345678

static const char *const labels[] = {
	"48121",
	"",
	"a",
	".-_",
	"acme/api#48121",
	"line\nbreak",
	"\"quoted\" 'twice'",
	"\x01\x7f\xff\xc3(",
	"../../v1/builds/other",
	"x?state=running&after=y",
	"0123456789012345678901234567890123456789012345678901",
	"01234567890123456789012345678901234567890123456789012",
};

static const char *const addresses[] = {
	"10.0.3.7",
	"2001:db8::7",
	"2001:db8:1111:2222:3333:4444:5555:6666",
};

static void test_id_when_label_is_any_then_names_its_vm_and_is_valid(void **state)
{
	char id[RUNNER_LABEL_ID_BYTES];

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		for (size_t j = 0; j < sizeof(addresses) / sizeof(addresses[0]); j++) {
			struct sp_addr vm, read;

			assert_int_equal(addr_parse(addresses[j], &vm), 0);
			runner_label_id(&vm, labels[i], NOW_MS, id);
			assert_true(model_build_id_valid(id));
			assert_int_equal(runner_label_vm(id, &read), 0);
			assert_memory_equal(&vm, &read, sizeof(vm));
			assert_true(runner_label_same(id, &vm, labels[i], NOW_MS, 1));
		}
}

static void test_id_when_labels_differ_then_none_is_anothers(void **state)
{
	char id[RUNNER_LABEL_ID_BYTES];
	struct sp_addr vm, other;

	addr_parse("10.0.3.7", &vm);
	addr_parse("10.0.3.70", &other);
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		runner_label_id(&vm, labels[i], NOW_MS, id);
		for (size_t j = 0; j < sizeof(labels) / sizeof(labels[0]); j++)
			assert_int_equal(runner_label_same(id, &vm, labels[j], NOW_MS, UINT64_MAX),
					 i == j);
		assert_false(runner_label_same(id, &other, labels[i], NOW_MS, UINT64_MAX));
	}
}

static void test_id_when_label_looks_like_a_longer_id_then_is_not_that(void **state)
{
	char id[RUNNER_LABEL_ID_BYTES];
	struct sp_addr vm;

	addr_parse("10.0.3.7", &vm);
	runner_label_id(&vm, "x-ab12345678", NOW_MS, id);
	assert_false(runner_label_same(id, &vm, "x", NOW_MS, UINT64_MAX));
}

static void test_same_when_older_than_young_then_is_another(void **state)
{
	char id[RUNNER_LABEL_ID_BYTES];
	struct sp_addr vm;

	addr_parse("10.0.3.7", &vm);
	runner_label_id(&vm, "circleci", NOW_MS, id);
	assert_true(runner_label_same(id, &vm, "circleci", NOW_MS + 59999, 60000));
	assert_false(runner_label_same(id, &vm, "circleci", NOW_MS + 60000, 60000));
	assert_false(runner_label_same(id, &vm, "circleci", NOW_MS - 1, 60000));
	assert_false(runner_label_same("", &vm, "circleci", NOW_MS, 60000));
}

static void test_vm_when_id_is_not_ours_then_refuses(void **state)
{
	static const char *const ids[] = {
		"48121",
		"runner-",
		"runner-10.0.3.7",
		"runner-x-1",
		"runner-10.0.3.7.8-1",
		"Runner-10.0.3.7-1",
		"runner-00000000000000000000000000000000000000000000000000000000000000000000-1",
	};
	struct sp_addr vm;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		assert_int_equal(runner_label_vm(ids[i], &vm), -EINVAL);
}

static void test_text_when_bytes_are_any_then_is_one_line_of_utf8(void **state)
{
	static const char *const cases[][2] = {
		{"caf\xc3\xa9\n\t\x1b[31m", "caf\xc3\xa9   [31m"},
		{"\xff\xc3!\xe2\x82", "?\?!?\?"},
		{"\xed\xa0\x80", "?\?\?"},
		{"\xf0\x9f\x9a\x80!", "\xf0\x9f\x9a\x80!"},
		{"0123456789", "0123456789"},
	};
	char text[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(runner_label_text(cases[i][0], text, sizeof(text)),
				    cases[i][1]);
	assert_string_equal(runner_label_text("ab\xc3\xa9", text, 4), "ab");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id_when_label_is_any_then_names_its_vm_and_is_valid),
		cmocka_unit_test(test_id_when_labels_differ_then_none_is_anothers),
		cmocka_unit_test(test_id_when_label_looks_like_a_longer_id_then_is_not_that),
		cmocka_unit_test(test_same_when_older_than_young_then_is_another),
		cmocka_unit_test(test_vm_when_id_is_not_ours_then_refuses),
		cmocka_unit_test(test_text_when_bytes_are_any_then_is_one_line_of_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
