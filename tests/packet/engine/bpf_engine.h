/* SPDX-License-Identifier: BSD-3-Clause */
/* The shared packet code as clang -target bpf and the kernel's JIT see it, on one frame. */
#pragma once

#include "engine/host_engine.h"
#include "fixture.h"
#include "run.h"

struct shared_program;

struct bpf_engine {
	struct shared_program *program;
	struct run *run;	/* the map of that name */
	struct fixture fixture; /* the program's maps; not for fixture_free() */
};

/*
 * Loads shared.bpf.c with an empty table that both engines can read. Result: 0 or -errno, -EPERM
 * where the caller may not. bpf_engine_close() gives all back; it takes a zeroed engine too.
 */
int bpf_engine_open(struct bpf_engine *engine);
void bpf_engine_close(struct bpf_engine *engine);

/* As host_engine_run(), by BPF_PROG_TEST_RUN. in has at least 14 bytes. Result: 0 or -errno. */
int bpf_engine_run(struct bpf_engine *engine, struct run *run, const struct frame *in,
		   struct frame *out);
