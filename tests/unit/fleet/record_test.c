/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/store/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet/store/claims.h"
#include "host/boottime.h"

static struct record *make(const char *body)
{
	struct record *record = calloc(1, sizeof(*record));

	assert_non_null(record);
	strcpy(record->id, "a");
	strcpy(record->change, "x-1");
	record->body = json_loads(body, 0, NULL);
	assert_non_null(record->body);
	return record;
}

static void test_record_when_written_then_read_the_same(void **state)
{
	struct record *record = make("{\"nodes\":[{\"index\":0}],\"title\":\"t\"}"), *read;
	char *text;

	record->created_ns = 1700000000123456789;
	record->finished_ns = 1700000001000000000;
	record->until_ns = 3;
	record->ended_ns = 4;
	text = store_record_write(record);
	assert_non_null(text);
	assert_int_equal(store_record_read("a", text, 7, &read), 0);
	assert_true(json_equal(read->body, record->body));
	assert_int_equal(read->created_ns, record->created_ns);
	assert_int_equal(read->finished_ns, record->finished_ns);
	assert_int_equal(read->until_ns, 3);
	assert_int_equal(read->ended_ns, 4);
	assert_int_equal(read->mod_revision, 7);
	assert_string_equal(read->change, "x-1");
	free(text);
	store_record_free(read);
	store_record_free(record);
}

static void test_record_when_it_is_none_then_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"{}",
		"[]",
		("{\"version\":2,\"body\":{\"nodes\":[]},\"created\":1,\"finished\":0,\"until\":0,"
		 "\"ended\":0,\"change\":\"x\"}"),
		("{\"version\":1,\"body\":{},\"created\":1,\"finished\":0,\"until\":0,\"ended\":0,"
		 "\"change\":\"x\"}"),
		("{\"version\":1,\"body\":{\"nodes\":[]},\"created\":\"1\",\"finished\":0,"
		 "\"until\":0,\"ended\":0,\"change\":\"x\"}"),
	};
	struct record *record;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(store_record_read("a", texts[i], 1, &record), -EBADMSG);
}

static void test_deadline_when_finished_and_extended_then_as_sallyportd_has_it(void **state)
{
	struct record *record = make("{\"nodes\":[],\"max_lifetime_s\":1000,\"linger_s\":100}");

	record->created_ns = 5 * NS_PER_S;
	assert_int_equal(store_record_deadline_ns(record), 1005 * NS_PER_S);
	record->finished_ns = 50 * NS_PER_S;
	assert_int_equal(store_record_deadline_ns(record), 150 * NS_PER_S);
	record->until_ns = 200 * NS_PER_S;
	assert_int_equal(store_record_deadline_ns(record), 200 * NS_PER_S);
	record->until_ns = 0;
	record->finished_ns = 990 * NS_PER_S; /* the lifetime comes first */
	assert_int_equal(store_record_deadline_ns(record), 1005 * NS_PER_S);
	store_record_free(record);
}

static void test_finish_when_extended_before_then_the_linger_is_left_or_less(void **state)
{
	struct record *record = make("{\"nodes\":[],\"max_lifetime_s\":1000,\"linger_s\":100}");

	record->created_ns = 5 * NS_PER_S;
	record->until_ns = 2000 * NS_PER_S;
	store_record_finish(record, 50 * NS_PER_S);
	assert_int_equal(record->finished_ns, 50 * NS_PER_S);
	assert_int_equal(store_record_deadline_ns(record), 150 * NS_PER_S);
	record->until_ns = 2000 * NS_PER_S; /* it ends before it would linger out */
	store_record_finish(record, 1950 * NS_PER_S);
	assert_int_equal(store_record_deadline_ns(record), 2000 * NS_PER_S);
	record->until_ns = 0;
	store_record_finish(record, 50 * NS_PER_S);
	assert_int_equal(record->until_ns, 0);
	store_record_free(record);
}

/* As sallyportd counts it on every edge: nobody was done before it was begun, or will have been. */
static void test_finish_when_its_time_makes_no_sense_then_the_next_that_does(void **state)
{
	struct record *record = make("{\"nodes\":[],\"max_lifetime_s\":43200,\"linger_s\":1800}");
	uint64_t now_ns = boottime_wall_ns();

	record->created_ns = now_ns - 3600 * NS_PER_S;
	store_record_finish(record, now_ns + 7200 * NS_PER_S);
	assert_in_range(record->finished_ns, now_ns, now_ns + 60 * NS_PER_S);
	assert_int_equal(store_record_deadline_ns(record), record->finished_ns + 1800 * NS_PER_S);
	store_record_finish(record, record->created_ns - 3600 * NS_PER_S);
	assert_int_equal(record->finished_ns, record->created_ns);
	store_record_free(record);
}

static void test_claims_when_nodes_have_forwards_then_each_port_and_each_vm(void **state)
{
	static const char *const keys[] = {
		"/f/taken/ports/192.0.2.1/60000", "/f/taken/endpoints/10.0.0.7/22/tcp",
		"/f/taken/ports/192.0.2.1/60001", "/f/taken/endpoints/10.0.0.7/5901/udp",
		"/f/taken/ports/192.0.2.1/60002", /* a node without a VM yet */
	};
	struct record *record = make(
		"{\"nodes\":[{\"index\":0,\"address\":\"10.0.0.7\",\"public_address\":"
		"\"192.0.2.1\",\"public_port\":60000,\"forwards\":[{\"name\":\"v\",\"port\":5901,"
		"\"protocol\":\"udp\",\"public_port\":60001}]},{\"index\":1,\"public_address\":"
		"\"192.0.2.1\",\"public_port\":60002}]}");
	struct store_claims claims;

	assert_int_equal(store_claims_list("/f", record, &claims), 0);
	assert_int_equal(claims.nr, sizeof(keys) / sizeof(keys[0]));
	for (unsigned int i = 0; i < claims.nr; i++)
		assert_string_equal(claims.claim[i].key, keys[i]);
	assert_string_equal(claims.claim[1].pointer, "/nodes/0/address");
	assert_string_equal(claims.claim[3].pointer, "/nodes/0/forwards/0/port");
	assert_true(store_claims_has(&claims, keys[4]));
	assert_false(store_claims_has(&claims, "/f/taken/ports/192.0.2.1/6000"));
	store_claims_clear(&claims);
	store_record_free(record);
}

static void test_claims_when_a_port_makes_no_sense_then_refused(void **state)
{
	static const char *const bodies[] = {
		"{\"nodes\":[{\"index\":0}]}",
		"{\"nodes\":[{\"public_address\":\"192.0.2.1\",\"public_port\":0}]}",
		"{\"nodes\":[{\"public_address\":\"x\",\"public_port\":1}]}",
		("{\"nodes\":[{\"public_address\":\"192.0.2.1\",\"public_port\":1,\"address\":"
		 "\"10.0.0.1\",\"port\":\"22\"}]}"),
		"{\"nodes\":[{\"public_address\":\"192.0.2.1\",\"public_port\":1,\"address\":7}]}",
	};
	struct store_claims claims;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct record *record = make(bodies[i]);

		assert_int_equal(store_claims_list("/f", record, &claims), -EBADMSG);
		store_record_free(record);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_when_written_then_read_the_same),
		cmocka_unit_test(test_record_when_it_is_none_then_refused),
		cmocka_unit_test(
			test_deadline_when_finished_and_extended_then_as_sallyportd_has_it),
		cmocka_unit_test(test_finish_when_extended_before_then_the_linger_is_left_or_less),
		cmocka_unit_test(test_finish_when_its_time_makes_no_sense_then_the_next_that_does),
		cmocka_unit_test(test_claims_when_nodes_have_forwards_then_each_port_and_each_vm),
		cmocka_unit_test(test_claims_when_a_port_makes_no_sense_then_refused),
	};

	return cmocka_run_group_tests_name("fleet_record", tests, NULL, NULL);
}
