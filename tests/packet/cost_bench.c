// SPDX-License-Identifier: BSD-3-Clause
/*
 * What the XDP program costs a packet, beside a program that passes everything: nanoseconds by
 * BPF_PROG_TEST_RUN with repeat, all cases in turn for COST_ROUNDS (15) rounds, medians and spread.
 * Only the ratios of one run may be compared with each other.
 *
 *	packet_cost [REFERENCE]
 *
 * One lease, and then 40,000. With a reference, the xdp.bpf.o of another build, those 40,000 alone,
 * in the one build and the other by turns.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "checksums.h"
#include "cost.skel.h"
#include "cost/many.h"
#include "engine/network.h"
#include "engine/refused.h"
#include "engine/xdp_engine.h"
#include "fixture.h"
#include "xdp.skel.h"

#define ROUNDS_DEFAULT 15
#define ROUNDS_MAX     101
#define REPEATS	       100000
#define FAR_NS	       (~0ULL >> 1)

struct cost_case {
	const char *name;
	int fd;
	enum sp_role role;
	struct frame frame;
	__u32 action;
	__u32 asks; /* the kernel for each next hop: none is remembered */
	double ns[ROUNDS_MAX];
};

struct bench {
	struct network network;
	struct xdp_engine engine;
	struct cost_program *cost[SP_ROLE_BUILDS + 1];
	struct cost_case cases[24];
	int nr_cases;
};

static void put16(__u8 *at, __u16 value)
{
	at[0] = value >> 8;
	at[1] = value & 0xff;
}

static void make_frame(struct frame *ret, const char *from, __u16 from_port, const char *to,
		       __u16 to_port)
{
	int six = strchr(from, ':') != NULL;
	__u8 *ip = ret->bytes + 14, *tcp = ip + (six ? 40 : 20);
	struct sp_addr ends[2];

	memset(ret, 0, sizeof(*ret));
	if (fixture_parse_addr(from, &ends[0]) || fixture_parse_addr(to, &ends[1]))
		abort();
	ret->len_bytes = 14 + (six ? 40 : 20) + 20 + 26;
	put16(ret->bytes + 12, six ? 0x86dd : 0x0800);
	ip[0] = six ? 0x60 : 0x45;
	ip[six ? 6 : 9] = 6;
	ip[six ? 7 : 8] = 64;
	put16(ip + (six ? 4 : 2), six ? 46 : 66);
	memcpy(ip + (six ? 8 : 12), six ? ends[0].word_be : &ends[0].word_be[3], six ? 16 : 4);
	memcpy(ip + (six ? 24 : 16), six ? ends[1].word_be : &ends[1].word_be[3], six ? 16 : 4);
	put16(tcp, from_port);
	put16(tcp + 2, to_port);
	tcp[12] = 0x50;
	tcp[13] = 0x10;
	checksums_set(ret->bytes, ret->len_bytes);
}

static struct cost_case *add_case(struct bench *bench, const char *name,
				  const struct bpf_program *program, enum sp_role role,
				  __u32 action)
{
	struct cost_case *one = &bench->cases[bench->nr_cases++];

	one->name = name;
	one->fd = bpf_program__fd(program);
	one->role = role;
	one->action = action;
	return one;
}

static void add_program(struct bench *bench, const char *name, enum sp_role role, __u32 action,
			const char *from, __u16 from_port, const char *to, __u16 to_port)
{
	struct cost_case *one = add_case(
		bench, name, bench->engine.programs[role]->progs.xsk_def_prog, role, action);

	make_frame(&one->frame, from, from_port, to, to_port);
}

static void add_carried(struct bench *bench, const char *name, enum sp_role role, const char *from,
			__u16 from_port, const char *to, __u16 to_port)
{
	struct cost_case *one =
		add_case(bench, name, bench->cost[role]->progs.carried, role, XDP_REDIRECT);

	make_frame(&one->frame, from, from_port, to, to_port);
}

/* The same, with the kernel asked for the next hop of each packet. */
static void add_asking(struct bench *bench, const char *name)
{
	struct cost_case *one = &bench->cases[bench->nr_cases];

	*one = bench->cases[bench->nr_cases++ - 1];
	one->name = name;
	one->asks = 1;
}

static void add_cases(struct bench *bench)
{
	static const char client[] = "203.0.113.50", public[] = "192.0.2.1", vm[] = "10.0.3.10";
	char text[INET6_ADDRSTRLEN];
	struct cost_case *one;
	struct sp_addr own;

	one = add_case(bench, "pass everything", bench->cost[SP_ROLE_PUBLIC]->progs.pass,
		       SP_ROLE_PUBLIC, XDP_PASS);
	make_frame(&one->frame, client, 9, public, 64003);
	add_program(bench, "host's own TCP", SP_ROLE_PUBLIC, XDP_PASS, client, 9, public, 22);
	add_program(bench, "host's own TCP, IPv6", SP_ROLE_PUBLIC, XDP_PASS, "2001:db8:c::9", 9,
		    "2001:db8:2::1", 22);
	add_program(bench, "not to this host", SP_ROLE_PUBLIC, XDP_PASS, client, 9, "192.0.2.99",
		    22);
	add_program(bench, "a VM's own TCP", SP_ROLE_BUILDS, XDP_PASS, vm, 40000, client, 443);
	add_program(bench, "expired lease", SP_ROLE_PUBLIC, XDP_PASS, client, 9, public, 64005);
	one = add_case(bench, "keep and put back", bench->cost[SP_ROLE_PUBLIC]->progs.kept,
		       SP_ROLE_PUBLIC, XDP_PASS);
	make_frame(&one->frame, client, 9, public, 64003);
	add_carried(bench, "carried to a VM", SP_ROLE_PUBLIC, client, 9, public, 64003);
	add_asking(bench, "  asking the kernel");
	add_carried(bench, "carried to a client", SP_ROLE_BUILDS, vm, 5903, client, 9);
	add_asking(bench, "  asking the kernel");
	add_carried(bench, "carried to a VM, IPv6", SP_ROLE_PUBLIC, "2001:db8:c:1::9", 9,
		    "2001:db8:2::1", 64003);
	add_asking(bench, "  asking the kernel");
	own = fixture_public_addr(&bench->engine.fixture, 2, 64003, 22);
	add_carried(bench, "carried, own address", SP_ROLE_PUBLIC, "2001:db8:c:1::9", 9,
		    inet_ntop(AF_INET6, &own, text, sizeof(text)), 22);
	add_carried(bench, "carried, allow-list", SP_ROLE_PUBLIC, "203.0.113.7", 9, public, 64024);
	add_program(bench, "steered to a worker", SP_ROLE_PUBLIC, XDP_REDIRECT, client, 9, public,
		    64003);
	add_program(bench, "steered, from a VM", SP_ROLE_BUILDS, XDP_REDIRECT, vm, 5903, client, 9);
	one = add_case(bench, "read a VM's packet", bench->cost[SP_ROLE_BUILDS]->progs.parsed,
		       SP_ROLE_BUILDS, XDP_PASS);
	make_frame(&one->frame, vm, 5903, client, 9);
	one = add_case(bench, "  and write a hint", bench->cost[SP_ROLE_BUILDS]->progs.hinted,
		       SP_ROLE_BUILDS, XDP_PASS);
	make_frame(&one->frame, vm, 5903, client, 9);
}

static int measure(struct bench *bench, struct cost_case *one, int round)
{
	struct xdp_md context = {
		.data_end = one->frame.len_bytes,
		.ingress_ifindex = bench->engine.ingress_ifindex[one->role],
	};
	struct xdp_md after;
	static __u8 out[XDP_META_MAX + FRAME_BYTES_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = one->frame.bytes,
		    .data_size_in = one->frame.len_bytes, .data_out = out,
		    .data_size_out = sizeof(out), .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .ctx_out = &after,
		    .ctx_size_out = sizeof(after), .repeat = REPEATS, );

	/* The runs of steered cases alone are for sallyport-dp. */
	bench->engine.fixture.settings->hops_kept = !one->asks;
	bench->engine.fixture.settings->engine_mode =
		strncmp(one->name, "steered", 7) ? SP_ENGINE_XDP : SP_ENGINE_DPDK;
	if (bpf_prog_test_run_opts(one->fd, &options))
		return -errno;
	/* What comes back begins with the metadata. */
	if (options.retval != one->action || after.data > XDP_META_MAX ||
	    memcmp(out + after.data, one->frame.bytes, one->frame.len_bytes) != 0) {
		fprintf(stderr, "%s: action %u, expected %u, or bytes changed\n", one->name,
			options.retval, one->action);
		return -EPROTO;
	}
	one->ns[round] = options.duration;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(struct bench *bench, int rounds)
{
	double base = 0;

	printf("%-24s %8s %8s %8s\n", "packet", "ns", "ratio", "spread");
	for (int i = 0; i < bench->nr_cases; i++) {
		struct cost_case *one = &bench->cases[i];
		double median;

		qsort(one->ns, rounds, sizeof(one->ns[0]), by_value);
		median = one->ns[rounds / 2];
		base = i ? base : median;
		printf("%-24s %8.0f %8.2f %3.0f–%.0f\n", one->name, median, median / base,
		       one->ns[rounds / 4], one->ns[rounds * 3 / 4]);
	}
}

/* Makes the program believe in workers with a fresh beat. */
static int pretend_workers(struct bench *bench)
{
	for (__u32 role = SP_ROLE_PUBLIC; role <= SP_ROLE_BUILDS; role++) {
		int fd = xdp_engine_add_socket(&bench->engine, role);

		if (fd < 0)
			return fd;
		bench->engine.queues[role == SP_ROLE_BUILDS ? SP_QUEUES_MAX : 0].beat_ns = FAR_NS;
	}
	return 0;
}

/* The programs to compare with use the engine's own table. */
static int load_cost(struct bench *bench, enum sp_role role)
{
	struct cost_program *program = cost_program__open();
	const struct xdp_program *engine = bench->engine.programs[role];
	struct bpf_map *map;
	int r = 0;

	if (!program)
		return -errno;
	bench->cost[role] = program;
	memcpy(program->rodata, engine->rodata, sizeof(*program->rodata));
	bpf_object__for_each_map(map, program->obj)
	{
		const struct bpf_map *shared =
			bpf_object__find_map_by_name(engine->obj, bpf_map__name(map));

		if (!r && shared && map != program->maps.rodata)
			r = bpf_map__reuse_fd(map, bpf_map__fd(shared));
	}
	return r ? r : cost_program__load(program);
}

static int set_up(struct bench *bench)
{
	int r = network_enter(&bench->network);

	if (!r)
		r = xdp_engine_open(&bench->engine, &bench->network);
	if (!r)
		r = load_cost(bench, SP_ROLE_PUBLIC);
	if (!r)
		r = load_cost(bench, SP_ROLE_BUILDS);
	if (!r)
		r = fixture_standard(&bench->engine.fixture, FAR_NS);
	if (!r)
		r = pretend_workers(bench);
	if (!r) {
		xdp_engine_settings(&bench->engine);
		bench->engine.fixture.leases[64005].deadline_ns = 1;
		add_cases(bench);
	}
	return r;
}

static int measure_one_lease(struct bench *bench, int rounds)
{
	int r = set_up(bench);

	if (r)
		return refused("cost", r);
	for (int round = 0; round < rounds && !r; round++)
		for (int i = 0; i < bench->nr_cases && !r; i++)
			r = measure(bench, &bench->cases[i], round);
	if (r)
		fprintf(stderr, "cost: %s\n", strerror(-r));
	else
		report(bench, rounds);
	for (int role = SP_ROLE_PUBLIC; role <= SP_ROLE_BUILDS; role++)
		cost_program__destroy(bench->cost[role]);
	xdp_engine_close(&bench->engine);
	return r ? 1 : 0;
}

static int measure_many(struct bench *bench, const char *reference, int rounds)
{
	int r = bench->network.public_ifindex ? 0 : network_enter(&bench->network);

	if (r)
		return refused("cost", r);
	return many_measure(&bench->network, reference, rounds) ? 1 : 0;
}

int main(int argc, char *argv[])
{
	static struct bench bench;
	const char *wanted = getenv("COST_ROUNDS"), *reference = argc > 1 ? argv[1] : NULL;
	int rounds = wanted ? atoi(wanted) : ROUNDS_DEFAULT, status = 0;

	if (rounds < 1 || rounds > ROUNDS_MAX || argc > 2) {
		fprintf(stderr, "usage: [COST_ROUNDS=1..%d] packet_cost [REFERENCE]\n", ROUNDS_MAX);
		return 2;
	}
	if (!reference)
		status = measure_one_lease(&bench, rounds);
	return status ? status : measure_many(&bench, reference, rounds);
}
