/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/trace/judge.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sallyport/parse.h>

#include "host/boottime.h"
#include "host/table_map.h"

#include <sallyport/shield.h>

#include "kernel/netlink/netlink.h"

/* As the kernel's NUD_VALID: a link address is known, and may be used. */
#define NEIGHBOUR_VALID                                                                            \
	(NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)

int trace_judge_open(const char *bpf_dir, struct trace_edge *ret_edge, char **ret_reason)
{
	struct trace_edge edge = {0};
	int result = table_map_open(bpf_dir, TABLE_LOOK, &edge.map, ret_reason);

	if (result < 0)
		return result;
	if (netlink_open(&edge.netlink) < 0)
		edge.netlink = NULL;
	*ret_edge = edge;
	return 0;
}

void trace_judge_close(struct trace_edge *edge)
{
	netlink_close(edge->netlink);
	table_map_free(edge->map);
}

/* Result: the MTU of an interface; as much as any packet has if it cannot be asked. */
static uint32_t mtu_of(const char *interface)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_mtu = UINT16_MAX};

	memcpy(request.ifr_name, interface, IF_NAMESIZE);
	if (sock < 0)
		return UINT16_MAX;
	if (ioctl(sock, SIOCGIFMTU, &request) < 0)
		request.ifr_mtu = UINT16_MAX;
	close(sock);
	return (uint32_t)request.ifr_mtu;
}

static enum sp_verdict ask_hop(const struct trace_edge *edge, struct trace *trace)
{
	const struct sp_settings *now = edge->map->settings;
	struct netlink_neigh neigh = {0};
	struct netlink_route route;

	if (netlink_ask_route(edge->netlink, &trace->after.to, &route) < 0 ||
	    !if_indextoname(route.ifindex, trace->interface))
		return SP_NO_ROUTE;
	trace->mtu = mtu_of(trace->interface);
	if (trace->packet.l3_len_bytes > trace->mtu)
		return trace->packet.kind == SP_KIND_ERROR ? SP_ERROR_UNANSWERED : SP_TOO_BIG;
	if (route.ifindex !=
	    (trace->direction == SP_TOWARD_VM ? now->builds_ifindex : now->public_ifindex))
		return SP_NO_ROUTE;
	trace->hop = route.has_gateway ? route.gateway : trace->after.to;
	trace->has_hop = true;
	if (netlink_neigh_get(edge->netlink, route.ifindex, &trace->hop, &neigh) < 0 ||
	    !(neigh.state & NEIGHBOUR_VALID))
		return SP_NO_NEIGHBOUR;
	return SP_FORWARDED;
}

/* Does sallyport-dp poll the first queue of the interface that the packet comes in on? */
static bool dataplane_alive(const struct trace_edge *edge, const struct trace *trace,
			    uint64_t now_ns)
{
	const struct sp_settings *now = edge->map->settings;
	uint32_t queue = trace->direction == SP_TOWARD_VM ? 0 : SP_QUEUES_MAX;

	return now->engine_mode == SP_ENGINE_DPDK &&
	       SP_LOAD(edge->map->queues[queue].beat_ns) + now->failover_ns > now_ns;
}

/* What an engine does with what sp_judge() leaves to it. */
static void carry(const struct trace_edge *edge, struct trace *trace, uint64_t now_ns)
{
	const struct sp_settings *now = edge->map->settings;
	struct sp_hit hit = {.slot = &trace->slot, .direction = trace->direction};
	enum sp_fate fate = sp_verdict_fate(trace->verdict);

	if (fate != SP_FATE_CARRY && fate != SP_FATE_ANSWER)
		return;
	trace->by_dataplane = dataplane_alive(edge, trace, now_ns);
	if (now->engine_mode == SP_ENGINE_DPDK && !trace->by_dataplane && !now->fallback) {
		trace->verdict = SP_NO_ENGINE;
		return;
	}
	if (trace->verdict != SP_FORWARDED)
		return;
	trace->after = sp_tuple_after(&trace->packet.tuple, &hit);
	if (edge->netlink)
		trace->verdict = ask_hop(edge, trace);
}

/*
 * What the XDP program would say if the packet knocked now, though nothing is counted. UDP is let
 * pass: most of it comes from sources that are known.
 */
static enum sp_verdict ask_shield(const struct sp_table *table, const struct table_map *map,
				  const struct trace *trace, const struct sp_hit *hit,
				  uint64_t now_ns)
{
	enum sp_door door = sp_shield_door(&trace->packet, hit, trace->verdict);
	uint32_t rows_used = (uint32_t)SP_LOAD(map->limits[0].word[0]);
	struct sp_rows rows = {.end = rows_used < map->nr_cpus ? rows_used : map->nr_cpus};
	struct sp_places places;
	struct sp_knock knock;
	enum sp_verdict asked;

	if (door == SP_DOOR_NONE || trace->packet.protocol != SP_PROTOCOL_TCP)
		return trace->verdict;
	knock = sp_shield_knock(&trace->packet, hit, door);
	places = sp_shield_places(table, &knock);
	asked = sp_shield_ask(table, &rows, &places, now_ns);
	return asked == SP_FORWARDED ? trace->verdict : asked;
}

struct trace trace_judge(const struct trace_edge *edge, const void *frame, size_t bytes,
			 uint32_t role)
{
	struct sp_table table = table_map_view(edge->map);
	uint64_t now_ns = boottime_now_ns(), deadline_ns;
	struct trace trace = {0};
	struct sp_hit hit = {0};

	trace.verdict = sp_parse(frame, (const char *)frame + bytes, &trace.packet);
	trace.parsed = trace.verdict == SP_FORWARDED;
	if (trace.parsed)
		trace.verdict = sp_decide(&table, &trace.packet, role, now_ns, &hit);
	if (!hit.slot)
		return trace;
	trace.verdict = ask_shield(&table, edge->map, &trace, &hit, now_ns);
	trace.found = true;
	trace.slot = *hit.slot;
	trace.slot.life = hit.life;
	trace.direction = hit.direction;
	deadline_ns = SP_LOAD(hit.slot->deadline_ns);
	trace.left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
	carry(edge, &trace, now_ns);
	return trace;
}
