/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/gateway/value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/gateway/header.h"
#include "etcd/gateway/kv.h"

static json_t *parse(const char *text)
{
	json_t *object = json_loads(text, 0, NULL);

	assert_non_null(object);
	return object;
}

static void test_uint_when_written_any_way_then_read_exactly(void **state)
{
	static const struct {
		const char *text;
		int error;
		uint64_t number;
	} cases[] = {
		{"{}", 0, 0},
		{"{\"n\":\"0\"}", 0, 0},
		{"{\"n\":7}", 0, 7},
		{"{\"n\":\"9007199254740993\"}", 0, 9007199254740993ULL}, /* 2^53 + 1 */
		{"{\"n\":\"18446744073709551615\"}", 0, UINT64_MAX},
		{"{\"n\":\"18446744073709551616\"}", -EBADMSG, 0},
		{"{\"n\":\"-1\"}", -EBADMSG, 0},
		{"{\"n\":-1}", -EBADMSG, 0},
		{"{\"n\":\"\"}", -EBADMSG, 0},
		{"{\"n\":\" 1\"}", -EBADMSG, 0},
		{"{\"n\":\"1x\"}", -EBADMSG, 0},
		{"{\"n\":1.5}", -EBADMSG, 0},
		{"{\"n\":null}", -EBADMSG, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *object = parse(cases[i].text);
		uint64_t number = 0;

		assert_int_equal(gateway_value_read_uint(object, "n", &number), cases[i].error);
		assert_int_equal(number, cases[i].number);
		json_decref(object);
	}
}

static void test_int_when_at_its_ends_then_read_exactly(void **state)
{
	static const int64_t numbers[] = {0, -1, 9007199254740993, INT64_MAX, INT64_MIN};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		json_t *object = json_pack("{s:o}", "n", gateway_value_write_int(numbers[i]));
		int64_t number = 1;

		assert_int_equal(gateway_value_read_int(object, "n", &number), 0);
		assert_int_equal(number, numbers[i]);
		json_decref(object);
	}
}

static void test_bytes_when_any_then_the_same_behind_base64(void **state)
{
	char all[256 * 2];

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)i;
	for (size_t length = 0; length <= sizeof(all); length++) {
		json_t *object = json_pack(
			"{s:o}", "b", gateway_value_write_bytes((struct etcd_bytes){all, length}));
		char *data;
		size_t bytes;

		assert_int_equal(gateway_value_read_bytes(object, "b", &data, &bytes), 0);
		assert_int_equal(bytes, length);
		assert_memory_equal(data, all, length);
		assert_int_equal(data[bytes], '\0');
		free(data);
		json_decref(object);
	}
}

static void test_bytes_when_no_base64_then_refused(void **state)
{
	static const char *const texts[] = {
		"{\"b\":\"a\"}",     "{\"b\":\"ab=c\"}", "{\"b\":\"a===\"}",
		"{\"b\":\" YQ==\"}", "{\"b\":\"YQ-_\"}", "{\"b\":1}",
	};
	char *data;
	size_t bytes;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *object = parse(texts[i]);

		assert_int_equal(gateway_value_read_bytes(object, "b", &data, &bytes), -EBADMSG);
		json_decref(object);
	}
}

static void test_prefix_end_when_bytes_are_the_last_then_carried(void **state)
{
	static const struct {
		const char *prefix;
		size_t bytes;
		const char *end;
		size_t end_bytes;
		int error;
	} cases[] = {
		{"/a/", 3, "/a0", 3, 0},       {"a\xff", 2, "b", 1, 0},
		{"a\xff\xff", 3, "b", 1, 0},   {"\x00", 1, "\x01", 1, 0},
		{"\xff", 1, NULL, 0, -EINVAL}, {"", 0, NULL, 0, -EINVAL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *data = NULL;
		size_t bytes;

		assert_int_equal(gateway_value_prefix_end(
					 (struct etcd_bytes){cases[i].prefix, cases[i].bytes},
					 &data, &bytes),
				 cases[i].error);
		if (cases[i].error)
			continue;
		assert_int_equal(bytes, cases[i].end_bytes);
		assert_memory_equal(data, cases[i].end, bytes);
		free(data);
	}
}

static void test_kv_when_fields_are_left_out_then_zero_and_empty(void **state)
{
	json_t *object = parse("{\"key\":\"YQ==\"}");
	struct etcd_kv kv;

	assert_int_equal(gateway_kv_read(object, &kv), 0);
	assert_int_equal(kv.key.bytes, 1);
	assert_memory_equal(kv.key.data, "a", 2);
	assert_int_equal(kv.value.bytes, 0);
	assert_string_equal(kv.value.data, "");
	assert_int_equal(kv.mod_revision, 0);
	gateway_kv_clear(&kv);
	json_decref(object);
}

static void test_header_when_there_is_none_then_refused(void **state)
{
	static const char *const texts[] = {"{}", "{\"header\":1}", "{\"header\":{}}",
					    "{\"header\":{\"cluster_id\":\"x\"}}"};
	struct etcd_header header;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *object = parse(texts[i]);

		assert_int_equal(gateway_header_read(object, &header), -EBADMSG);
		json_decref(object);
	}
	assert_int_equal(gateway_header_read(NULL, &header), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uint_when_written_any_way_then_read_exactly),
		cmocka_unit_test(test_int_when_at_its_ends_then_read_exactly),
		cmocka_unit_test(test_bytes_when_any_then_the_same_behind_base64),
		cmocka_unit_test(test_bytes_when_no_base64_then_refused),
		cmocka_unit_test(test_prefix_end_when_bytes_are_the_last_then_carried),
		cmocka_unit_test(test_kv_when_fields_are_left_out_then_zero_and_empty),
		cmocka_unit_test(test_header_when_there_is_none_then_refused),
	};

	return cmocka_run_group_tests_name("etcd_value", tests, NULL, NULL);
}
