/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A burst of packets on its way through the stages, as arrays. Those still on their way lie in
 * [0, nr); whoever leaves does so with a verdict.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table_host.h>

#include <sallyport/decide.h>
#include <sallyport/parse.h>
#include <sallyport/verdict.h>

struct rte_mbuf;

#define BATCH_MAX 64u

/* A packet that is to be turned into an answer to its sender. */
struct batch_answer {
	struct rte_mbuf *mbuf;
	struct sp_packet packet;
	struct sp_hit hit;
	enum sp_verdict verdict;
	uint16_t mtu; /* of SP_TOO_BIG */
};

struct batch {
	uint64_t now_ns;  /* CLOCK_BOOTTIME, read before the burst was received */
	uint32_t in_port; /* indexes struct ports */
	uint32_t role;	  /* enum sp_role of that port */
	bool returned;	  /* back from waiting for a neighbour: it waits but once */
	uint32_t nr;
	uint32_t nr_answers;
	uint32_t nr_waiting;
	uint32_t nr_urgent;
	uint32_t nr_excepted;
	uint32_t nr_dropped;
	struct rte_mbuf *mbuf[BATCH_MAX];
	struct sp_packet packet[BATCH_MAX]; /* from stage_parse on */
	struct sp_hit hit[BATCH_MAX];	    /* from stage_find on */
	struct sp_tuple after[BATCH_MAX];   /* from stage_nexthop on: as it is to leave */
	uint64_t hop[BATCH_MAX];	    /* and the neighbour's word (nexthop.h) */
	bool completed[BATCH_MAX];	    /* from stage_rewrite on: it came half a checksum */
	struct batch_answer answer[BATCH_MAX];
	struct rte_mbuf *waiting[BATCH_MAX];  /* with a struct port_note */
	struct rte_mbuf *urgent[BATCH_MAX];   /* for the exception interface, before all else */
	struct rte_mbuf *excepted[BATCH_MAX]; /* for it, as far as there is room */
	struct rte_mbuf *dropped[BATCH_MAX];
};

/* Moves a survivor of a stage down to its place among the survivors. */
static inline void batch_keep(struct batch *batch, uint32_t to, uint32_t from)
{
	if (to == from)
		return;
	batch->mbuf[to] = batch->mbuf[from];
	batch->packet[to] = batch->packet[from];
	batch->hit[to] = batch->hit[from];
	batch->after[to] = batch->after[from];
	batch->hop[to] = batch->hop[from];
	batch->completed[to] = batch->completed[from];
}
