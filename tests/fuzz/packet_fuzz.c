// SPDX-License-Identifier: BSD-3-Clause
/*
 * Any bytes as a frame through parse, decide, translate and answer, over the standard fixture; what
 * must hold for every packet (invariants.h) holds. The first byte of an input says the role and the
 * MTU, the rest is the frame.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/host_engine.h"
#include "fixture.h"
#include "invariants.h"
#include "packets.h"

#define NOW_NS	    5000000000000ULL
#define FRAME_BYTES (FRAME_BYTES_MAX - 64)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static struct fixture *standard(void)
{
	static struct fixture fixture;

	if (fixture.leases)
		return &fixture;
	if (fixture_new(&fixture) || fixture_standard(&fixture, NOW_NS))
		abort();
	return &fixture;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frame in, out;
	const struct sp_table *table = &standard()->table;
	struct run run = {.now_ns = NOW_NS};
	const char *broken;

	if (size < 1 || size > FRAME_BYTES)
		return -1;
	run.role = 1 + data[0] % 3;
	run.mtu = data[0] & 0x80 ? 60 : 1500;
	in.len_bytes = size - 1;
	memcpy(in.bytes, data + 1, size - 1);
	out = in;
	host_engine_run(table, &run, &in, &out);
	broken = invariants_broken(table, &run, &in, &out);
	if (!broken)
		return 0;
	fprintf(stderr, "verdict %u: broken: %s\n", run.verdict, broken);
	abort();
}

/* Now and then a packet that a lease is concerned with, to begin anew from. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	static struct frame frame;
	struct random random = {.state = seed};

	if (random_below(&random, 8))
		return LLVMFuzzerMutate(data, size, max_size);
	packets_random(&random, standard(), &frame);
	if (frame.len_bytes >= max_size)
		return LLVMFuzzerMutate(data, size, max_size);
	data[0] = random_next(&random);
	memcpy(data + 1, frame.bytes, frame.len_bytes);
	return frame.len_bytes + 1;
}
