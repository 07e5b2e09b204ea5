/* SPDX-License-Identifier: BSD-3-Clause */
#include "explain/ssh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Within the packet: length, padding length, type, reason, length of the text. */
#define TEXT_AT (4 + 1 + 1 + 4 + 4)

static uint32_t get_u32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void test_disconnect_when_short_then_these_bytes(void **state)
{
	static const uint8_t expected[] = "\x00\x00\x00\x14"   /* what follows: 20 */
					  "\x04"	       /* padding */
					  "\x01"	       /* SSH_MSG_DISCONNECT */
					  "\x00\x00\x00\x02"   /* SSH_DISCONNECT_PROTOCOL_ERROR */
					  "\x00\x00\x00\x02no" /* description */
					  "\x00\x00\x00\x00"   /* language tag */
					  "\x00\x00\x00\x00";  /* padding */
	uint8_t bytes[EXPLAIN_SSH_MAX];

	assert_int_equal(explain_ssh_disconnect("no", bytes), sizeof(expected) - 1);
	assert_memory_equal(bytes, expected, sizeof(expected) - 1);
	assert_int_equal(explain_ssh_identify(bytes), strlen("SSH-2.0-sallyport\r\n"));
	assert_memory_equal(bytes, "SSH-2.0-sallyport\r\n", strlen("SSH-2.0-sallyport\r\n"));
}

/* RFC 4253, 6: whole blocks of 8 bytes, at least 4 and at most 255 of padding, at least 16. */
static void test_disconnect_when_any_length_then_framed(void **state)
{
	char text[EXPLAIN_TEXT_MAX + 100];

	for (size_t len = 0; len < sizeof(text); len++) {
		size_t kept = len < EXPLAIN_TEXT_MAX ? len : EXPLAIN_TEXT_MAX, bytes_nr;
		uint8_t bytes[EXPLAIN_SSH_MAX + 8], *packet = bytes;

		memset(text, 'x', len);
		text[len] = '\0';
		memset(bytes, 0xee, sizeof(bytes));
		bytes_nr = explain_ssh_disconnect(text, bytes);
		assert_in_range(bytes_nr, 16, EXPLAIN_SSH_MAX);
		assert_int_equal(get_u32(packet), bytes_nr - 4);
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

static void test_disconnect_when_not_printable_then_question_marks(void **state)
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
		const uint8_t *packet = bytes;
		size_t len = strlen(cases[i].sent);

		explain_ssh_disconnect(cases[i].text, bytes);
		assert_int_equal(get_u32(packet + TEXT_AT - 4), len);
		assert_memory_equal(packet + TEXT_AT, cases[i].sent, len);
	}
}

static void test_outdated_when_any_length_then_one_line(void **state)
{
	char text[EXPLAIN_TEXT_MAX + 1];
	uint8_t bytes[EXPLAIN_SSH_MAX];

	assert_int_equal(explain_ssh_outdated("a\nb", bytes), strlen("SSH-1.0-a?b\r\n"));
	assert_memory_equal(bytes, "SSH-1.0-a?b\r\n", strlen("SSH-1.0-a?b\r\n"));
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(explain_ssh_outdated(text, bytes), EXPLAIN_LINE_MAX);
	assert_memory_equal(bytes + EXPLAIN_LINE_MAX - 3, "x\r\n", 3);
}

#define KEXINIT "\0\0\0\4ABCD"

/* In one piece and byte by byte it is the same. */
static void test_words_when_they_come_then_how_far(void **state)
{
	static const struct {
		const char *words;
		size_t len_bytes;
		enum explain_heard heard;
		bool dropbear;
	} cases[] = {
#define WORDS(text) text, sizeof(text) - 1
		{WORDS(""), EXPLAIN_HEARD_NOTHING, false},
		{WORDS("SSH-2.0-OpenSSH_9.2"), EXPLAIN_HEARD_NOTHING, false},
		{WORDS("SSH-2.0-OpenSSH_9.2\r\n"), EXPLAIN_HEARD_LINE, false},
		{WORDS("SSH-2.0-OpenSSH_9.2\r\n\0\0\0"), EXPLAIN_HEARD_LINE, false},
		{WORDS("SSH-2.0-OpenSSH_9.2\r\n\0\0\0\x04"
		       "ABC"),
		 EXPLAIN_HEARD_LINE, false},
		{WORDS("SSH-2.0-OpenSSH_9.2\r\n" KEXINIT), EXPLAIN_HEARD_PACKET, false},
		{WORDS("SSH-2.0-OpenSSH_9.2\r\n" KEXINIT "more"), EXPLAIN_HEARD_PACKET, false},
		{WORDS("SSH-2.0-dropbear_2022.83"), EXPLAIN_HEARD_NOTHING, false},
		{WORDS("SSH-2.0-dropbear_2022.83\r\n"), EXPLAIN_HEARD_LINE, true},
		{WORDS("SSH-2.0-dropbear\n" KEXINIT), EXPLAIN_HEARD_PACKET, true},
		{WORDS("SSH-2.0-x dropbear\r\n"), EXPLAIN_HEARD_LINE, false},
		{WORDS("GET / HTTP/1.1\r\n" KEXINIT), EXPLAIN_HEARD_NOTHING, false},
		{WORDS("\n\n\n\n"), EXPLAIN_HEARD_NOTHING, false},
		{WORDS("SSH-2.0-x\r\n\xff\xff\xff\xff much"), EXPLAIN_HEARD_LINE, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct explain_words whole = {0}, slow = {0};
		enum explain_heard heard = EXPLAIN_HEARD_NOTHING;
		const uint8_t *bytes = (const uint8_t *)cases[i].words;

		assert_int_equal(explain_ssh_hear(&whole, bytes, cases[i].len_bytes),
				 cases[i].heard);
		assert_int_equal(explain_ssh_is_dropbear(&whole), cases[i].dropbear);
		for (size_t at = 0; at < cases[i].len_bytes; at++)
			heard = explain_ssh_hear(&slow, bytes + at, 1);
		assert_int_equal(heard, cases[i].heard);
		assert_memory_equal(slow.head, whole.head, sizeof(slow.head));
	}
}

static void test_words_when_the_line_is_too_long_then_nothing(void **state)
{
	struct explain_words words = {0};
	uint8_t line[EXPLAIN_LINE_MAX + 64];

	memset(line, 'x', sizeof(line));
	memcpy(line, "SSH-2.0-", 8);
	line[EXPLAIN_LINE_MAX] = '\n';
	assert_int_equal(explain_ssh_hear(&words, line, sizeof(line)), EXPLAIN_HEARD_NOTHING);
	words = (struct explain_words){0};
	line[EXPLAIN_LINE_MAX - 1] = '\n';
	assert_int_equal(explain_ssh_hear(&words, line, EXPLAIN_LINE_MAX), EXPLAIN_HEARD_LINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disconnect_when_short_then_these_bytes),
		cmocka_unit_test(test_disconnect_when_any_length_then_framed),
		cmocka_unit_test(test_disconnect_when_not_printable_then_question_marks),
		cmocka_unit_test(test_outdated_when_any_length_then_one_line),
		cmocka_unit_test(test_words_when_they_come_then_how_far),
		cmocka_unit_test(test_words_when_the_line_is_too_long_then_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
