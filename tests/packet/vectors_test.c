// SPDX-License-Identifier: BSD-3-Clause
/*
 * The vectors of vectors.txt, through the shared code as compiled for the host and for BPF, as TAP.
 *
 *	vectors_test host|bpf vectors.txt [NAME]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/bpf_engine.h"
#include "engine/host_engine.h"
#include "engine/refused.h"
#include "fixture.h"
#include "vectors.h"

struct engines {
	struct bpf_engine bpf;
	struct fixture host;
	int use_bpf;
	const char *only; /* the name of the one vector to run, or NULL */
	int nr_run, nr_failed;
};

static void print_frame(const char *what, const struct frame *frame)
{
	printf("# %-9s", what);
	for (__u32 i = 0; i < frame->len_bytes; i++)
		printf("%02x", frame->bytes[i]);
	printf("\n");
}

static void run_vector(void *context, const struct vector *vector)
{
	struct engines *engines = context;
	struct frame out = vector->in;
	struct run run = vector->run;
	int good, r = 0;

	if (engines->only && strcmp(engines->only, vector->name) != 0)
		return;
	if (engines->use_bpf)
		r = bpf_engine_run(&engines->bpf, &run, &vector->in, &out);
	else
		host_engine_run(&engines->host.table, &run, &vector->in, &out);
	good = !r && run.verdict == vector->verdict &&
	       out.len_bytes == vector->expected.len_bytes &&
	       memcmp(out.bytes, vector->expected.bytes, out.len_bytes) == 0;
	engines->nr_failed += !good;
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++engines->nr_run, vector->name);
	if (good)
		return;
	printf("# verdict %s, expected %s (run: %d)\n", vectors_verdict(run.verdict),
	       vectors_verdict(vector->verdict), r);
	print_frame("in", &vector->in);
	print_frame("out", &out);
	print_frame("expected", &vector->expected);
}

static int run_file(struct engines *engines, FILE *file)
{
	struct fixture *fixture = engines->use_bpf ? &engines->bpf.fixture : &engines->host;
	int bad_line = vectors_read(file, fixture, run_vector, engines);

	if (bad_line) {
		printf("not ok %d - line %d can be read\n", engines->nr_run + 1, bad_line);
		return 1;
	}
	printf("1..%d\n", engines->nr_run);
	return engines->nr_failed || !engines->nr_run;
}

static int open_engines(struct engines *engines)
{
	int r = engines->use_bpf ? bpf_engine_open(&engines->bpf) : fixture_new(&engines->host);

	return r ? refused("the engine starts", r) : 0;
}

int main(int argc, char **argv)
{
	static struct engines engines;
	FILE *file;
	int r;

	if (argc < 3)
		return 2;
	engines.use_bpf = strcmp(argv[1], "bpf") == 0;
	engines.only = argc > 3 ? argv[3] : NULL;
	file = fopen(argv[2], "r");
	if (!file)
		return 2;
	r = open_engines(&engines);
	if (!r)
		r = run_file(&engines, file);
	bpf_engine_close(&engines.bpf);
	fixture_free(&engines.host);
	fclose(file);
	return r;
}
