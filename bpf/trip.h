/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* A translated packet looking for its way out. */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#include <sallyport/parse.h>
#include <sallyport/table.h>

struct sp_trip {
	struct sp_tuple after;
	struct bpf_fib_lookup fib;
	enum sp_direction direction; /* here it fills a hole: the stack is small */
	struct sp_usage *usage;	     /* of the lease, on this CPU; NULL: none */
	__u32 slot_index;
	__u32 generation;
	__u64 now_ns;
};
