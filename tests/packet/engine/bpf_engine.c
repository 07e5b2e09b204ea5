// SPDX-License-Identifier: BSD-3-Clause
#include "engine/bpf_engine.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "engine/map_memory.h"
#include "shared.skel.h"

static int map_all(struct bpf_engine *engine)
{
	struct fixture *fixture = &engine->fixture;

	engine->run = map_memory_open(engine->program->maps.run);
	fixture->settings = map_memory_open(engine->program->maps.settings);
	fixture->hosts = map_memory_open(engine->program->maps.hosts);
	fixture->leases = map_memory_open(engine->program->maps.leases);
	fixture->endpoints = map_memory_open(engine->program->maps.endpoints);
	fixture->allow = map_memory_open(engine->program->maps.allow);
	fixture->limits = map_memory_open(engine->program->maps.limits);
	fixture_bind(fixture);
	return engine->run && fixture->settings && fixture->hosts && fixture->leases &&
			       fixture->endpoints && fixture->allow && fixture->limits
		       ? 0
		       : -ENOMEM;
}

int bpf_engine_open(struct bpf_engine *engine)
{
	int r;

	memset(engine, 0, sizeof(*engine));
	engine->program = shared_program__open();
	if (!engine->program)
		return -errno;
	engine->program->rodata->sp_nr_buckets = FIXTURE_BUCKETS;
	engine->program->rodata->sp_hash_seed = FIXTURE_SEED;
	engine->program->rodata->sp_nr_usage = FIXTURE_USAGE;
	engine->program->rodata->sp_nr_cpus = FIXTURE_ROWS;
	bpf_map__set_max_entries(engine->program->maps.leases,
				 FIXTURE_PUBLICS * SP_PORTS_PER_ADDRESS);
	bpf_map__set_max_entries(engine->program->maps.endpoints, FIXTURE_BUCKETS);
	bpf_map__set_max_entries(engine->program->maps.allow, FIXTURE_ALLOW);
	bpf_map__set_max_entries(engine->program->maps.limits, FIXTURE_LIMITS);
	r = shared_program__load(engine->program);
	if (!r)
		r = map_all(engine);
	if (r)
		bpf_engine_close(engine);
	return r;
}

void bpf_engine_close(struct bpf_engine *engine)
{
	if (!engine->program)
		return;
	map_memory_close(engine->program->maps.run, engine->run);
	map_memory_close(engine->program->maps.settings, engine->fixture.settings);
	map_memory_close(engine->program->maps.hosts, engine->fixture.hosts);
	map_memory_close(engine->program->maps.leases, engine->fixture.leases);
	map_memory_close(engine->program->maps.endpoints, engine->fixture.endpoints);
	map_memory_close(engine->program->maps.allow, engine->fixture.allow);
	map_memory_close(engine->program->maps.limits, engine->fixture.limits);
	shared_program__destroy(engine->program);
	memset(engine, 0, sizeof(*engine));
}

int bpf_engine_run(struct bpf_engine *engine, struct run *run, const struct frame *in,
		   struct frame *out)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = in->bytes, .data_size_in = in->len_bytes,
		    .data_out = out->bytes, .data_size_out = sizeof(out->bytes), );
	int r;

	*engine->run = *run;
	r = bpf_prog_test_run_opts(bpf_program__fd(engine->program->progs.shared), &options);
	if (r)
		return -errno;
	*run = *engine->run;
	out->len_bytes = options.data_size_out;
	return 0;
}
