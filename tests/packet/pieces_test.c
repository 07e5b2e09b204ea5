// SPDX-License-Identifier: BSD-3-Clause
/* Pieces of the shared code in cases that whole packets reach rarely or never. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checksums.h"
#include "packets.h"

#include <sallyport/answer.h>
#include <sallyport/csum.h>
#include <sallyport/find.h>
#include <sallyport/nat.h>
#include <sallyport/usage.h>

/* Ones' complement arithmetic is arithmetic modulo 0xffff in which only 0 itself stays 0. */
static uint32_t folded(uint64_t sum)
{
	return sum && sum % 0xffff == 0 ? 0xffff : sum % 0xffff;
}

static void test_fold_on_any_sum_is_the_remainder(void **state)
{
	const uint64_t sums[] = {0,	      1,	   0xffff,	0x10000,
				 0x1fffe,     0x1ffff,	   0x20000,	0xffffffff,
				 0x100000000, 0x1fffffffe, 0x1ffffffff, 0xffff0000,
				 0xfffffffff, 0x1ffff0000, 0xffff1ffff, 0xffffffff00000000};
	struct random random = {.state = 1};

	for (unsigned int i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		assert_int_equal(sp_csum_fold(sums[i]), folded(sums[i]));
	for (int i = 0; i < 1000000; i++) {
		uint64_t sum = random_next(&random) >> random_below(&random, 48);

		assert_int_equal(sp_csum_fold(sum), folded(sum));
	}
	/* Each carry of the last step. */
	for (uint64_t high = 0; high < 0x40000; high++)
		assert_int_equal(sp_csum_fold(high << 16 | (0xffff - (high & 3))),
				 folded(high << 16 | (0xffff - (high & 3))));
}

/* RFC 1624 has a packet whose checksum the older equation gets wrong. */
static void test_apply_on_the_example_of_rfc_1624_is_zero(void **state)
{
	sp_wire_be16 field_be = htons(0x5555);
	__u64 difference = 0;

	sp_csum_put16(&field_be, htons(0x3285), &difference);
	assert_int_equal(field_be, htons(0x3285));
	assert_int_equal(sp_csum_apply(htons(0xdd2f), difference), 0);
}

static void test_apply_on_random_words_is_what_a_full_sum_gives(void **state)
{
	struct random random = {.state = 2};

	for (int i = 0; i < 1000000; i++) {
		uint16_t words[4], sum_be;
		sp_wire_be32 field_be;
		__u64 difference = 0;
		uint32_t value_be = random_next(&random);

		for (int word = 0; word < 4; word++)
			words[word] = random_below(&random, 4) ? random_next(&random)
							       : -random_below(&random, 2);
		sum_be = ~folded((uint64_t)words[0] + words[1] + words[2] + words[3]);
		memcpy(&field_be, words + 1, 4);
		sp_csum_put32(&field_be, value_be, &difference);
		sum_be = sp_csum_apply(sum_be, difference);
		memcpy(words + 1, &value_be, 4);
		/* Right is what sums up to ones: 0 and 0xffff both add nothing. */
		assert_int_equal(
			folded((uint64_t)words[0] + words[1] + words[2] + words[3] + sum_be),
			0xffff);
	}
}

/* The engines never ask for it, since a SYN that opens from a VM is left to the kernel. */
static void test_reset_of_a_syn_counts_the_syn(void **state)
{
	uint8_t frame[SP_RESET_FRAME_BYTES(4) + 4] = {[12] = 0x08, [14] = 0x45};
	struct sp_ipv4 *ip = (struct sp_ipv4 *)(frame + SP_L3_OFFSET);
	struct sp_tcp *tcp = (struct sp_tcp *)(ip + 1);
	struct sp_packet packet;

	ip->total_length_be = htons(44);
	ip->ttl = 9;
	ip->protocol = SP_IPPROTO_TCP;
	tcp->seq_be = htonl(0xffffffff);
	tcp->data_offset = 0x60;
	tcp->flags = SP_TCP_SYN;
	assert_int_equal(sp_parse(frame, frame + sizeof(frame), &packet), SP_FORWARDED);
	assert_int_equal(sp_answer_reset(frame, frame + sizeof(frame), &packet),
			 SP_RESET_FRAME_BYTES(4));
	assert_int_equal(tcp->flags, SP_TCP_RST | SP_TCP_ACK);
	assert_int_equal(tcp->seq_be, 0);
	assert_int_equal(tcp->ack_be, 0);
	assert_int_equal(checksums_check(frame, SP_RESET_FRAME_BYTES(4)), CHECKSUMS_RIGHT);
}

static void test_frames_shorter_than_told_are_refused_untouched(void **state)
{
	static struct frame in, out;
	struct random random = {.state = 3};
	struct sp_tuple after = {0};
	struct fixture fixture;

	assert_int_equal(fixture_new(&fixture), 0);
	assert_int_equal(fixture_standard(&fixture, 1), 0);
	for (int i = 0; i < 20000; i++) {
		struct sp_packet packet;

		packets_random(&random, &fixture, &in);
		if (sp_parse(in.bytes, in.bytes + in.len_bytes, &packet) != SP_FORWARDED)
			continue;
		out = in;
		assert_int_equal(sp_translate(out.bytes,
					      out.bytes + SP_L4_OFFSET(packet.family) + 7, &packet,
					      &after, SP_TOWARD_VM),
				 -1);
		assert_memory_equal(out.bytes, in.bytes, in.len_bytes);
	}
	fixture_free(&fixture);
}

static void test_other_bucket_of_the_other_is_the_first(void **state)
{
	struct random random = {.state = 4};

	for (int i = 0; i < 100000; i++) {
		uint32_t nr_buckets = 1u << random_below(&random, 20), tag = random_next(&random);
		uint32_t first = sp_bucket_first(random_next(&random), nr_buckets);
		uint32_t other = sp_bucket_other(first, tag, nr_buckets);

		assert_true(other < nr_buckets);
		assert_true(nr_buckets == 1 || other != first);
		assert_int_equal(sp_bucket_other(other, tag, nr_buckets), first);
	}
}

static void test_last_seen_is_stored_once_a_second(void **state)
{
	struct sp_slot slot = {.generation = 3};
	struct sp_packet packet = {.l3_len_bytes = 40, .tcp_flags = SP_TCP_ACK};
	struct sp_hit hit = {.slot = &slot, .life = slot.life, .direction = SP_TOWARD_CLIENT};
	struct sp_usage usage = {.generation = 2, .packets = {7, 7}};

	sp_usage_count(&usage, &packet, &hit, 5000000000);
	assert_int_equal(usage.generation, 3);
	assert_int_equal(usage.packets[SP_TOWARD_CLIENT], 1);
	assert_int_equal(usage.packets[SP_TOWARD_VM], 0);
	assert_int_equal(usage.last_seen_ns, 5000000000);
	sp_usage_count(&usage, &packet, &hit, 5999999999);
	assert_int_equal(usage.last_seen_ns, 5000000000);
	sp_usage_count(&usage, &packet, &hit, 6000000000);
	assert_int_equal(usage.last_seen_ns, 6000000000);
	assert_int_equal(usage.bytes[SP_TOWARD_CLIENT], 120);
}

/* Of what anybody may send, and of what answers it, nothing shows that somebody is there. */
static void test_a_scan_is_no_use_of_a_lease(void **state)
{
	static const struct {
		enum sp_direction direction;
		__u8 kind;
		__u8 tcp_flags;
	} scan[] = {
		{SP_TOWARD_VM, SP_KIND_L4, SP_TCP_SYN},
		{SP_TOWARD_VM, SP_KIND_L4, SP_TCP_ACK},
		{SP_TOWARD_CLIENT, SP_KIND_L4, SP_TCP_SYN | SP_TCP_ACK},
		{SP_TOWARD_CLIENT, SP_KIND_L4, SP_TCP_RST | SP_TCP_ACK},
		{SP_TOWARD_CLIENT, SP_KIND_ERROR, 0},
	};

	for (size_t i = 0; i < sizeof(scan) / sizeof(scan[0]); i++) {
		struct sp_packet packet = {
			.l3_len_bytes = 40, .kind = scan[i].kind, .tcp_flags = scan[i].tcp_flags};
		struct sp_hit hit = {.direction = scan[i].direction};

		assert_false(sp_usage_is_use(&packet, &hit));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold_on_any_sum_is_the_remainder),
		cmocka_unit_test(test_apply_on_the_example_of_rfc_1624_is_zero),
		cmocka_unit_test(test_apply_on_random_words_is_what_a_full_sum_gives),
		cmocka_unit_test(test_reset_of_a_syn_counts_the_syn),
		cmocka_unit_test(test_frames_shorter_than_told_are_refused_untouched),
		cmocka_unit_test(test_other_bucket_of_the_other_is_the_first),
		cmocka_unit_test(test_last_seen_is_stored_once_a_second),
		cmocka_unit_test(test_a_scan_is_no_use_of_a_lease),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
