/* SPDX-License-Identifier: BSD-3-Clause */
/* The shared packet code as the host's compiler sees it, on one frame. */
#pragma once

#include "run.h"

#include <sallyport/table_host.h>

#define FRAME_BYTES_MAX 2048u

struct frame {
	__u32 len_bytes;
	__u8 bytes[FRAME_BYTES_MAX];
};

/*
 * Runs the shared code on a copy of in, which lies in memory of exactly its length so that the
 * address sanitizer sees any access outside. *out is what it becomes. Not for frames of more than
 * FRAME_BYTES_MAX - 64 bytes.
 */
void host_engine_run(const struct sp_table *table, struct run *run, const struct frame *in,
		     struct frame *out);
