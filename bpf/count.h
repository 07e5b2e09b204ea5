/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Counting, in this CPU's row, what became of a packet, and the bytes of what was sent on. */
#pragma once

#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "table_bpf.h"

#include <sallyport/decide.h>
#include <sallyport/parse.h>
#include <sallyport/verdict.h>

/* Result: this CPU's row, or NULL. */
SP_INLINE struct sp_counters *sp_counters_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return cpu < sp_nr_cpus ? bpf_map_lookup_elem(&counters, &cpu) : 0;
}

SP_INLINE void sp_count_verdict(struct sp_counters *row, enum sp_verdict verdict)
{
	__u64 index = verdict;

	/* Masked where the verifier sees it, and not where the compiler knows better. */
	asm volatile("" : "+r"(index));
	row->verdict[index & 63]++;
}

/* packet and hit are looked at if it was sent on. */
SP_INLINE void sp_count(enum sp_verdict verdict, const struct sp_packet *packet,
			const struct sp_hit *hit)
{
	struct sp_counters *row = sp_counters_here();

	if (!row)
		return;
	sp_count_verdict(row, verdict);
	if (verdict == SP_FORWARDED || verdict == SP_COMPLETED)
		row->bytes[hit->direction & 1] += packet->l3_len_bytes;
}
