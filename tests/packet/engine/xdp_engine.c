// SPDX-License-Identifier: BSD-3-Clause
#include "engine/xdp_engine.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "engine/map_memory.h"
#include "engine/refused.h"
#include "xdp.skel.h"

__u32 xdp_engine_public_vlan, xdp_engine_builds_vlan, xdp_engine_generic;

static void set_sizes(struct xdp_engine *engine, struct xdp_program *program, __u32 role)
{
	program->rodata->sp_role = role;
	program->rodata->sp_nr_cpus = engine->nr_cpus;
	program->rodata->sp_nr_buckets = FIXTURE_BUCKETS;
	program->rodata->sp_nr_usage = FIXTURE_USAGE;
	program->rodata->sp_hash_seed = FIXTURE_SEED;
	program->rodata->sp_public_vlan = xdp_engine_public_vlan;
	program->rodata->sp_builds_vlan = xdp_engine_builds_vlan;
	program->rodata->sp_generic = xdp_engine_generic;
	bpf_map__set_max_entries(program->maps.leases, FIXTURE_PUBLICS * SP_PORTS_PER_ADDRESS);
	bpf_map__set_max_entries(program->maps.endpoints, FIXTURE_BUCKETS);
	bpf_map__set_max_entries(program->maps.allow, FIXTURE_ALLOW);
	bpf_map__set_max_entries(program->maps.counters, engine->nr_cpus);
	bpf_map__set_max_entries(program->maps.usage, engine->nr_cpus * FIXTURE_USAGE);
	bpf_map__set_max_entries(program->maps.wanted, engine->nr_cpus);
	bpf_map__set_max_entries(program->maps.limits,
				 sp_limit_line_index(FIXTURE_USAGE, engine->nr_cpus + 1, 0));
	bpf_map__set_max_entries(program->maps.hops, engine->nr_cpus * SP_HOPS);
	bpf_map__set_max_entries(program->maps.notes, engine->nr_cpus * SP_NOTES);
	bpf_map__set_max_entries(program->maps.notes_heads, engine->nr_cpus);
	bpf_map__set_max_entries(program->maps.snaps, engine->nr_cpus * SP_SNAPS);
	bpf_map__set_max_entries(program->maps.snaps_heads, engine->nr_cpus);
}

/* Every map but the sockets' and the constants' is that of the first instance. */
static int share_maps(struct xdp_program *program, const struct xdp_program *first)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, program->obj)
	{
		const struct bpf_map *shared =
			bpf_object__find_map_by_name(first->obj, bpf_map__name(map));
		int r;

		if (map == program->maps.xsks_map || map == program->maps.rodata)
			continue;
		r = bpf_map__reuse_fd(map, bpf_map__fd(shared));
		if (r)
			return r;
	}
	return 0;
}

static int load(struct xdp_engine *engine, __u32 role)
{
	struct xdp_program *program = xdp_program__open();
	int r = 0;

	if (!program)
		return -errno;
	engine->programs[role] = program;
	set_sizes(engine, program, role);
	if (role != SP_ROLE_PUBLIC)
		r = share_maps(program, engine->programs[SP_ROLE_PUBLIC]);
	return r ? r : xdp_program__load(program);
}

static int map_all(struct xdp_engine *engine)
{
	const struct xdp_program *program = engine->programs[SP_ROLE_PUBLIC];
	struct fixture *fixture = &engine->fixture;

	fixture->settings = map_memory_open(program->maps.settings);
	fixture->hosts = map_memory_open(program->maps.hosts);
	fixture->leases = map_memory_open(program->maps.leases);
	fixture->endpoints = map_memory_open(program->maps.endpoints);
	fixture->allow = map_memory_open(program->maps.allow);
	engine->counters = map_memory_open(program->maps.counters);
	engine->usage = map_memory_open(program->maps.usage);
	engine->wanted = map_memory_open(program->maps.wanted);
	engine->hops = map_memory_open(program->maps.hops);
	engine->openings = map_memory_open(program->maps.openings);
	engine->limits = map_memory_open(program->maps.limits);
	engine->notes = map_memory_open(program->maps.notes);
	engine->notes_heads = map_memory_open(program->maps.notes_heads);
	engine->snaps = map_memory_open(program->maps.snaps);
	engine->snaps_heads = map_memory_open(program->maps.snaps_heads);
	engine->queues = map_memory_open(program->maps.queues);
	fixture_bind(fixture);
	fixture->table.limits = engine->limits;
	fixture->table.nr_rows = engine->nr_cpus + 1;
	return fixture->settings && fixture->hosts && fixture->leases && fixture->endpoints &&
			       fixture->allow && engine->counters && engine->usage &&
			       engine->wanted && engine->hops && engine->openings
		       ? 0
		       : -ENOMEM;
}

int xdp_engine_open(struct xdp_engine *engine, const struct network *network)
{
	int r = 0;

	memset(engine, 0, sizeof(*engine));
	engine->nr_cpus = libbpf_num_possible_cpus();
	engine->ingress_ifindex[SP_ROLE_PUBLIC] = network->public_ifindex;
	engine->ingress_ifindex[SP_ROLE_BUILDS] = network->builds_ifindex;
	engine->ingress_ifindex[SP_ROLE_BOTH] = network->public_ifindex;
	for (__u32 role = SP_ROLE_PUBLIC; role <= SP_ROLE_BOTH && !r; role++)
		r = load(engine, role);
	if (!r)
		r = map_all(engine);
	if (r)
		xdp_engine_close(engine);
	else
		xdp_engine_settings(engine);
	return r;
}

void xdp_engine_close(struct xdp_engine *engine)
{
	const struct xdp_program *program = engine->programs[SP_ROLE_PUBLIC];

	if (program) {
		map_memory_close(program->maps.settings, engine->fixture.settings);
		map_memory_close(program->maps.hosts, engine->fixture.hosts);
		map_memory_close(program->maps.leases, engine->fixture.leases);
		map_memory_close(program->maps.endpoints, engine->fixture.endpoints);
		map_memory_close(program->maps.allow, engine->fixture.allow);
		map_memory_close(program->maps.counters, engine->counters);
		map_memory_close(program->maps.usage, engine->usage);
		map_memory_close(program->maps.wanted, engine->wanted);
		map_memory_close(program->maps.hops, engine->hops);
		map_memory_close(program->maps.openings, engine->openings);
		map_memory_close(program->maps.limits, engine->limits);
		map_memory_close(program->maps.notes, engine->notes);
		map_memory_close(program->maps.notes_heads, engine->notes_heads);
		map_memory_close(program->maps.snaps, engine->snaps);
		map_memory_close(program->maps.snaps_heads, engine->snaps_heads);
		map_memory_close(program->maps.queues, engine->queues);
	}
	for (__u32 role = SP_ROLE_PUBLIC; role <= SP_ROLE_BOTH; role++)
		if (engine->programs[role])
			xdp_program__destroy(engine->programs[role]);
	memset(engine, 0, sizeof(*engine));
}

void xdp_engine_settings(struct xdp_engine *engine)
{
	struct sp_settings *settings = engine->fixture.settings;

	settings->engine_mode = SP_ENGINE_XDP;
	settings->fallback = 1;
	settings->failover_ns = 2000000;
	settings->public_ifindex = engine->ingress_ifindex[SP_ROLE_PUBLIC];
	settings->builds_ifindex = engine->ingress_ifindex[SP_ROLE_BUILDS];
	settings->public_trunk = settings->public_ifindex;
	settings->builds_trunk = settings->builds_ifindex;
	settings->hops_kept = 1;
}

void xdp_engine_keep_leases(struct xdp_engine *engine)
{
	for (__u32 i = 0; i < FIXTURE_PUBLICS * SP_PORTS_PER_ADDRESS; i++)
		if (engine->fixture.leases[i].deadline_ns)
			engine->fixture.leases[i].deadline_ns = ~0ull;
}

int xdp_engine_standard(struct xdp_engine *engine, __u64 now_ns)
{
	int r = fixture_standard(&engine->fixture, now_ns);

	xdp_engine_settings(engine);
	return r;
}

int xdp_engine_add_socket(struct xdp_engine *engine, enum sp_role role)
{
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0), map_fd, r;
	__u32 queue = 0;

	if (fd < 0)
		return -errno;
	map_fd = bpf_map__fd(engine->programs[role]->maps.xsks_map);
	r = bpf_map_update_elem(map_fd, &queue, &fd, 0) ? -errno : 0;
	if (r) {
		close(fd);
		return r;
	}
	return fd;
}

unsigned long long xdp_engine_count(const struct xdp_engine *engine, enum sp_verdict verdict)
{
	unsigned long long sum = 0;

	for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++)
		sum += SP_LOAD(engine->counters[cpu].verdict[verdict]);
	return sum;
}

/* Takes the bytes that were counted out of the counters again. */
static void take_bytes(struct xdp_engine *engine, __u64 ret_bytes[2])
{
	ret_bytes[0] = ret_bytes[1] = 0;
	for (__u32 i = 0; i < engine->nr_cpus * 2; i++) {
		__u64 *counter = &engine->counters[i / 2].bytes[i % 2];

		ret_bytes[i % 2] += SP_LOAD(*counter);
		SP_STORE(*counter, 0);
	}
}

/* Takes the one verdict that was counted out of the counters again. */
static int take_verdict(struct xdp_engine *engine, enum sp_verdict *ret)
{
	int nr = 0;

	for (__u32 i = 0; i < engine->nr_cpus * 64; i++) {
		__u64 *counter = &engine->counters[i / 64].verdict[i % 64];

		nr += SP_LOAD(*counter);
		if (SP_LOAD(*counter))
			*ret = (enum sp_verdict)(i % 64);
		SP_STORE(*counter, 0);
	}
	return nr == 1 ? 0 : -EPROTO;
}

int xdp_engine_start(struct xdp_engine *engine)
{
	struct network network;
	int r = network_enter(&network);

	if (!r)
		r = xdp_engine_open(engine, &network);
	return r ? refused("loading the program", r) : 0;
}

__u64 xdp_engine_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (__u64)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* What comes back begins with the metadata. */
static void take_frame(const __u8 *bytes, __u32 nr, __u32 meta_bytes, struct xdp_result *ret)
{
	ret->meta_bytes = meta_bytes;
	memcpy(ret->meta, bytes, meta_bytes);
	ret->out.len_bytes = nr - meta_bytes;
	memcpy(ret->out.bytes, bytes + meta_bytes, ret->out.len_bytes);
}

int xdp_engine_run(struct xdp_engine *engine, enum sp_role role, const struct frame *in,
		   struct xdp_result *ret)
{
	static __u8 bytes_in[XDP_META_MAX + FRAME_BYTES_MAX], bytes_out[sizeof(bytes_in)];
	struct xdp_md after, context = {
				     .data = engine->meta_bytes,
				     .data_end = engine->meta_bytes + in->len_bytes,
				     .ingress_ifindex = engine->ingress_ifindex[role],
			     };
	LIBBPF_OPTS(
		bpf_test_run_opts, options, .data_in = bytes_in, .data_size_in = context.data_end,
		.data_out = bytes_out, .data_size_out = sizeof(bytes_out), .ctx_in = &context,
		.ctx_size_in = sizeof(context), .ctx_out = &after, .ctx_size_out = sizeof(after), );

	memcpy(bytes_in + engine->meta_bytes, in->bytes, in->len_bytes);

	if (!engine->limit_errors)
		for (__u32 cpu = 0; cpu < engine->nr_cpus; cpu++)
			memset(engine->wanted[cpu].error_ns, 0, sizeof(engine->wanted->error_ns));
	if (bpf_prog_test_run_opts(bpf_program__fd(engine->programs[role]->progs.xsk_def_prog),
				   &options))
		return -errno;
	ret->action = options.retval;
	if (after.data > XDP_META_MAX)
		return -EPROTO;
	take_frame(bytes_out, options.data_size_out, after.data, ret);
	take_bytes(engine, ret->bytes);
	return take_verdict(engine, &ret->verdict);
}
