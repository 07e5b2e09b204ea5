// SPDX-License-Identifier: BSD-3-Clause
#include "engine/host_engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/answer.h>
#include <sallyport/decide.h>
#include <sallyport/nat.h>
#include <sallyport/parse.h>
#include <sallyport/shield.h>

/* Copies a frame to memory of its own, behind room to grow at its head. */
static __u8 *copy_frame(const struct frame *in, __u32 headroom_bytes)
{
	__u8 *copy = malloc(headroom_bytes + in->len_bytes);

	assert(copy);
	memcpy(copy + headroom_bytes, in->bytes, in->len_bytes);
	return copy;
}

static int answer_error(const struct frame *in, struct frame *out, const struct sp_packet *packet,
			const struct sp_hit *hit, const struct run *run)
{
	struct sp_error error = sp_error_of(packet->family, run->verdict, run->mtu);
	__u32 growth = SP_ERROR_GROWTH(packet->family);
	__u8 *data = copy_frame(in, growth);
	int len = sp_answer_error(data, data + growth + in->len_bytes, packet,
				  &hit->slot->public_addr, &error);

	if (len >= 0) {
		memcpy(out->bytes, data, len);
		out->len_bytes = len;
	}
	free(data);
	return len;
}

static int carry_out(__u8 *data, const struct frame *in, struct frame *out,
		     const struct sp_packet *packet, const struct sp_hit *hit, struct run *run)
{
	__u8 *end = data + in->len_bytes;
	struct sp_tuple after;
	int len = in->len_bytes, r;

	if (run->verdict == SP_FORWARDED) {
		after = sp_tuple_after(&packet->tuple, hit);
		r = sp_translate(data, end, packet, &after, hit->direction);
		if (r < 0)
			return -1;
		if (r && sp_complete_translated(data, end, packet))
			run->verdict = SP_COMPLETED;
	} else if (run->verdict == SP_RESET_VM) {
		len = sp_answer_reset(data, end, packet);
	} else if (sp_verdict_fate(run->verdict) == SP_FATE_ANSWER) {
		return answer_error(in, out, packet, hit, run);
	}
	if (len < 0)
		return -1;
	memcpy(out->bytes, data, len);
	out->len_bytes = len;
	return 0;
}

static enum sp_verdict let_in(const struct sp_table *table, const struct sp_packet *packet,
			      const struct sp_hit *hit, enum sp_verdict verdict, __u64 now_ns)
{
	const struct sp_rows rows = {.own = 1, .first = 1, .end = 2};
	enum sp_door door = sp_shield_door(packet, hit, verdict);
	enum sp_verdict limited;
	struct sp_knock knock;

	if (door == SP_DOOR_NONE)
		return verdict;
	knock = sp_shield_knock(packet, hit, door);
	limited = sp_shield(table, &rows, &knock, now_ns);
	return limited == SP_FORWARDED ? verdict : limited;
}

void host_engine_run(const struct sp_table *table, struct run *run, const struct frame *in,
		     struct frame *out)
{
	__u8 *data = copy_frame(in, 0);
	struct sp_packet packet;
	struct sp_hit hit = {0};
	enum sp_verdict verdict = sp_parse(data, data + in->len_bytes, &packet);

	if (verdict == SP_FORWARDED)
		verdict = sp_decide(table, &packet, run->role, run->now_ns, &hit);
	if (hit.slot)
		verdict = let_in(table, &packet, &hit, verdict, run->now_ns);
	if (verdict == SP_FORWARDED && packet.l3_len_bytes > run->mtu)
		verdict = packet.kind == SP_KIND_ERROR ? SP_ERROR_UNANSWERED : SP_TOO_BIG;
	run->found = !!hit.slot;
	run->slot_index = hit.slot ? hit.slot_index : 0;
	run->direction = hit.slot ? hit.direction : 0;
	run->verdict = verdict;
	if (carry_out(data, in, out, &packet, &hit, run) < 0)
		run->verdict = SP_VERDICT_COUNT;
	free(data);
}
