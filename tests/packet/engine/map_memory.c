// SPDX-License-Identifier: BSD-3-Clause
#include "engine/map_memory.h"

#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t map_bytes(const struct bpf_map *map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t bytes = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);

	return (bytes + page - 1) / page * page;
}

void *map_memory_open(const struct bpf_map *map)
{
	void *memory =
		mmap(NULL, map_bytes(map), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void map_memory_close(const struct bpf_map *map, void *memory)
{
	if (memory)
		munmap(memory, map_bytes(map));
}
