/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/store/mirror.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fleet/store/record.h"

#define RECORD                                                                                     \
	"{\"version\":1,\"body\":{\"nodes\":[]},\"created\":1,\"finished\":0,\"until\":0,"         \
	"\"ended\":0,\"change\":\"x\"}"

/* One whose node has this public port. */
#define RECORD_AT(port)                                                                            \
	"{\"version\":1,\"body\":{\"nodes\":[{\"index\":0,\"public_address\":\"192.0.2.1\","       \
	"\"public_port\":" port "}]},\"created\":1,\"finished\":0,\"until\":0,\"ended\":0,"        \
	"\"change\":\"x\"}"

static void put(struct mirror *mirror, const char *key, const char *value, int64_t revision)
{
	const char *id;

	assert_int_equal(store_mirror_put(mirror, key, value, revision, &id), 0);
}

static void note_gone(void *context, const char *id)
{
	strcat(context, id);
}

static void test_mirror_when_keys_are_put_then_found_by_what_they_are(void **state)
{
	struct mirror *mirror = store_mirror_new("/f");
	const char *id;

	assert_int_equal(store_mirror_put(mirror, "/f/builds/a", RECORD_AT("60001"), 3, &id), 0);
	assert_string_equal(id, "a");
	assert_true(store_mirror_has_port(mirror, "/f/taken/ports/192.0.2.1/60001"));
	assert_int_equal(store_mirror_put(mirror, "/f/sync", "a", 3, &id), 0);
	assert_null(id);
	put(mirror, "/g/builds/b", RECORD, 3);
	assert_int_equal(store_mirror_put(mirror, "/f/builds/bad", "{}", 3, &id), -EBADMSG);
	assert_string_equal(id, "bad");
	assert_int_equal(store_mirror_count(mirror), 1);
	assert_int_equal(store_mirror_find(mirror, "a")->mod_revision, 3);
	put(mirror, "/f/builds/a", RECORD_AT("60000"), 4);
	assert_int_equal(store_mirror_count(mirror), 1);
	assert_int_equal(store_mirror_find(mirror, "a")->mod_revision, 4);
	assert_null(store_mirror_find(mirror, "b"));
	assert_true(store_mirror_has_port(mirror, "/f/taken/ports/192.0.2.1/60000"));
	assert_false(store_mirror_has_port(mirror, "/f/taken/ports/192.0.2.1/60001"));
	store_mirror_free(mirror);
}

static void test_mirror_when_keys_go_then_forgotten(void **state)
{
	struct mirror *mirror = store_mirror_new("/f");

	put(mirror, "/f/builds/a", RECORD_AT("60000"), 3);
	assert_true(store_mirror_has_port(mirror, "/f/taken/ports/192.0.2.1/60000"));
	assert_string_equal(store_mirror_gone(mirror, "/f/builds/a"), "a");
	assert_false(store_mirror_has_port(mirror, "/f/taken/ports/192.0.2.1/60000"));
	assert_null(store_mirror_gone(mirror, "/f/builds/a"));
	assert_null(store_mirror_gone(mirror, "/other"));
	assert_int_equal(store_mirror_count(mirror), 0);
	store_mirror_free(mirror);
}

static void test_mirror_when_read_as_a_whole_then_what_was_not_put_has_gone(void **state)
{
	struct mirror *mirror = store_mirror_new("/f");
	char gone[32] = "";

	put(mirror, "/f/builds/a", RECORD_AT("60000"), 3);
	put(mirror, "/f/builds/b", RECORD_AT("60001"), 3);
	store_mirror_begin(mirror);
	put(mirror, "/f/builds/a", RECORD_AT("60000"), 3);
	store_mirror_begin(mirror); /* the reading began anew: a was put in the one before */
	put(mirror, "/f/builds/b", RECORD_AT("60001"), 3);
	put(mirror, "/f/builds/c", RECORD, 5);
	store_mirror_whole(mirror, note_gone, gone);
	assert_string_equal(gone, "a");
	assert_int_equal(store_mirror_count(mirror), 2);
	assert_false(store_mirror_has_port(mirror, "/f/taken/ports/192.0.2.1/60000"));
	assert_true(store_mirror_has_port(mirror, "/f/taken/ports/192.0.2.1/60001"));
	store_mirror_free(mirror);
}

/* A store that was lost cancels nothing, also if it was known before. */
static void test_mirror_when_the_store_is_empty_then_no_build_is_told_gone(void **state)
{
	struct mirror *mirror = store_mirror_new("/f");
	char gone[32] = "";

	put(mirror, "/f/builds/a", RECORD_AT("60000"), 3);
	store_mirror_begin(mirror);
	store_mirror_whole(mirror, note_gone, gone);
	assert_string_equal(gone, "");
	assert_int_equal(store_mirror_count(mirror), 0);
	assert_false(store_mirror_has_port(mirror, "/f/taken/ports/192.0.2.1/60000"));
	store_mirror_free(mirror);
}

/* That one was forgotten may be heard after it was declared anew, by way of another edge. */
static void test_mirror_when_one_is_forgotten_late_then_a_newer_record_stays(void **state)
{
	struct mirror *mirror = store_mirror_new("/f");

	put(mirror, "/f/builds/a", RECORD_AT("60000"), 3);
	put(mirror, "/f/builds/b", RECORD_AT("60001"), 9);
	store_mirror_forget(mirror, "a", 7);
	store_mirror_forget(mirror, "b", 7);
	store_mirror_forget(mirror, "c", 7);
	assert_null(store_mirror_find(mirror, "a"));
	assert_non_null(store_mirror_find(mirror, "b"));
	assert_false(store_mirror_has_port(mirror, "/f/taken/ports/192.0.2.1/60000"));
	assert_true(store_mirror_has_port(mirror, "/f/taken/ports/192.0.2.1/60001"));
	store_mirror_free(mirror);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mirror_when_keys_are_put_then_found_by_what_they_are),
		cmocka_unit_test(test_mirror_when_keys_go_then_forgotten),
		cmocka_unit_test(test_mirror_when_read_as_a_whole_then_what_was_not_put_has_gone),
		cmocka_unit_test(test_mirror_when_one_is_forgotten_late_then_a_newer_record_stays),
		cmocka_unit_test(test_mirror_when_the_store_is_empty_then_no_build_is_told_gone),
	};

	return cmocka_run_group_tests_name("fleet_mirror", tests, NULL, NULL);
}
