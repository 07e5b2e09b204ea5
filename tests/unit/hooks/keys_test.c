/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "hooks/webhook/keys.h"

#define FIRST  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define SECOND "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="

static char path[] = "/tmp/sallyport-keys-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	return unlink(path);
}

static int read_text(const char *text, mode_t mode, struct webhook_keys *ret_keys,
		     char ret_reason[WEBHOOK_REASON_BYTES])
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
	return webhook_keys_read(path, ret_keys, ret_reason);
}

static void test_read_when_keys_and_comments_then_the_keys(void **state)
{
	char reason[WEBHOOK_REASON_BYTES];
	struct webhook_keys keys;

	assert_int_equal(read_text("# the new one\n" FIRST "\r\n\n" SECOND, 0640, &keys, reason),
			 0);
	assert_int_equal(keys.nr, 2);
	assert_int_equal(keys.key[0].bytes, 24);
	assert_memory_equal(keys.key[0].secret, "\x31\xf2\x90\xf6", 4);
	assert_int_equal(keys.key[1].bytes, 26);
	assert_memory_equal(keys.key[1].secret, "AAAAAAAAAAAAAAAAAAAAAAAAAA", 26);
}

static const struct {
	const char *text;
	mode_t mode;
	const char *says;
} wrong[] = {
	{FIRST "\n", 0644, ": it is open to others: chmod o= it"},
	{FIRST "\n", 0602, ": it is open to others: chmod o= it"},
	{"", 0600, ": there is no key in it"},
	{"# nothing\n\n", 0600, ": there is no key in it"},
	{FIRST "\nMfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", 0600, ":2: a key is whsec_ and"},
	{"#\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS\n", 0600, ":2: a key is whsec_ and"},
	{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==\n", 0600, ":1: a key is whsec_ and"},
	{"whsec_MfKQ9r8GKYqrTwjU=D8ILPZIo2LaLaSw\n", 0600, ":1: a key is whsec_ and"},
	{"whsec_MfKQ9r8GKYqrTwjU D8ILPZIo2LaLaSw\n", 0600, ":1: a key is whsec_ and"},
	{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw \n", 0600, ":1: a key is whsec_ and"},
	{"whsec_" /* 66 bytes */
	 "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"
	 "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\n",
	 0600, ":1: a key is whsec_ and"},
	{FIRST "\n" FIRST "\n" FIRST "\n" FIRST "\n" FIRST "\n" FIRST "\n" FIRST "\n" FIRST
	       "\n" FIRST "\n",
	 0600, ":9: there are more than 8 keys"},
};

static void test_read_when_file_is_wrong_then_it_says_where(void **state)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char reason[WEBHOOK_REASON_BYTES] = "";
		struct webhook_keys keys = {.nr = 7};

		assert_true(read_text(wrong[i].text, wrong[i].mode, &keys, reason) < 0);
		assert_memory_equal(reason, path, strlen(path));
		assert_memory_equal(reason + strlen(path), wrong[i].says, strlen(wrong[i].says));
		assert_int_equal(keys.nr, 7);
	}
}

static void test_read_when_there_is_no_file_then_it_is_named(void **state)
{
	char reason[WEBHOOK_REASON_BYTES];
	struct webhook_keys keys;

	assert_int_equal(webhook_keys_read("/nowhere/keys", &keys, reason), -ENOENT);
	assert_string_equal(reason, "/nowhere/keys: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_when_keys_and_comments_then_the_keys),
		cmocka_unit_test(test_read_when_file_is_wrong_then_it_says_where),
		cmocka_unit_test(test_read_when_there_is_no_file_then_it_is_named),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
