// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * The XDP program of either interface: it leaves to the kernel what is not ours, hands what is to
 * the worker of sallyport-dp that polls this queue, and carries it itself when there is none.
 *
 * It is named xsk_def_prog, has an XSKMAP named xsks_map and says xsk_prog_version 1, by which
 * libxdp takes it for its own: DPDK's AF_XDP driver then just adds its sockets to our map.
 */
#include "carry.h"
#include "count.h"
#include "hint.h"
#include "lane.h"
#include "opening.h"
#include "table_bpf.h"
#include "tag.h"

#include <sallyport/decide.h>
#include <sallyport/note_put.h>
#include <sallyport/openings.h>
#include <sallyport/parse.h>
#include <sallyport/shield.h>
#include <sallyport/snap_put.h>
#include <sallyport/verdict.h>

__uint(xsk_prog_version, 1) SEC("xdp_metadata");

/* The rows of limits that CPUs write: as many as any of them has been seen to. */
static __always_inline struct sp_rows rows_here(void)
{
	struct sp_rows rows = {.own = bpf_get_smp_processor_id()};
	__u32 first = 0;
	struct sp_limit_line *line = bpf_map_lookup_elem(&limits, &first);

	if (!line)
		return rows;
	rows.end = (__u32)SP_LOAD(line->word[0]);
	if (rows.end <= rows.own) {
		rows.end = rows.own + 1;
		SP_STORE(line->word[0], rows.end);
	}
	return rows;
}

/*
 * These are not static, so that the kernel verifies each by itself, once, whoever calls; and take
 * values where they can, which cost their callers no stack.
 */
int xdp_shield(__u64 source, __u64 lease, __u32 door, __u32 protocol, __u64 now_ns);
int xdp_note(struct xdp_md *ctx, const struct sp_packet *packet, __u64 lease, __u32 what,
	     __u64 now_ns);

/* lease is its generation above its usage_index. */
__attribute__((__noinline__)) int xdp_shield(__u64 source, __u64 lease, __u32 door, __u32 protocol,
					     __u64 now_ns)
{
	struct sp_rows rows = rows_here();
	struct sp_knock knock = {
		.source = source,
		.usage_index = (__u32)lease,
		.generation = (__u32)(lease >> 32),
		.door = door,
		.protocol = protocol,
	};

	return (int)sp_shield(0, &rows, &knock, now_ns);
}

/* May the ring of this CPU take a note of that kind about that lease? */
static __always_inline int may_note(struct sp_ring_head *head, __u32 cpu,
				    const struct sp_note_about *about, __u64 now_ns)
{
	if (about->kind == SP_NOTE_LATE && !sp_ring_may(head, SP_NOTES_LATE, now_ns))
		return 0;
	return sp_note_may(0, cpu, head, about->slot_index, about->kind, now_ns);
}

/*
 * Tells sallyportd of a TCP segment that opens or closes a connection, is late, or is refused.
 * lease is the generation above slot_index, what is the direction above the kind.
 */
__attribute__((__noinline__)) int xdp_note(struct xdp_md *ctx, const struct sp_packet *packet,
					   __u64 lease, __u32 what, __u64 now_ns)
{
	const struct sp_tcp *tcp = (void *)(long)ctx->data;
	__u32 cpu = bpf_get_smp_processor_id(), index;
	const struct sp_note_about about = {(__u32)lease, (__u32)(lease >> 32), (__u8)what,
					    (__u8)(what >> 8)};
	struct sp_ring_head *head;
	struct sp_note *record;

	if (!packet)
		return 0;
	tcp = packet->family == 4 ? SP_AT(tcp, SP_L4_OFFSET(4)) : SP_AT(tcp, SP_L4_OFFSET(6));
	if (packet->protocol == SP_PROTOCOL_UDP)
		tcp = 0;
	else if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return 0;
	head = bpf_map_lookup_elem(&notes_heads, &cpu);
	if (!head || !may_note(head, cpu, &about, now_ns))
		return 0;
	index = cpu * SP_NOTES + sp_ring_at(head->written + 1, SP_NOTES);
	record = bpf_map_lookup_elem(&notes, &index);
	if (record)
		sp_note_write(head, record, &about, tcp, packet, now_ns);
	return 0;
}

/* Lets in what knocks at a door, or not. Result: what is to become of it. */
static __always_inline enum sp_verdict shield(const struct sp_packet *packet,
					      const struct sp_hit *hit, __u64 now_ns,
					      enum sp_verdict verdict)
{
	enum sp_door door = sp_shield_door(packet, hit, verdict);
	struct sp_knock knock;

	if (door == SP_DOOR_NONE)
		return verdict;
	knock = sp_shield_knock(packet, hit, door);
	switch (xdp_shield(knock.source, (__u64)knock.generation << 32 | knock.usage_index,
			   knock.door, knock.protocol, now_ns)) {
	case SP_LEASE_LIMITED:
		return SP_LEASE_LIMITED;
	case SP_SOURCE_LIMITED:
		return SP_SOURCE_LIMITED;
	default:
		return verdict;
	}
}

/* Result: the line of the connection that a segment with a lease is of, and its hash. */
static __always_inline struct sp_opening *opening_of(const struct sp_packet *packet,
						     const struct sp_hit *hit, __u64 *ret_hash)
{
	int toward_vm = hit->direction == SP_TOWARD_VM;
	__u32 index;

	*ret_hash = sp_opening_hash(
		hit->slot_index, toward_vm ? &packet->tuple.from : &packet->tuple.to,
		toward_vm ? packet->tuple.from_port_be : packet->tuple.to_port_be, sp_hash_seed);
	index = sp_opening_of_hash(*ret_hash);
	return bpf_map_lookup_elem(&openings, &index);
}

/* Remembers a VM's SYN-ACK, or finds what a client's segment answers. Result: whether it does. */
static __attribute__((__noinline__)) int answers(struct xdp_md *ctx, const struct sp_packet *packet,
						 const struct sp_hit *hit, __u64 now_ns)
{
	const struct sp_tcp *tcp = (void *)(long)ctx->data + SP_L4_OFFSET(packet->family);
	__u32 index = sp_opening_of_slot(hit->slot_index);
	struct sp_opening *of_slot = bpf_map_lookup_elem(&openings, &index), *line;
	__u64 hash;

	if (!of_slot || (void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return 0;
	line = opening_of(packet, hit, &hash);
	if (!line)
		return 0;
	if (hit->direction == SP_TOWARD_VM)
		return sp_opening_take(line, sp_opening_entry(hash, SP_HOST32(tcp->ack_be)));
	sp_opening_put(line, sp_opening_entry(hash, SP_HOST32(tcp->seq_be) + 1));
	SP_STORE(of_slot->answered_ns, now_ns);
	return 0;
}

/* Result: the kind of note that a segment sent on is worth. */
static __always_inline __u8 kind_sent_on(struct xdp_md *ctx, const struct sp_packet *packet,
					 const struct sp_hit *hit, __u64 now_ns)
{
	__u8 kind = sp_note_kind_of(packet);

	if (kind == SP_NOTE_ACCEPTED && hit->direction == SP_TOWARD_CLIENT)
		answers(ctx, packet, hit, now_ns);
	if (kind == SP_NOTE_NONE && sp_may_answer(packet, hit, now_ns) &&
	    answers(ctx, packet, hit, now_ns))
		return SP_NOTE_ESTABLISHED;
	return kind;
}

static __always_inline __u8 kind_of_note(struct xdp_md *ctx, const struct sp_packet *packet,
					 const struct sp_hit *hit, __u64 now_ns,
					 enum sp_verdict verdict)
{
	switch (verdict) {
	case SP_FORWARDED:
		return kind_sent_on(ctx, packet, hit, now_ns);
	case SP_RESET_VM:
		return SP_NOTE_LATE;
	case SP_NOT_ALLOWED:
		return sp_note_kind_of(packet) == SP_NOTE_OPENS ? SP_NOTE_REFUSED : SP_NOTE_NONE;
	case SP_SOURCE_LIMITED:
		return SP_NOTE_SOURCE_LIMITED;
	case SP_LEASE_LIMITED:
		return SP_NOTE_LEASE_LIMITED;
	default:
		return SP_NOTE_NONE;
	}
}

static __always_inline void note_if_worth(struct xdp_md *ctx, const struct sp_packet *packet,
					  const struct sp_hit *hit, __u64 now_ns,
					  enum sp_verdict verdict)
{
	__u8 kind = kind_of_note(ctx, packet, hit, now_ns, verdict);

	if (kind != SP_NOTE_NONE)
		xdp_note(ctx, packet, (__u64)sp_life_generation(hit->life) << 32 | hit->slot_index,
			 (__u32)hit->direction << 8 | kind, now_ns);
}

/*
 * Copies the headers of a packet whose lease is being captured. Result: the copy, whose verdict is
 * still to come, or NULL.
 */
static __attribute__((__noinline__)) struct sp_snap *
snap(struct xdp_md *ctx, const struct sp_packet *packet, const struct sp_hit *hit, __u64 now_ns)
{
	__u32 key = bpf_get_smp_processor_id(), bytes;
	const struct sp_ring_head *head;
	struct sp_snap *record;

	if (!sp_snap_wanted(hit->slot, now_ns))
		return 0;
	head = bpf_map_lookup_elem(&snaps_heads, &key);
	if (!head)
		return 0;
	key = key * SP_SNAPS + sp_ring_at(head->written + 1, SP_SNAPS);
	record = bpf_map_lookup_elem(&snaps, &key);
	if (!record)
		return 0;
	sp_snap_begin(record, (__u32)sp_frame_bytes(ctx), hit, now_ns);
	bytes = sp_snap_headers((void *)(long)ctx->data, (void *)(long)ctx->data_end, packet);
	if (bytes == 0 || bytes > SP_SNAP_BYTES)
		return 0;
	record->kept_bytes = (__u16)bytes;
	return bpf_xdp_load_bytes(ctx, 0, record->data, bytes) ? 0 : record;
}

static __always_inline void snap_end(struct sp_snap *record, enum sp_verdict verdict)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct sp_ring_head *head = bpf_map_lookup_elem(&snaps_heads, &cpu);

	if (head)
		sp_snap_end(head, record, verdict);
}

/*
 * Does a worker poll this queue, and has it room for this frame: is there a socket, is the frame no
 * longer than its buffers (the MTU may be above that, or raised since) and in one piece (kernels
 * before 6.6 give a socket no other), is the heartbeat fresh?
 */
static __always_inline int worker_takes(struct xdp_md *ctx, const struct sp_settings *now,
					__u64 now_ns)
{
	__u32 queue = ctx->rx_queue_index;
	__u32 index = (sp_role == SP_ROLE_BUILDS ? SP_QUEUES_MAX : 0) + queue;
	const struct sp_queue *record;
	long frame_bytes = sp_frame_bytes(ctx) + (sp_tag_here() ? SP_VLAN_BYTES : 0);
	__u32 most_bytes;
	__u64 beat_ns;

	if (queue >= SP_QUEUES_MAX || !bpf_map_lookup_elem(&xsks_map, &queue))
		return 0;
	record = bpf_map_lookup_elem(&queues, &index);
	if (!record)
		return 0;
	most_bytes = SP_LOAD(record->frame_bytes);
	if (most_bytes && frame_bytes > (long)most_bytes)
		return 0;
	if (sp_pieces && sp_frame_bytes(ctx) > (long)ctx->data_end - (long)ctx->data)
		return 0;
	beat_ns = SP_LOAD(record->beat_ns);
	return beat_ns + now->failover_ns > now_ns;
}

/* These are apart, so that their stacks, and that of xdp_shield(), do not add up. */
static __attribute__((__noinline__)) int carry(struct xdp_md *ctx, const struct sp_packet *packet,
					       const struct sp_hit *hit, __u64 now_ns,
					       enum sp_verdict *verdict)
{
	return sp_carry(ctx, packet, hit, now_ns, verdict);
}

/* what is the verdict above the MTU. Result: the XDP action, or -1 if an error has just been sent.
 */
static __attribute__((__noinline__)) int answer(struct xdp_md *ctx, const struct sp_packet *packet,
						const struct sp_hit *hit, __u32 what, __u64 now_ns)
{
	enum sp_verdict verdict = (enum sp_verdict)(what >> 16);

	if (verdict == SP_RESET_VM)
		return sp_reset_vm(ctx, packet);
	if (!sp_may_send_error(verdict, now_ns))
		return -1;
	return sp_send_error(ctx, packet, hit, sp_error_of(packet->family, verdict, (__u16)what));
}

/* Carries out a verdict that sp_judge() gave. */
static __always_inline int carry_or_answer(struct xdp_md *ctx, const struct sp_packet *packet,
					   const struct sp_hit *hit, __u64 now_ns,
					   enum sp_verdict *verdict)
{
	int action = 0;

	if (*verdict == SP_FORWARDED)
		action = carry(ctx, packet, hit, now_ns, verdict);
	if (sp_verdict_fate(*verdict) == SP_FATE_ANSWER)
		action = answer(ctx, packet, hit, (__u32)*verdict << 16 | action, now_ns);
	if (action > 0)
		return action;
	*verdict = action < 0 ? SP_ANSWER_LIMITED : SP_NO_BUFFER;
	return XDP_DROP;
}

int xdp_complete(struct xdp_md *ctx, __u32 family, __u32 protocol, __u32 l3_len_bytes);

__attribute__((__noinline__)) int xdp_complete(struct xdp_md *ctx, __u32 family, __u32 protocol,
					       __u32 l3_len_bytes)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	return family == 4 ? sp_complete(data, end, (__u8)protocol, l3_len_bytes, 4)
			   : sp_complete(data, end, (__u8)protocol, l3_len_bytes, 6);
}

/*
 * Result: whether a checksum that seems to be partial was completed. A generic program's packet
 * goes on as the kernel got it, and the NIC is told to complete what it was left: so it is left
 * again.
 */
static __always_inline int completes(struct xdp_md *ctx, const struct sp_packet *packet)
{
	const __u32 bytes = packet->l3_len_bytes;

	if (!xdp_complete(ctx, packet->family, packet->protocol, bytes))
		return 0;
	if (!sp_generic)
		return 1;
	if (packet->family == 4)
		sp_leave((void *)(long)ctx->data, (void *)(long)ctx->data_end, packet->protocol,
			 bytes, 4);
	else
		sp_leave((void *)(long)ctx->data, (void *)(long)ctx->data_end, packet->protocol,
			 bytes, 6);
	return 0;
}

/* Carries, completes a checksum that seems to be partial, unless it was whole by chance, and puts
 * the tag on what leaves by the other side. */
static __always_inline int carry_whole(struct xdp_md *ctx, const struct sp_packet *packet,
				       const struct sp_hit *hit, __u64 now_ns,
				       enum sp_verdict *verdict)
{
	int action = carry_or_answer(ctx, packet, hit, now_ns, verdict);

	if (*verdict == SP_COMPLETED && !completes(ctx, packet))
		*verdict = SP_FORWARDED;
	if (*verdict != SP_FORWARDED && *verdict != SP_COMPLETED)
		return action;
	return sp_tag_for(ctx, sp_tag_ahead(hit->direction)) ? XDP_ABORTED : action;
}

static __always_inline int carry_or_steer(struct xdp_md *ctx, const struct sp_packet *packet,
					  const struct sp_hit *hit, __u64 now_ns,
					  enum sp_verdict *verdict)
{
	const struct sp_settings *now = sp_table_settings(0);

	/* There is a lease, or there was nothing to carry; but the verifier does not know that. */
	if (!now || !hit->slot)
		return XDP_PASS;
	if (!sp_exception && now->engine_mode == SP_ENGINE_DPDK) {
		if (worker_takes(ctx, now, now_ns)) {
			*verdict = SP_STEERED;
			/* Toward a VM address and port lead to the slot: nobody searches. */
			if (sp_role == SP_ROLE_BUILDS)
				sp_hint_put(ctx, packet, hit);
			return bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_DROP);
		}
		if (!now->fallback) {
			*verdict = SP_NO_ENGINE;
			return XDP_DROP;
		}
	}
	return carry_whole(ctx, packet, hit, now_ns, verdict);
}

/* Untouched is with its tag: so the kernel wants it, and the worker. */
static __always_inline int give_back(struct xdp_md *ctx, __be16 tag_be, int action,
				     enum sp_verdict verdict)
{
	if (action != XDP_PASS && verdict != SP_STEERED)
		return action;
	return sp_tag_on(ctx, tag_be) ? XDP_DROP : action;
}

/* What becomes of a frame that the lane has not taken. */
static __always_inline int run(struct xdp_md *ctx, enum sp_verdict *ret_verdict)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct sp_packet packet;
	struct sp_hit hit = {0};
	struct sp_snap *copy = 0;
	__u64 now_ns = 0;
	int action = XDP_PASS;
	enum sp_verdict verdict = sp_parse_frame(data, end, (__u64)sp_frame_bytes(ctx), &packet);

	if (verdict == SP_FORWARDED)
		verdict = sp_find(0, &packet, sp_role, &hit);
	if (verdict == SP_FORWARDED) {
		now_ns = bpf_ktime_get_boot_ns();
		verdict = sp_judge(0, &packet, now_ns, &hit);
		verdict = shield(&packet, &hit, now_ns, verdict);
		note_if_worth(ctx, &packet, &hit, now_ns, verdict);
	}
	if (sp_snap_marked(&hit, verdict))
		copy = snap(ctx, &packet, &hit, now_ns);
	switch (sp_verdict_fate(verdict)) {
	case SP_FATE_PASS:
		break;
	case SP_FATE_DROP:
		action = XDP_DROP;
		break;
	case SP_FATE_CARRY:
	case SP_FATE_ANSWER:
		action = carry_or_steer(ctx, &packet, &hit, now_ns, &verdict);
		break;
	}
	if (copy)
		snap_end(copy, verdict);
	sp_count(verdict, &packet, &hit);
	*ret_verdict = verdict;
	return action;
}

int xdp_lane4(struct xdp_md *ctx);
int xdp_lane6(struct xdp_md *ctx);

__attribute__((__noinline__)) int xdp_lane4(struct xdp_md *ctx)
{
	return sp_lane(ctx, 4);
}

__attribute__((__noinline__)) int xdp_lane6(struct xdp_md *ctx)
{
	return sp_lane(ctx, 6);
}

static __always_inline int lane(struct xdp_md *ctx)
{
	const struct sp_eth *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return SP_LANE_LEFT;
	return eth->type_be == SP_BE16(SP_ETH_IPV6) ? xdp_lane6(ctx) : xdp_lane4(ctx);
}

SEC("xdp")
int xsk_def_prog(struct xdp_md *ctx)
{
	enum sp_verdict verdict;
	__be16 tag_be = 0;
	int action;

	if (sp_tag_here() && !sp_tag_off(ctx, &tag_be)) {
		sp_count(SP_NOT_IP, 0, 0);
		return XDP_PASS;
	}
	action = lane(ctx);
	if (action != SP_LANE_LEFT)
		return action;
	action = run(ctx, &verdict);
	return sp_tag_here() ? give_back(ctx, tag_be, action, verdict) : action;
}

char sp_license[] SEC("license") = "Dual BSD/GPL";
