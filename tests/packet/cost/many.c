// SPDX-License-Identifier: BSD-3-Clause
#include "cost/many.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksums.h"
#include "cost/leases.h"
#include "cost/object.h"
#include "cost/prepare.h"
#include "engine/host_engine.h"
#include "fixture.h"
#include "prepare.skel.h"

#define ROUNDS_MAX 101
/*
 * Of a run: each lease is met 25 times, as often as in 0.1 s at 10 million packets a second, so the
 * kernel is asked for about as many next hops as by an engine that is as fast as that.
 */
#define REPEATS	   1000000
#define BUILDS	   2
#define FRAME_TAIL 26

static const struct way {
	const char *name, *from, *to;
	__u8 family;
	enum sp_role role;
} ways[] = {
	{"to a VM", "203.0.113.50", LEASES_PUBLIC_V4, 4, SP_ROLE_PUBLIC},
	{"to a client", LEASES_VM_V4, "203.0.113.50", 4, SP_ROLE_BUILDS},
	{"to a VM, IPv6", "3fff:c::9", LEASES_PUBLIC_V6, 6, SP_ROLE_PUBLIC},
	{"to a client, IPv6", LEASES_VM_V6, "3fff:c::9", 6, SP_ROLE_BUILDS},
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

struct timed {
	struct prepare_program *prepare;
	double ns[ROUNDS_MAX];
};

struct many {
	const struct network *network;
	struct leases *leases;
	int nr_builds;
	struct bpf_object *object[BUILDS][SP_ROLE_BUILDS + 1];
	struct timed timed[WAYS][BUILDS];
	struct timed base[WAYS]; /* what making the packets takes */
};

/* Addresses and ports are written for each packet; here is the rest. */
static void make_frame(const struct way *way, struct frame *ret)
{
	__u32 l3_bytes = way->family == 4 ? 20 : 40;
	__u8 *ip = ret->bytes + 14, *tcp = ip + l3_bytes;

	memset(ret, 0, sizeof(*ret));
	ret->len_bytes = 14 + l3_bytes + 20 + FRAME_TAIL;
	memcpy(ret->bytes + 12, way->family == 4 ? "\x08\x00" : "\x86\xdd", 2);
	ip[0] = way->family == 4 ? 0x45 : 0x60;
	ip[way->family == 4 ? 3 : 5] = (way->family == 4 ? l3_bytes : 0) + 20 + FRAME_TAIL;
	ip[way->family == 4 ? 9 : 6] = 6;
	tcp[12] = 0x50;
	tcp[13] = 0x10;
	checksums_set(ret->bytes, ret->len_bytes);
}

static int open_prepare(const struct way *way, int fd, struct timed *timed)
{
	const __u32 zero = 0;
	struct prepared prepared = {
		.family = way->family,
		.to_vm = way->role == SP_ROLE_PUBLIC,
		.port = way->role == SP_ROLE_PUBLIC ? LEASES_PORT : LEASES_VM_PORT,
		.nr_leases = LEASES_NR,
		.nr_vms = LEASES_VMS,
	};
	int r = fixture_parse_addr(way->from, &prepared.from);

	if (!r)
		r = fixture_parse_addr(way->to, &prepared.to);
	timed->prepare = prepare_program__open();
	if (!timed->prepare || r)
		return r ? r : -errno;
	memcpy((void *)&timed->prepare->rodata->prepared, &prepared, sizeof(prepared));
	r = prepare_program__load(timed->prepare);
	if (r)
		return r;
	if (fd < 0)
		fd = bpf_program__fd(timed->prepare->progs.pass_all);
	return bpf_map_update_elem(bpf_map__fd(timed->prepare->maps.next), &zero, &fd, 0) ? -errno
											  : 0;
}

static int open_build(struct many *many, int build, const char *path)
{
	struct bpf_object **object = many->object[build];
	int fd[SP_ROLE_BUILDS + 1] = {-1, -1, -1}, r = 0;

	for (__u32 role = SP_ROLE_PUBLIC; role <= SP_ROLE_BUILDS && !r; role++) {
		object[role] = object_open(path);
		if (!object[role])
			return -errno;
		fd[role] = object_load(object[role],
				       role == SP_ROLE_PUBLIC ? NULL : object[SP_ROLE_PUBLIC], role,
				       many->leases);
		r = fd[role] < 0 ? fd[role] : 0;
	}
	for (size_t i = 0; i < WAYS && !r; i++)
		r = open_prepare(&ways[i], fd[ways[i].role], &many->timed[i][build]);
	return r;
}

static int add_vms(void)
{
	static char lines[LEASES_VMS * 96];
	size_t at = 0;

	/* Those of IPv4 are there. */
	for (__u32 vm = 1; vm <= LEASES_VMS; vm++)
		at += snprintf(lines + at, sizeof(lines) - at,
			       "neigh add 2001:db8:b::1:%x lladdr 02:00:00:00:0e:%02x dev builds\n",
			       vm, vm);
	return network_ip(lines);
}

static int measure(const struct many *many, const struct way *way, struct timed *timed,
		   __u32 action, int round)
{
	struct frame frame, out;
	struct xdp_md context = {
		.ingress_ifindex = way->role == SP_ROLE_PUBLIC ? many->network->public_ifindex
							       : many->network->builds_ifindex,
	};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.bytes, .data_out = out.bytes,
		    .data_size_out = sizeof(out.bytes), .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = REPEATS, );

	make_frame(way, &frame);
	context.data_end = options.data_size_in = frame.len_bytes;
	if (bpf_prog_test_run_opts(bpf_program__fd(timed->prepare->progs.prepare_next), &options))
		return -errno;
	if (options.retval != action) {
		fprintf(stderr, "%s: action %u, expected %u\n", way->name, options.retval, action);
		return -EPROTO;
	}
	timed->ns[round] = options.duration;
	return 0;
}

static int measure_round(struct many *many, int round)
{
	int r = 0;

	for (size_t i = 0; i < WAYS && !r; i++) {
		r = measure(many, &ways[i], &many->base[i], XDP_PASS, round);
		for (int k = 0; k < many->nr_builds && !r; k++) {
			/* Neither is always the first. */
			int build = round % 2 ? many->nr_builds - 1 - k : k;

			r = measure(many, &ways[i], &many->timed[i][build], XDP_REDIRECT, round);
		}
	}
	return r;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Values are rounds' in the order of rounds until here. */
static void tell(const char *name, const char *more, const double *values, int rounds,
		 const char *format)
{
	double sorted[ROUNDS_MAX];
	char label[64], spread[64], median[32];
	char both[80];

	memcpy(sorted, values, rounds * sizeof(*values));
	qsort(sorted, rounds, sizeof(*sorted), by_value);
	snprintf(label, sizeof(label), "%s%s", name, more);
	snprintf(median, sizeof(median), format, sorted[rounds / 2]);
	snprintf(both, sizeof(both), "%s–%s", format, format);
	snprintf(spread, sizeof(spread), both, sorted[rounds / 4], sorted[rounds * 3 / 4]);
	printf("%-36s %8s  %s\n", label, median, spread);
}

static void tell_way(const struct many *many, size_t i, int rounds)
{
	const struct timed *own = &many->timed[i][0], *other = &many->timed[i][1];
	double ratio[ROUNDS_MAX], net[ROUNDS_MAX];

	tell(ways[i].name, ", ns", own->ns, rounds, "%.0f");
	tell("  of which making the packet", "", many->base[i].ns, rounds, "%.0f");
	if (many->nr_builds < 2)
		return;
	for (int round = 0; round < rounds; round++) {
		ratio[round] = other->ns[round] / own->ns[round];
		net[round] = (other->ns[round] - many->base[i].ns[round]) /
			     (own->ns[round] - many->base[i].ns[round]);
	}
	tell("  the reference, ns", "", other->ns, rounds, "%.0f");
	tell("  the reference's to ours", "", ratio, rounds, "%.2f");
	tell("  without making the packet", "", net, rounds, "%.2f");
}

static int open_all(struct many *many, const char *reference)
{
	int r = leases_make(many->leases, many->network);

	if (!r)
		r = add_vms();
	for (size_t i = 0; i < WAYS && !r; i++)
		r = open_prepare(&ways[i], -1, &many->base[i]);
	if (!r)
		r = open_build(many, 0, NULL);
	return r || !reference ? r : open_build(many, 1, reference);
}

static void close_all(struct many *many)
{
	for (size_t i = 0; i < WAYS; i++) {
		prepare_program__destroy(many->base[i].prepare);
		for (int build = 0; build < BUILDS; build++)
			prepare_program__destroy(many->timed[i][build].prepare);
	}
	for (int build = 0; build < BUILDS; build++)
		for (__u32 role = SP_ROLE_PUBLIC; role <= SP_ROLE_BUILDS; role++)
			bpf_object__close(many->object[build][role]);
	free(many->leases);
}

int many_measure(const struct network *network, const char *reference, int rounds)
{
	static struct many many;
	int r;

	many.network = network;
	many.nr_builds = reference ? 2 : 1;
	many.leases = calloc(1, sizeof(*many.leases));
	r = many.leases ? open_all(&many, reference) : -ENOMEM;
	for (int round = 0; round < rounds && !r; round++)
		r = measure_round(&many, round);
	if (r)
		fprintf(stderr, "%u leases: %s\n", LEASES_NR, strerror(-r));
	else
		printf("%u leases at random, medians of %d rounds\n", LEASES_NR, rounds);
	for (size_t i = 0; i < WAYS && !r; i++)
		tell_way(&many, i, rounds);
	close_all(&many);
	return r;
}
