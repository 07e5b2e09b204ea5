/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each block byte by byte, by draft-ietf-opsawg-pcapng-03: 3.1 the head and the length of a block,
 * 3.5 options, 4.1 the section, 4.2 interfaces, 4.3 packets, 4.6 statistics. The bytes are those of
 * a little-endian machine, which is what there is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "watch/capture/pcapng.h"

#define WALL_NS 0x18eb0a1b2c3d4e5fULL

struct bytes {
	size_t nr;
	unsigned char at[PCAPNG_BLOCK_MAX];
};

/* Adds bytes given in hexadecimal; blanks are for the eye. */
static void add(struct bytes *bytes, const char *hex)
{
	unsigned int value;
	int taken;

	while (sscanf(hex, " %2x%n", &value, &taken) == 1) {
		bytes->at[bytes->nr++] = (unsigned char)value;
		hex += taken;
	}
	assert_int_equal(hex[strspn(hex, " ")], '\0');
}

static void expect(const char *block, size_t bytes, const struct bytes *wanted)
{
	assert_int_equal(bytes, wanted->nr);
	assert_memory_equal(block, wanted->at, wanted->nr);
}

/* 4.1: type, length, byte-order magic, version 1.0, section length unknown (-1). */
static void test_section_when_written_then_as_in_4_1(void **state)
{
	char block[PCAPNG_BLOCK_MAX];
	struct bytes wanted = {0};

	add(&wanted, "0a0d0d0a 34000000 4d3c2b1a 0100 0000 ffffffffffffffff");
	add(&wanted, "0400 0500 73616c6c79 000000"); /* shb_userappl, 5 bytes and 3 to pad */
	add(&wanted, "0100 0400 34383132");	     /* opt_comment, none to pad */
	add(&wanted, "0000 0000 34000000");	     /* opt_endofopt, and the length again */
	expect(block, capture_pcapng_section(block, "sally", "4812"), &wanted);
}

/* 4.2: type 1, link type 1 (Ethernet), reserved, snap length; if_tsresol 9: nanoseconds. */
static void test_interface_when_written_then_as_in_4_2(void **state)
{
	char block[PCAPNG_BLOCK_MAX];
	struct bytes wanted = {0};

	add(&wanted, "01000000 30000000 0100 0000 80000000");
	add(&wanted, "0200 0400 65746830");  /* if_name */
	add(&wanted, "0300 0300 564d73 00"); /* if_description */
	add(&wanted, "0900 0100 09 000000"); /* if_tsresol */
	add(&wanted, "0000 0000 30000000");
	expect(block, capture_pcapng_interface(block, "eth0", "VMs", 128), &wanted);
}

/* 4.3: interface, time (upper half first), kept and original length, data padded to 32 bits. */
static void test_packet_when_nothing_is_lost_then_as_in_4_3(void **state)
{
	const struct pcapng_packet packet = {.interface = 1,
					     .wall_ns = WALL_NS,
					     .frame_bytes = 1500,
					     .kept_bytes = 5,
					     .data = "frame",
					     .fate = "raced: x"};
	char block[PCAPNG_BLOCK_MAX];
	struct bytes wanted = {0};

	add(&wanted, "06000000 40000000 01000000 1b0aeb18 5f4e3d2c 05000000 dc050000");
	add(&wanted, "6672616d65 000000");
	add(&wanted, "0200 0400 01000000");	    /* epb_flags: inbound */
	add(&wanted, "0100 0800 72616365643a2078"); /* opt_comment */
	add(&wanted, "0000 0000 40000000");
	expect(block, capture_pcapng_packet(block, &packet), &wanted);
}

/* 4.3: epb_dropcount is 8 bytes; 3.5: opt_comment may be there more than once. */
static void test_packet_when_some_are_lost_then_dropcount_and_a_comment(void **state)
{
	const struct pcapng_packet packet = {.wall_ns = 1,
					     .frame_bytes = 60,
					     .data = "",
					     .lost = 0x1234,
					     .fate = "ok",
					     .loss = "lost"};
	char block[PCAPNG_BLOCK_MAX];
	struct bytes wanted = {0};

	add(&wanted, "06000000 48000000 00000000 00000000 01000000 00000000 3c000000");
	add(&wanted, "0200 0400 01000000");
	add(&wanted, "0400 0800 3412000000000000"); /* epb_dropcount */
	add(&wanted, "0100 0200 6f6b 0000");
	add(&wanted, "0100 0400 6c6f7374");
	add(&wanted, "0000 0000 48000000");
	expect(block, capture_pcapng_packet(block, &packet), &wanted);
}

/* 4.6: interface, time; isb_ifrecv and isb_ifdrop of 8 bytes each. */
static void test_statistics_when_written_then_as_in_4_6(void **state)
{
	const struct pcapng_statistics statistics = {
		.interface = 1, .wall_ns = WALL_NS, .received = 300, .lost = 7};
	char block[PCAPNG_BLOCK_MAX];
	struct bytes wanted = {0};

	add(&wanted, "05000000 34000000 01000000 1b0aeb18 5f4e3d2c");
	add(&wanted, "0400 0800 2c01000000000000 0500 0800 0700000000000000");
	add(&wanted, "0000 0000 34000000");
	expect(block, capture_pcapng_statistics(block, &statistics), &wanted);
}

/* 3.1 and 3.5 for a packet of each length, and comments of each: everything lies at 32 bits. */
static void test_packet_when_of_any_length_then_padded_with_zeroes(void **state)
{
	static const char data[256] = {[0 ... 255] = 'd'};
	char block[PCAPNG_BLOCK_MAX], comment[PCAPNG_TEXT_MAX + 2] = "";
	struct pcapng_packet packet = {.frame_bytes = 1500, .data = data, .fate = comment};
	uint32_t length;
	size_t bytes, at;

	for (unsigned int i = 0; i <= 256; i++) {
		packet.kept_bytes = i;
		memset(comment, 'c', i);
		memset(block, 0x5a, sizeof(block));
		bytes = capture_pcapng_packet(block, &packet);
		memcpy(&length, block + 4, sizeof(length));
		assert_int_equal(length, bytes);
		memcpy(&length, block + bytes - 4, sizeof(length));
		assert_int_equal(length, bytes);
		for (at = 28 + i; at % 4 != 0; at++)
			assert_int_equal(block[at], 0);
		at += 8 + 4 + (i < PCAPNG_TEXT_MAX ? i : PCAPNG_TEXT_MAX);
		for (; at % 4 != 0; at++)
			assert_int_equal(block[at], 0);
		assert_int_equal(bytes, at + 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section_when_written_then_as_in_4_1),
		cmocka_unit_test(test_interface_when_written_then_as_in_4_2),
		cmocka_unit_test(test_packet_when_nothing_is_lost_then_as_in_4_3),
		cmocka_unit_test(test_packet_when_some_are_lost_then_dropcount_and_a_comment),
		cmocka_unit_test(test_statistics_when_written_then_as_in_4_6),
		cmocka_unit_test(test_packet_when_of_any_length_then_padded_with_zeroes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
