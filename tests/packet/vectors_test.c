// SPDX-License-Identifier: BSD-3-Clause
/*
 * The vectors of vectors.txt, through the shared code as compiled for the host and for BPF, as TAP.
 *
 *	vectors_test host|bpf vectors.txt [NAME]
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpf_engine.h"
#include "fixture.h"
#include "host_engine.h"

#include <sallyport/decide.h>
#include <sallyport/verdict.h>

#define LINE_BYTES_MAX 8192

struct vector {
	char name[128];
	struct run run;
	struct frame in, expected;
	enum sp_verdict verdict;
};

struct engines {
	struct bpf_engine bpf;
	struct fixture host;
	int use_bpf;
	const char *only; /* the name of the one vector to run, or NULL */
	int nr_run, nr_failed;
};

static const char *verdict_name(__u32 verdict)
{
	switch (verdict) {
#define X(NAME, name, fate, help)                                                                  \
	case SP_##NAME:                                                                            \
		return #name;
		SP_VERDICT_LIST(X)
#undef X
	default:
		return "no answer";
	}
}

static int read_verdict(const char *name, enum sp_verdict *ret)
{
	for (__u32 i = 0; i < SP_VERDICT_COUNT; i++) {
		if (strcmp(verdict_name(i), name) != 0)
			continue;
		*ret = (enum sp_verdict)i;
		return 0;
	}
	return -EINVAL;
}

static int read_frame(const char *hex, struct frame *ret)
{
	ret->len_bytes = 0;
	for (; isxdigit(hex[0]) && isxdigit(hex[1]); hex += 2) {
		unsigned int byte;

		if (ret->len_bytes == sizeof(ret->bytes) || sscanf(hex, "%2x", &byte) != 1)
			return -EINVAL;
		ret->bytes[ret->len_bytes++] = byte;
	}
	return *hex == '\n' || *hex == '\0' ? 0 : -EINVAL;
}

static int read_packet(const char *line, struct vector *ret)
{
	char role[16];
	unsigned long long now_ns;

	if (sscanf(line, "packet %127s %15s %llu %u", ret->name, role, &now_ns, &ret->run.mtu) != 4)
		return -EINVAL;
	ret->run.now_ns = now_ns;
	ret->run.role = strcmp(role, "public") == 0   ? SP_ROLE_PUBLIC
			: strcmp(role, "builds") == 0 ? SP_ROLE_BUILDS
						      : SP_ROLE_BOTH;
	return 0;
}

static int read_expected(const char *line, struct vector *ret)
{
	char verdict[32];
	int at;

	if (sscanf(line, "out %31s %n", verdict, &at) != 1 || read_verdict(verdict, &ret->verdict))
		return -EINVAL;
	if (line[at] == '-')
		ret->expected = ret->in;
	else
		return read_frame(line + at, &ret->expected);
	return 0;
}

static void print_frame(const char *what, const struct frame *frame)
{
	printf("# %-9s", what);
	for (__u32 i = 0; i < frame->len_bytes; i++)
		printf("%02x", frame->bytes[i]);
	printf("\n");
}

static void run_vector(struct engines *engines, const struct vector *vector)
{
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
	printf("# verdict %s, expected %s (run: %d)\n", verdict_name(run.verdict),
	       verdict_name(vector->verdict), r);
	print_frame("in", &vector->in);
	print_frame("out", &out);
	print_frame("expected", &vector->expected);
}

/* Result: 0, or -EINVAL for a line that means nothing. */
static int read_line(struct engines *engines, const char *line, struct vector *vector)
{
	int r;

	if (line[0] == '#' || line[0] == '\n')
		return 0;
	if (strncmp(line, "packet ", 7) == 0)
		return read_packet(line, vector);
	if (strncmp(line, "in ", 3) == 0)
		return read_frame(line + 3, &vector->in);
	if (strncmp(line, "out ", 4) == 0) {
		r = read_expected(line, vector);
		if (!r)
			run_vector(engines, vector);
		return r;
	}
	r = fixture_read_line(engines->use_bpf ? &engines->bpf.fixture : &engines->host, line);
	return r == 1 ? 0 : -EINVAL;
}

static int run_file(struct engines *engines, FILE *file)
{
	static char line[LINE_BYTES_MAX];
	static struct vector vector;
	int number = 0;

	while (fgets(line, sizeof(line), file)) {
		number++;
		if (!read_line(engines, line, &vector))
			continue;
		printf("not ok %d - line %d can be read\n", engines->nr_run + 1, number);
		return 1;
	}
	printf("1..%d\n", engines->nr_run);
	return engines->nr_failed || !engines->nr_run;
}

static int open_engines(struct engines *engines)
{
	int r = engines->use_bpf ? bpf_engine_open(&engines->bpf) : fixture_new(&engines->host);

	if (r == -EPERM || r == -EACCES) {
		printf("1..0 # SKIP loading BPF programs is not permitted here\n");
		return 77;
	}
	if (r)
		printf("not ok 1 - the engine starts: %s\n", strerror(-r));
	return r ? 1 : 0;
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
