/* SPDX-License-Identifier: BSD-3-Clause */
#include "crew.h"

#include <errno.h>
#include <string.h>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "port/losses.h"
#include "port/port.h"

#include "host/frames.h"
#include "host/log.h"
#include "host/table_map.h"

void crew_clear_table(const struct table_map *table)
{
	for (uint32_t i = 0; i < 2 * SP_QUEUES_MAX; i++)
		SP_STORE(table->queues[i].beat_ns, 0);
	for (uint32_t i = 0; i < SP_WORKERS_MAX; i++)
		SP_STORE(table->workers[i].active, 0);
}

static uint32_t port_of_role(const struct ports *ports, uint32_t role)
{
	for (uint32_t i = 0; i < ports->nr; i++)
		if (ports->port[i].role & role)
			return i;
	return 0;
}

struct sp_queue *crew_queues(const struct table_map *table, const struct port *port)
{
	return &table->queues[port->role == SP_ROLE_BUILDS ? SP_QUEUES_MAX : 0];
}

/* Where the XDP program of that port looks for the heartbeat. */
static struct sp_queue *beat_of(const struct table_map *table, const struct port *port,
				uint32_t queue)
{
	return &crew_queues(table, port)[queue];
}

static void set_queues(struct worker *worker, uint32_t w, uint32_t nr_workers,
		       const struct table_map *table)
{
	const struct ports *ports = worker->ports;

	for (uint32_t p = 0; p < ports->nr; p++) {
		const struct port *port = &ports->port[p];

		for (uint32_t q = w; q < port->nr_queues; q += nr_workers) {
			worker->rx[worker->nr_rx].in_port = p;
			worker->rx[worker->nr_rx].queue = q;
			worker->rx[worker->nr_rx].beat = beat_of(table, port, q);
			worker->nr_rx++;
		}
	}
}

static void set_worker(struct worker *worker, uint32_t w, uint32_t nr_workers,
		       const struct table_map *table)
{
	uint32_t row = table->nr_cpus + w;

	worker->table = table_map_view(table);
	worker->openings = table->openings;
	worker->toward_port[SP_TOWARD_VM] = port_of_role(worker->ports, SP_ROLE_BUILDS);
	worker->toward_port[SP_TOWARD_CLIENT] = port_of_role(worker->ports, SP_ROLE_PUBLIC);
	worker->progress = &table->workers[w];
	worker->counters = &table->counters[row];
	worker->xdp_counters = table->counters;
	worker->nr_cpus = table->nr_cpus;
	worker->usage = table_map_usage(table, row, 0);
	worker->nr_usage = table->nr_usage;
	worker->limit_rows = (struct sp_rows){row, table->nr_cpus, table->nr_rows};
	worker->park.waiting_fd = -1;
	set_queues(worker, w, nr_workers, table);
}

int crew_open(struct crew *crew, uint32_t nr, const struct crew_idle *idle,
	      const struct table_map *table, const struct ports *ports,
	      const struct nexthops *nexthops)
{
	memset(crew, 0, sizeof(*crew));
	crew->workers = rte_zmalloc("workers", nr * sizeof(*crew->workers), RTE_CACHE_LINE_SIZE);
	if (!crew->workers)
		return -ENOMEM;
	crew->nr = nr;
	for (uint32_t w = 0; w < nr; w++) {
		crew->workers[w].ports = ports;
		crew->workers[w].nexthops = nexthops;
		crew->workers[w].spin = idle->spin;
		crew->workers[w].yield.below = idle->yield_below;
		set_worker(&crew->workers[w], w, nr, table);
	}
	return 0;
}

void crew_close(struct crew *crew)
{
	rte_free(crew->workers);
	memset(crew, 0, sizeof(*crew));
}

/* By AF_XDP each queue of a port is an ethdev of one queue. */
static uint16_t queue_of(const struct port *port, uint32_t queue)
{
	return port->devargs ? (uint16_t)queue : 0;
}

void crew_assign_devices(struct crew *crew)
{
	for (uint32_t w = 0; w < crew->nr; w++) {
		struct worker *worker = &crew->workers[w];

		for (uint32_t i = 0; i < worker->nr_rx; i++) {
			struct worker_queue *queue = &worker->rx[i];

			queue->eth_id = worker->ports->port[queue->in_port].eth_ids[queue->queue];
			queue->eth_queue =
				queue_of(&worker->ports->port[queue->in_port], queue->queue);
		}
		/* Worker w polls queue w of every port, whatever else it polls. */
		for (uint32_t p = 0; p < worker->ports->nr; p++) {
			worker->tx_eth[p] = worker->ports->port[p].eth_ids[w];
			worker->tx_queue[p] = queue_of(&worker->ports->port[p], w);
			worker->from_kernel[p] = w == 0 ? worker->ports->port[p].exception : NULL;
		}
	}
}

int crew_start(struct crew *crew)
{
	for (uint32_t w = 0; w < crew->nr; w++) {
		if (!rte_lcore_is_enabled(w + 1))
			return -EBUSY;
		atomic_store(&crew->workers[w].stop, false);
		if (rte_eal_remote_launch(worker_main, &crew->workers[w], w + 1) < 0)
			return -EBUSY;
	}
	return 0;
}

void crew_stop(struct crew *crew)
{
	for (uint32_t w = 0; w < crew->nr; w++)
		atomic_store(&crew->workers[w].stop, true);
	rte_eal_mp_wait_lcore();
}

bool crew_moves(struct crew *crew)
{
	bool all = true;

	for (uint32_t w = 0; w < crew->nr; w++) {
		uint64_t rounds = SP_LOAD(crew->workers[w].progress->rounds);

		all = all && rounds != crew->seen_rounds[w];
		crew->seen_rounds[w] = rounds;
	}
	return all;
}

void crew_look_at_port(const struct table_map *table, struct port *port)
{
	uint32_t mtu = atomic_load(&port->mtu);
	uint64_t lost = losses_count(port, crew_queues(table, port));
	bool outgrown = mtu + FRAMES_HEADER_BYTES > port->frame_bytes;

	if (lost)
		log_write(LOG_WARNING,
			  port->devargs ? "A port lost frames." : "AF_XDP sockets lost frames.",
			  log_string("interface", port->name), log_number("frames", (int64_t)lost));
	if (outgrown && !port->outgrown)
		log_write(LOG_WARNING,
			  port->devargs ? "The MTU has outgrown the port's buffers: longer frames "
					  "are lost until sallyport-dp is restarted."
			  : mtu > FRAMES_WORKER_MTU
				  ? "The MTU is above what buffers hold: the XDP program carries "
				    "longer frames."
				  : "The MTU has outgrown the buffers: the XDP program carries "
				    "longer frames until sallyport-dp is restarted.",
			  log_string("interface", port->name), log_number("mtu", mtu),
			  log_number("frame_bytes", port->frame_bytes));
	port->outgrown = outgrown;
}
