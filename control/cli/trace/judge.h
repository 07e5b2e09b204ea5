/* SPDX-License-Identifier: BSD-3-Clause */
/* What would become of a frame now: the engines' own code, on the pinned table. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sallyport/table_host.h>

#include <sallyport/decide.h>

struct netlink;
struct table_map;

/* The edge as the engines see it. netlink may be NULL: then no next hop is looked for. */
struct trace_edge {
	struct table_map *map;
	struct netlink *netlink;
};

struct trace {
	enum sp_verdict verdict;
	struct sp_packet packet; /* parsed: as far as the verdict let it */
	bool parsed;
	bool found; /* the rest is of its lease */
	struct sp_slot slot;
	enum sp_direction direction;
	uint64_t left_ns; /* to the deadline */
	bool by_dataplane;
	struct sp_tuple after; /* translated, of SP_FORWARDED */
	bool has_hop;	       /* the next three are known */
	char interface[IF_NAMESIZE];
	struct sp_addr hop;
	uint32_t mtu;
};

/* Opens the table below bpf_dir. Result: 0, to be closed; or -errno and *ret_reason, to be freed.
 */
int trace_judge_open(const char *bpf_dir, struct trace_edge *ret_edge, char **ret_reason);
void trace_judge_close(struct trace_edge *edge);

/* Result: what becomes of a frame that comes in on an interface with that role (enum sp_role). */
struct trace trace_judge(const struct trace_edge *edge, const void *frame, size_t bytes,
			 uint32_t role);
