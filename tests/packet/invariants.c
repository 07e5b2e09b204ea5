// SPDX-License-Identifier: BSD-3-Clause
#include "invariants.h"

#include <stdlib.h>
#include <string.h>

#include "checksums.h"

#include <sallyport/answer.h>
#include <sallyport/decide.h>
#include <sallyport/parse.h>

/* Parses a copy of exactly the frame's length. */
static enum sp_verdict parse(const struct frame *frame, struct sp_packet *packet)
{
	__u8 *copy = malloc(frame->len_bytes);
	enum sp_verdict verdict;

	if (!copy)
		abort();
	memcpy(copy, frame->bytes, frame->len_bytes);
	verdict = sp_parse(copy, copy + frame->len_bytes, packet);
	free(copy);
	return verdict;
}

static struct sp_tuple turned(const struct sp_tuple *tuple)
{
	return (struct sp_tuple){.from = tuple->to,
				 .to = tuple->from,
				 .from_port_be = tuple->to_port_be,
				 .to_port_be = tuple->from_port_be};
}

static int same_tuple(const struct sp_tuple *a, const struct sp_tuple *b)
{
	return sp_addr_equal(&a->from, &b->from) && sp_addr_equal(&a->to, &b->to) &&
	       a->from_port_be == b->from_port_be && a->to_port_be == b->to_port_be;
}

static int is_untouched(const struct frame *in, const struct frame *out)
{
	return in->len_bytes == out->len_bytes && memcmp(in->bytes, out->bytes, in->len_bytes) == 0;
}

/* A reply to the packet as it went on must be the packet as it came, turned round. */
static const char *check_reply(const struct sp_table *table, const struct run *run,
			       const struct sp_packet *before, const struct sp_packet *after)
{
	struct sp_packet reply = *after;
	struct sp_tuple restored, expected = turned(&before->tuple);
	struct sp_hit hit;
	__u32 role = run->direction == SP_TOWARD_VM ? SP_ROLE_BUILDS : SP_ROLE_PUBLIC;

	reply.tuple = turned(&after->tuple);
	reply.sender = reply.tuple.from;
	reply.kind = SP_KIND_L4;
	reply.tcp_flags = SP_TCP_ACK;
	reply.ttl = 64;
	if (sp_decide(table, &reply, role, run->now_ns, &hit) != SP_FORWARDED)
		return "a reply is translated too";
	if (hit.slot_index != run->slot_index || hit.direction == run->direction)
		return "a reply finds the same lease, the other way";
	restored = sp_tuple_after(&reply.tuple, &hit);
	return same_tuple(&restored, &expected) ? NULL : "a reply restores the tuple";
}

/* Takes out of a frame what translation may change. */
static void blank(struct frame *frame, const struct sp_packet *packet)
{
	const __u32 l3 = 14, l4 = SP_L4_OFFSET(packet->family);

	if (packet->family == 4) {
		frame->bytes[l3 + 8] = 0;
		memset(frame->bytes + l3 + 10, 0, 10);
	} else {
		frame->bytes[l3 + 7] = 0;
		memset(frame->bytes + l3 + 8, 0, 32);
	}
	if (packet->kind == SP_KIND_L4) {
		memset(frame->bytes + l4, 0, 4);
		memset(frame->bytes + l4 + (packet->protocol == SP_PROTOCOL_TCP ? 16 : 6), 0, 2);
		return;
	}
	/* The ICMP checksum; the quoted header's checksum and addresses, ports, checksum. */
	memset(frame->bytes + l4 + 2, 0, 2);
	if (packet->family == 4)
		memset(frame->bytes + l4 + 8 + 10, 0, 10);
	else
		memset(frame->bytes + l4 + 8 + 8, 0, 32);
	memset(frame->bytes + SP_QUOTED_L4_OFFSET(packet->family), 0, 4);
	memset(frame->bytes + SP_QUOTED_L4_OFFSET(packet->family) +
		       (packet->protocol == SP_PROTOCOL_TCP ? 16 : 6),
	       0, 2);
}

/* Result: whether a checksum of TCP or UDP is right, whatever that of the IP header is. */
static int is_whole(const struct frame *frame)
{
	struct frame right = *frame;

	checksums_set(right.bytes, right.len_bytes);
	memcpy(right.bytes + SP_L3_OFFSET + 10, frame->bytes + SP_L3_OFFSET + 10, 2);
	return is_untouched(frame, &right);
}

static const char *check_forwarded(const struct sp_table *table, const struct run *run,
				   const struct sp_packet *before, const struct frame *in,
				   const struct frame *out)
{
	struct frame in_rest = *in, out_rest = *out;
	struct sp_packet after;
	int is_left;

	if (in->len_bytes != out->len_bytes)
		return "a translated frame is as long as it was";
	if (parse(out, &after) != SP_FORWARDED)
		return "a translated frame can be parsed";
	if (after.family != before->family || after.ttl != before->ttl - 1)
		return "the family stays, and one hop is taken";
	if (after.kind != before->kind || after.protocol != before->protocol)
		return "what the packet is stays";
	is_left = checksums_are_left(in->bytes, in->len_bytes);
	if (run->verdict == SP_COMPLETED && !is_left)
		return "what is completed is one that was left";
	if (is_left && !is_whole(out))
		return "a checksum that was left is completed";
	if (!is_left && checksums_check(in->bytes, in->len_bytes) !=
				checksums_check(out->bytes, out->len_bytes))
		return "right checksums stay right, and wrong ones wrong";
	blank(&in_rest, before);
	blank(&out_rest, &after);
	if (!is_untouched(&in_rest, &out_rest))
		return "nothing else changes";
	return check_reply(table, run, before, &after);
}

static const char *check_answer(const struct run *run, const struct sp_packet *packet,
				const struct frame *in, const struct frame *out)
{
	__u32 len = run->verdict == SP_RESET_VM ? SP_RESET_FRAME_BYTES(packet->family)
						: SP_ERROR_FRAME_BYTES(packet->family);
	__u32 from = packet->family == 4 ? 26 : 22, to = packet->family == 4 ? 30 : 38;
	__u32 addr_bytes = packet->family == 4 ? 4 : 16;

	if (packet->kind == SP_KIND_ERROR)
		return "no error is answered";
	if (out->len_bytes != len)
		return "an answer has its length";
	if (checksums_check(out->bytes, out->len_bytes) != CHECKSUMS_RIGHT)
		return "an answer's checksums are right";
	if (memcmp(in->bytes, out->bytes + 6, 6) != 0 || memcmp(in->bytes + 6, out->bytes, 6) != 0)
		return "an answer goes back over the link";
	if (memcmp(in->bytes + from, out->bytes + to, addr_bytes) != 0)
		return "an answer goes to the sender";
	return NULL;
}

const char *invariants_broken(const struct sp_table *table, const struct run *run,
			      const struct frame *in, const struct frame *out)
{
	struct sp_packet packet;

	if (run->verdict >= SP_VERDICT_COUNT)
		return "an answer can always be made";
	switch (sp_verdict_fate(run->verdict)) {
	case SP_FATE_PASS:
	case SP_FATE_DROP:
		return is_untouched(in, out) ? NULL : "what is not carried is untouched";
	case SP_FATE_CARRY:
	case SP_FATE_ANSWER:
		break;
	}
	if (parse(in, &packet) != SP_FORWARDED)
		return "only what can be parsed is carried";
	if (run->verdict == SP_FORWARDED || run->verdict == SP_COMPLETED)
		return check_forwarded(table, run, &packet, in, out);
	return check_answer(run, &packet, in, out);
}
