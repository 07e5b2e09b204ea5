/* SPDX-License-Identifier: BSD-3-Clause */
#include "explain/ssh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define IDENTIFICATION	     "SSH-2.0-sallyport\r\n"
#define IDENTIFICATION_BYTES (sizeof(IDENTIFICATION) - 1)
/* Within the packet: length, padding length, type, reason, length of the text. */
#define TEXT_AT (4 + 1 + 1 + 4 + 4)

static uint32_t get_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void test_encode_when_short_then_these_bytes(void **state)
{
	static const uint8_t expected[] =
		IDENTIFICATION "\x00\x00\x00\x14"   /* what follows: 20 */
			       "\x04"		    /* padding */
			       "\x01"		    /* SSH_MSG_DISCONNECT */
			       "\x00\x00\x00\x02"   /* SSH_DISCONNECT_PROTOCOL_ERROR */
			       "\x00\x00\x00\x02no" /* description */
			       "\x00\x00\x00\x00"   /* language tag */
			       "\x00\x00\x00\x00";  /* padding */
	uint8_t bytes[EXPLAIN_SSH_MAX];

	assert_int_equal(explain_ssh_encode("no", bytes), sizeof(expected) - 1);
	assert_memory_equal(bytes, expected, sizeof(expected) - 1);
}

/* RFC 4253, 6: whole blocks of 8 bytes, at least 4 and at most 255 of padding, at least 16. */
static void test_encode_when_any_length_then_framed(void **state)
{
	char text[EXPLAIN_TEXT_MAX + 100];

	for (size_t len = 0; len < sizeof(text); len++) {
		size_t kept = len < EXPLAIN_TEXT_MAX ? len : EXPLAIN_TEXT_MAX, bytes_nr;
		uint8_t bytes[EXPLAIN_SSH_MAX + 8], *packet = bytes + IDENTIFICATION_BYTES;

		memset(text, 'x', len);
		text[len] = '\0';
		memset(bytes, 0xee, sizeof(bytes));
		bytes_nr = explain_ssh_encode(text, bytes);
		assert_in_range(bytes_nr, IDENTIFICATION_BYTES + 16, EXPLAIN_SSH_MAX);
		assert_memory_equal(bytes, IDENTIFICATION, IDENTIFICATION_BYTES);
		assert_int_equal(get_u32(packet), bytes_nr - IDENTIFICATION_BYTES - 4);
		assert_int_equal((get_u32(packet) + 4) % 8, 0);
		assert_in_range(packet[4], 4, 11);
		assert_int_equal(get_u32(packet + TEXT_AT - 4), kept);
		assert_int_equal(get_u32(packet + TEXT_AT + kept), 0);
		assert_int_equal(packet + TEXT_AT + kept + 4 + packet[4] - bytes, bytes_nr);
		assert_int_equal(bytes[bytes_nr], 0xee);
		if (len == sizeof(text) - 1)
			break;
	}
}

static void test_encode_when_not_printable_then_question_marks(void **state)
{
	static const struct {
		const char *text;
		const char *sent;
	} cases[] = {
		{"a\nb", "a?b"},
		{"a\r\nSSH-2.0-evil", "a??SSH-2.0-evil"},
		{"\x1b[31mred", "?[31mred"},
		{"\x7f\x80\xff", "???"},
		{"caf\xc3\xa9", "caf??"},
		{" ~", " ~"},
		{"tab\there", "tab?here"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[EXPLAIN_SSH_MAX];
		const uint8_t *packet = bytes + IDENTIFICATION_BYTES;
		size_t len = strlen(cases[i].sent);

		explain_ssh_encode(cases[i].text, bytes);
		assert_int_equal(get_u32(packet + TEXT_AT - 4), len);
		assert_memory_equal(packet + TEXT_AT, cases[i].sent, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode_when_short_then_these_bytes),
		cmocka_unit_test(test_encode_when_any_length_then_framed),
		cmocka_unit_test(test_encode_when_not_printable_then_question_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
