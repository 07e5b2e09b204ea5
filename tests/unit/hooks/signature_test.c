/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hooks/webhook/keys.h"
#include "hooks/webhook/signature.h"

/* The example that the libraries of Standard Webhooks test themselves with. */
static const unsigned char secret[] = {
	0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a, 0xab, 0x4f, 0x08, 0xd4,
	0x3c, 0x3f, 0x08, 0x2c, 0xf6, 0x48, 0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0,
};
static const struct webhook_message message = {
	.id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
	.sent_s = 1614265330,
	.body = "{\"test\": 2432232314}",
};
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static void add_key(struct webhook_keys *keys, const unsigned char *bytes, size_t nr)
{
	memcpy(keys->key[keys->nr].secret, bytes, nr);
	keys->key[keys->nr++].bytes = nr;
}

static void test_make_when_one_key_then_as_the_standard_has_it(void **state)
{
	struct webhook_keys keys = {0};
	char *signature;

	add_key(&keys, secret, sizeof(secret));
	signature = webhook_signature_make(&keys, &message);
	assert_string_equal(signature, SIGNATURE);
	free(signature);
}

static void test_make_when_two_keys_then_two_signatures_in_their_order(void **state)
{
	static const unsigned char other[WEBHOOK_KEY_BYTES_MAX] = "another key";
	struct webhook_keys keys = {0};
	char *signature;

	add_key(&keys, other, sizeof(other));
	add_key(&keys, secret, sizeof(secret));
	signature = webhook_signature_make(&keys, &message);
	assert_int_equal(strlen(signature), 2 * strlen(SIGNATURE) + 1);
	assert_string_equal(strchr(signature, ' ') + 1, SIGNATURE);
	assert_memory_not_equal(signature, SIGNATURE, strlen(SIGNATURE));
	free(signature);
}

static void test_make_when_anything_differs_then_the_signature_does(void **state)
{
	struct webhook_message changed[] = {message, message, message};
	struct webhook_keys keys = {0};

	add_key(&keys, secret, sizeof(secret));
	changed[0].id = "msg_p5jXN8AQM9LWM0D4loKWxJel";
	changed[1].sent_s++;
	changed[2].body = "{\"test\":2432232314}";
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++) {
		char *signature = webhook_signature_make(&keys, &changed[i]);

		assert_string_not_equal(signature, SIGNATURE);
		free(signature);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make_when_one_key_then_as_the_standard_has_it),
		cmocka_unit_test(test_make_when_two_keys_then_two_signatures_in_their_order),
		cmocka_unit_test(test_make_when_anything_differs_then_the_signature_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
