/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/capture/file.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/build.h"
#include "watch/capture/captures.h"

/* A capture, and what its reader has of it. */
struct reading {
	struct capture_file *file;
	struct capture_losses losses;
	char *text;
	size_t bytes;
	size_t read;
	struct capture_tally tally;
	unsigned int nr_statistics;
	uint64_t told; /* by comments */
};

static int set_up(void **state)
{
	const struct capture_file_head head = {"sallyport", "48121", {"eth0", "eth1"}};
	static struct reading reading;

	memset(&reading, 0, sizeof(reading));
	assert_int_equal(capture_file_open(&head, &reading.file), 0);
	reading.text = malloc(8 * CAPTURE_FILE_BYTES);
	*state = &reading;
	return 0;
}

static int tear_down(void **state)
{
	struct reading *reading = *state;

	capture_file_close(reading->file);
	free(reading->text);
	return 0;
}

static bool put(struct reading *reading, enum sp_direction direction)
{
	static const struct node node = {.index = 3};
	static const struct forward forward = {.name = "ssh"};
	const struct sp_snap snap = {
		.frame_bytes = 60, .kept_bytes = 54, .direction = (uint8_t)direction};
	const struct capture_packet packet = {.snap = &snap,
					      .node = &node,
					      .forward = &forward,
					      .wall_ns = 5,
					      .losses = &reading->losses};

	return capture_file_packet(reading->file, &packet);
}

/* Result: how many packets, of both directions in turn, until one finds no room. */
static unsigned int fill(struct reading *reading)
{
	unsigned int nr = 0;

	while (put(reading, nr % 2 ? SP_TOWARD_CLIENT : SP_TOWARD_VM))
		nr++;
	return nr;
}

static void end(struct reading *reading)
{
	capture_file_end(reading->file, &reading->losses, 9);
}

static void read_some(struct reading *reading, size_t bytes)
{
	reading->bytes += capture_file_read(reading->file, reading->text + reading->bytes, bytes);
}

/* Result: how many a block says were lost before it, by its comment. */
static uint64_t told_by(const char *block, size_t bytes)
{
	static const char words[] = " lost before this one";
	const char *at = memmem(block, bytes, words, sizeof(words) - 1);

	if (!at)
		return 0;
	while (at > block && at[-1] != '\0' && at[-1] >= ' ' && at[-1] <= 'z')
		at--;
	return strtoull(at, NULL, 10);
}

static void look_at(struct reading *reading, const char *block, const struct pcapng_head *head)
{
	assert_int_equal(capture_tally_add(&reading->tally, block, head->bytes), 0);
	reading->nr_statistics += head->type == PCAPNG_STATISTICS;
	assert_true(head->type == PCAPNG_STATISTICS || reading->nr_statistics == 0);
	reading->told += told_by(block, head->bytes);
}

static void read_all(struct reading *reading)
{
	struct pcapng_head head;

	read_some(reading, SIZE_MAX);
	for (size_t at = reading->read; at < reading->bytes; at += head.bytes) {
		memcpy(&head, reading->text + at, sizeof(head));
		look_at(reading, reading->text + at, &head);
	}
	reading->read = reading->bytes;
}

static uint64_t packets(const struct reading *reading)
{
	return reading->tally.packets[0] + reading->tally.packets[1];
}

static uint64_t lost(const struct reading *reading)
{
	return reading->tally.lost[0] + reading->tally.lost[1];
}

static void test_file_when_read_in_time_then_nothing_is_lost(void **state)
{
	struct reading *reading = *state;

	for (unsigned int i = 0; i < 20000; i++) {
		assert_true(put(reading, SP_TOWARD_VM));
		if (i % 1000 == 0)
			read_all(reading);
	}
	assert_false(capture_file_is_over(reading->file));
	end(reading);
	assert_false(capture_file_is_over(reading->file));
	read_all(reading);
	assert_true(capture_file_is_over(reading->file));
	assert_int_equal(packets(reading), 20000);
	assert_int_equal(lost(reading), 0);
	assert_int_equal(reading->told, 0);
	assert_int_equal(reading->nr_statistics, 2);
}

static void test_packet_when_there_was_no_room_then_the_next_one_tells(void **state)
{
	struct reading *reading = *state;
	unsigned int kept = fill(reading);

	assert_true(kept > 3000);
	for (unsigned int i = 0; i < 6; i++)
		assert_false(put(reading, SP_TOWARD_VM));
	read_all(reading);
	assert_true(put(reading, SP_TOWARD_CLIENT));
	assert_true(put(reading, SP_TOWARD_CLIENT));
	read_all(reading);
	assert_int_equal(packets(reading), kept + 2);
	assert_int_equal(reading->told, 7);
	assert_int_equal(reading->tally.lost[SP_TOWARD_CLIENT], 7);
	end(reading);
	read_all(reading);
	assert_int_equal(reading->told, 7);
	assert_int_equal(lost(reading), 7);
	assert_int_equal(reading->nr_statistics, 2);
}

/* So that what survives an editor says all, there is a packet behind each gap. */
static void test_end_when_there_is_no_room_then_the_last_packet_tells(void **state)
{
	struct reading *reading = *state;
	unsigned int kept = fill(reading);

	for (unsigned int i = 0; i < 6; i++)
		put(reading, SP_TOWARD_CLIENT);
	end(reading);
	read_all(reading);
	assert_int_equal(packets(reading), kept + 1);
	assert_int_equal(reading->told, 6);
	assert_int_equal(lost(reading), 6);
	assert_int_equal(reading->nr_statistics, 2);
	assert_true(capture_file_is_over(reading->file));
}

static void test_end_when_only_one_found_no_room_then_it_is_in_the_file(void **state)
{
	struct reading *reading = *state;
	unsigned int kept = fill(reading);

	end(reading);
	read_all(reading);
	assert_int_equal(packets(reading), kept + 1);
	assert_int_equal(lost(reading), 0);
	assert_int_equal(reading->told, 0);
}

static void test_packet_when_others_may_have_lost_then_says_so(void **state)
{
	struct reading *reading = *state;

	reading->losses = (struct capture_losses){.own = 2, .any = 3};
	put(reading, SP_TOWARD_VM);
	put(reading, SP_TOWARD_VM);
	read_all(reading);
	assert_non_null(memmem(reading->text, reading->bytes,
			       "2 to 5 packets lost before this one: some may be of another", 59));
	assert_int_equal(lost(reading), 5);
}

/* Nothing came behind them, and they may all have been another's. */
static void test_end_when_overwritten_before_it_then_the_statistics_tell(void **state)
{
	struct reading *reading = *state;

	put(reading, SP_TOWARD_VM);
	reading->losses.any = 4;
	end(reading);
	read_all(reading);
	assert_int_equal(reading->told, 0);
	assert_int_equal(lost(reading), 4);
}

/* In any order of losses, reading and packets: what is told adds up to what is not there. */
static void test_file_when_anything_happens_then_the_sums_are_right(void **state)
{
	struct reading *reading = *state;
	uint64_t nr = 0, overwritten = 0;

	srandom(7);
	for (unsigned int i = 0; i < 40000 && reading->bytes < 6 * CAPTURE_FILE_BYTES; i++) {
		unsigned int burst = (unsigned int)random() % 20 ? 1 : (unsigned int)random() % 99;

		reading->losses.own += random() % 500 ? 0 : 3;
		for (unsigned int j = 0; j < burst; j++, nr++)
			put(reading, random() % 2 ? SP_TOWARD_VM : SP_TOWARD_CLIENT);
		read_some(reading, (size_t)random() % 700);
	}
	overwritten = reading->losses.own;
	put(reading, SP_TOWARD_VM);
	end(reading);
	read_all(reading);
	assert_true(reading->told > overwritten);
	assert_int_equal(packets(reading) + reading->told, nr + 1 + overwritten);
	assert_int_equal(lost(reading), reading->told);
	assert_int_equal(reading->nr_statistics, 2);
}

static void test_tally_when_a_block_is_cut_then_refused(void **state)
{
	const struct pcapng_packet packet = {
		.frame_bytes = 60, .kept_bytes = 5, .data = "frame", .lost = 4, .fate = "x"};
	char block[PCAPNG_BLOCK_MAX], *changed;
	struct capture_tally tally = {0};
	size_t bytes = capture_pcapng_packet(block, &packet);

	assert_int_equal(capture_tally_add(&tally, block, bytes), 0);
	assert_int_equal(tally.packets[0], 1);
	assert_int_equal(tally.lost[0], 4);
	for (size_t cut = 0; cut < bytes; cut++) {
		changed = malloc(cut); /* so that a sanitizer sees its end */
		memcpy(changed, block, cut);
		assert_int_equal(capture_tally_add(&tally, changed, cut), -EBADMSG);
		free(changed);
	}
}

static void test_tally_when_a_block_is_random_then_counted_whole_or_not_at_all(void **state)
{
	const struct pcapng_packet packet = {
		.frame_bytes = 60, .kept_bytes = 5, .data = "frame", .lost = 4, .fate = "x"};
	struct capture_tally tally = {0}, before;
	char block[PCAPNG_BLOCK_MAX], *changed;
	size_t bytes = capture_pcapng_packet(block, &packet);

	for (unsigned int i = 0; i < 20000; i++) {
		before = tally;
		changed = malloc(bytes);
		memcpy(changed, block, bytes);
		for (unsigned int j = 0; j < 1 + i % 3; j++)
			changed[8 + (size_t)random() % (bytes - 8)] = (char)random();
		if (capture_tally_add(&tally, changed, bytes) < 0)
			assert_memory_equal(&tally, &before, sizeof(tally));
		else
			assert_int_equal(tally.packets[0] + tally.packets[1],
					 before.packets[0] + before.packets[1] + 1);
		free(changed);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_file_when_read_in_time_then_nothing_is_lost),
		TEST(test_packet_when_there_was_no_room_then_the_next_one_tells),
		TEST(test_end_when_there_is_no_room_then_the_last_packet_tells),
		TEST(test_end_when_only_one_found_no_room_then_it_is_in_the_file),
		TEST(test_packet_when_others_may_have_lost_then_says_so),
		TEST(test_end_when_overwritten_before_it_then_the_statistics_tell),
		TEST(test_file_when_anything_happens_then_the_sums_are_right),
		TEST(test_tally_when_a_block_is_cut_then_refused),
		TEST(test_tally_when_a_block_is_random_then_counted_whole_or_not_at_all),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
