/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of BPF arrays, mapped into this process. */
#pragma once

struct bpf_map;

/* Result: the map's records, writable, or NULL. map_memory_close() unmaps them; it takes NULL. */
void *map_memory_open(const struct bpf_map *map);
void map_memory_close(const struct bpf_map *map, void *memory);
