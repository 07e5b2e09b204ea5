// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
/*
 * The XDP program of either interface: it leaves to the kernel what is not ours, hands what is to
 * the worker of sallyport-dp that polls this queue, and carries it itself when there is none.
 *
 * It is named xsk_def_prog, has an XSKMAP named xsks_map and says xsk_prog_version 1, by which
 * libxdp takes it for its own: DPDK's AF_XDP driver then just adds its sockets to our map.
 */
#include "carry.h"
#include "table_bpf.h"

#include <sallyport/decide.h>
#include <sallyport/note_put.h>
#include <sallyport/parse.h>
#include <sallyport/snap_put.h>
#include <sallyport/verdict.h>

__uint(xsk_prog_version, 1) SEC("xdp_metadata");

static __always_inline void count(enum sp_verdict verdict)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct sp_counters *row = cpu < sp_nr_cpus ? bpf_map_lookup_elem(&counters, &cpu) : 0;

	if (row && verdict < SP_VERDICT_COUNT)
		row->verdict[verdict]++;
}

/* Tells sallyportd of a TCP segment that opens or closes a connection, is late, or is refused. */
static __attribute__((__noinline__)) void note(struct xdp_md *ctx, const struct sp_packet *packet,
					       const struct sp_hit *hit, __u64 now_ns, __u8 kind)
{
	const struct sp_tcp *tcp = (void *)(long)ctx->data + SP_L4_OFFSET(packet->family);
	__u32 cpu = bpf_get_smp_processor_id(), index;
	struct sp_ring_head *head;
	struct sp_note *record;

	if ((void *)(tcp + 1) > (void *)(long)ctx->data_end)
		return;
	head = bpf_map_lookup_elem(&notes_heads, &cpu);
	if (!head || (kind == SP_NOTE_LATE && !sp_ring_may(head, SP_NOTES_LATE, now_ns)))
		return;
	index = cpu * SP_NOTES + sp_ring_at(head->written + 1, SP_NOTES);
	record = bpf_map_lookup_elem(&notes, &index);
	if (record)
		sp_note_write(head, record, kind, tcp, packet, hit, now_ns);
}

static __always_inline void note_if_worth(struct xdp_md *ctx, const struct sp_packet *packet,
					  const struct sp_hit *hit, __u64 now_ns,
					  enum sp_verdict verdict)
{
	__u8 kind = verdict == SP_RESET_VM ? SP_NOTE_LATE : sp_note_kind_of(packet);

	if (kind == SP_NOTE_NONE)
		return;
	if (verdict == SP_FORWARDED || kind == SP_NOTE_LATE)
		note(ctx, packet, hit, now_ns, kind);
	else if (verdict == SP_NOT_ALLOWED && kind == SP_NOTE_OPENS)
		note(ctx, packet, hit, now_ns, SP_NOTE_REFUSED);
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
	sp_snap_begin(record, (__u32)(ctx->data_end - ctx->data), hit, now_ns);
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

/* Does a worker poll this queue: has it a socket, and is the heartbeat of its worker fresh? */
static __always_inline int worker_alive(__u32 queue, const struct sp_settings *now, __u64 now_ns)
{
	__u32 index = (sp_role == SP_ROLE_BUILDS ? SP_QUEUES_MAX : 0) + queue;
	const struct sp_queue *record;
	__u64 beat_ns;

	if (queue >= SP_QUEUES_MAX || !bpf_map_lookup_elem(&xsks_map, &queue))
		return 0;
	record = bpf_map_lookup_elem(&queues, &index);
	if (!record)
		return 0;
	beat_ns = SP_LOAD(record->beat_ns);
	return beat_ns + now->failover_ns > now_ns;
}

static __always_inline int carry_or_steer(struct xdp_md *ctx, const struct sp_packet *packet,
					  const struct sp_hit *hit, __u64 now_ns,
					  enum sp_verdict *verdict)
{
	const struct sp_settings *now = sp_table_settings(0);

	if (!now)
		return XDP_PASS;
	if (now->engine_mode == SP_ENGINE_DPDK) {
		if (worker_alive(ctx->rx_queue_index, now, now_ns)) {
			*verdict = SP_STEERED;
			return bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_DROP);
		}
		if (!now->fallback) {
			*verdict = SP_NO_ENGINE;
			return XDP_DROP;
		}
	}
	return sp_carry(ctx, packet, hit, now_ns, verdict);
}

SEC("xdp")
int xsk_def_prog(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct sp_packet packet;
	struct sp_hit hit = {0};
	struct sp_snap *copy = 0;
	__u64 now_ns = 0;
	int action = XDP_PASS;
	enum sp_verdict verdict = sp_parse(data, end, &packet);

	if (verdict == SP_FORWARDED)
		verdict = sp_find(0, &packet, sp_role, &hit);
	if (verdict == SP_FORWARDED) {
		now_ns = bpf_ktime_get_boot_ns();
		verdict = sp_judge(0, &packet, now_ns, &hit);
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
	count(verdict);
	return action;
}

char sp_license[] SEC("license") = "Dual BSD/GPL";
