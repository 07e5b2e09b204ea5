/* SPDX-License-Identifier: BSD-3-Clause */
#include "hop/park.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "hop/mirror.h"
#include "hop/nexthop.h"

static struct rte_ring *make_ring(const char *what, uint32_t worker)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "%s_%u", what, worker);
	return rte_ring_create(name, PARK_RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

int park_open(struct park *park)
{
	memset(park, 0, sizeof(*park));
	park->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return park->fd < 0 ? -errno : 0;
}

int park_join(struct park *park, struct park_end *end, uint32_t nr_ports)
{
	static const char *const names[PORTS_MAX] = {"from_main_a", "from_main_b"};
	uint32_t index = park->nr_ends++;

	park->ends[index] = end;
	end->waiting_fd = park->fd;
	end->to_main = make_ring("to_main", index);
	if (!end->to_main)
		return -rte_errno;
	for (uint32_t i = 0; i < nr_ports; i++) {
		end->from_main[i] = make_ring(names[i], index);
		if (!end->from_main[i])
			return -rte_errno;
	}
	return 0;
}

static void empty_ring(struct rte_ring *ring)
{
	void *mbuf;

	while (ring && rte_ring_dequeue(ring, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
	rte_ring_free(ring);
}

void park_close(struct park *park)
{
	for (uint32_t i = 0; i < park->nr; i++)
		rte_pktmbuf_free(park->parked[i].mbuf);
	park->nr = 0;
	for (uint32_t i = 0; i < park->nr_ends; i++) {
		struct park_end *end = park->ends[i];

		empty_ring(end->to_main);
		end->to_main = NULL;
		for (uint32_t j = 0; j < PORTS_MAX; j++) {
			empty_ring(end->from_main[j]);
			end->from_main[j] = NULL;
		}
	}
	if (park->fd >= 0)
		close(park->fd);
	park->fd = -1;
}

static bool same_neighbour(struct rte_mbuf *a, struct rte_mbuf *b)
{
	const struct port_note *one = rte_mbuf_to_priv(a), *other = rte_mbuf_to_priv(b);

	return one->out_port == other->out_port && sp_addr_equal(&one->via, &other->via);
}

static bool asked_already(const struct park *park, struct rte_mbuf *mbuf)
{
	for (uint32_t i = 0; i < park->nr; i++)
		if (same_neighbour(park->parked[i].mbuf, mbuf))
			return true;
	return false;
}

static uint32_t nr_of_lease(const struct park *park, uint32_t generation)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < park->nr; i++) {
		const struct port_note *note = rte_mbuf_to_priv(park->parked[i].mbuf);

		nr += sp_life_generation(note->life) == generation;
	}
	return nr;
}

static bool may_ask(struct park *park, const struct port_note *note, uint64_t now_ns)
{
	return !note->seeks || seeks_may(&park->seeks, &note->via, note->out_port,
					 sp_life_generation(note->life), now_ns);
}

static bool has_room(const struct park *park, const struct port_note *note)
{
	return park->nr < PARK_PACKETS &&
	       nr_of_lease(park, sp_life_generation(note->life)) < PARK_PER_LEASE;
}

static void give_back(struct park *park, uint32_t worker, struct rte_mbuf *mbuf)
{
	const struct port_note *note = rte_mbuf_to_priv(mbuf);

	/* A worker that does not empty its ring has no use for the packet either. */
	if (rte_ring_sp_enqueue(park->ends[worker]->from_main[note->in_port], mbuf) != 0)
		rte_pktmbuf_free(mbuf);
}

static void take_one(struct park *park, struct mirror *mirror, uint32_t worker,
		     struct rte_mbuf *mbuf, uint64_t now_ns)
{
	const struct port_note *note = rte_mbuf_to_priv(mbuf);

	/* If it cannot be asked for, or not be kept, it goes back to be dropped and counted. */
	if (!has_room(park, note) || (!asked_already(park, mbuf) &&
				      (!may_ask(park, note, now_ns) ||
				       mirror_resolve(mirror, note->out_port, &note->via) < 0))) {
		give_back(park, worker, mbuf);
		return;
	}
	park->parked[park->nr++] = (struct parked){
		.mbuf = mbuf,
		.until_ns = now_ns + PARK_NS,
		.worker = worker,
	};
}

void park_take(struct park *park, struct mirror *mirror, uint64_t now_ns)
{
	eventfd_t ignored;
	void *mbuf;

	/* Read before the rings, so that what comes later wakes us again. */
	eventfd_read(park->fd, &ignored);
	for (uint32_t i = 0; i < park->nr_ends; i++)
		while (rte_ring_sc_dequeue(park->ends[i]->to_main, &mbuf) == 0)
			take_one(park, mirror, i, mbuf, now_ns);
}

void park_give_back(struct park *park, const struct nexthops *nexthops, uint64_t now_ns)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < park->nr; i++) {
		const struct parked *parked = &park->parked[i];
		const struct port_note *note = rte_mbuf_to_priv(parked->mbuf);

		bool found = nexthop_neighbour_find(nexthops, &note->via, note->out_port) != 0;

		if (found)
			seeks_found(&park->seeks, &note->via, note->out_port);
		if (found || now_ns >= parked->until_ns)
			give_back(park, parked->worker, parked->mbuf);
		else
			park->parked[kept++] = *parked;
	}
	park->nr = kept;
}

int park_timeout_ms(const struct park *park, uint64_t now_ns)
{
	uint64_t first_ns;

	if (park->nr == 0)
		return -1;
	first_ns = park->parked[0].until_ns; /* in the order in which they came */
	return now_ns >= first_ns ? 0 : (int)((first_ns - now_ns) / 1000000) + 1;
}
