/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* Counting, in this CPU's row, what became of a packet. */
#pragma once

#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "table_bpf.h"

#include <sallyport/verdict.h>

SP_INLINE void sp_count(enum sp_verdict verdict)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct sp_counters *row = cpu < sp_nr_cpus ? bpf_map_lookup_elem(&counters, &cpu) : 0;
	__u64 index = verdict;

	/* Masked where the verifier sees it, and not where the compiler knows better. */
	asm volatile("" : "+r"(index));
	if (row)
		row->verdict[index & 63]++;
}
