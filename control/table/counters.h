/* SPDX-License-Identifier: BSD-3-Clause */
/* What the table's counters add up to. Reads shared memory; never writes it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>
#include <sallyport/verdict.h>

struct forward;
struct table_map;

enum metrics_engine { METRICS_XDP, METRICS_DPDK, METRICS_ENGINES_NR };

/* Result: "xdp" or "dpdk". */
const char *table_counters_engine_name(enum metrics_engine engine);

/* Result: the name and the one-line help of a verdict, static. */
const char *table_counters_verdict_name(enum sp_verdict verdict);
const char *table_counters_verdict_help(enum sp_verdict verdict);

/* Adds up the rows of one engine. */
void table_counters_sum_verdicts(const struct table_map *table, enum metrics_engine engine,
				 uint64_t ret_packets[SP_VERDICT_COUNT]);

/*
 * Adds up what one engine has sent on, by enum sp_direction: bytes of IP packets as they arrived,
 * their headers included, link headers not.
 */
void table_counters_sum_bytes(const struct table_map *table, enum metrics_engine engine,
			      uint64_t ret_bytes[2]);

/* Result: "to_vm" or "to_client". */
const char *table_counters_direction_name(enum sp_direction direction);

/* What one lease, node or build has carried; by enum sp_direction. */
struct metrics_usage {
	uint64_t packets[2];
	uint64_t bytes[2];
	uint64_t syns[2];
	uint64_t last_seen_ns; /* 0: never */
};

/*
 * Result: when a packet of a forward's current lease was last refused by limits.syn_per_source or
 * limits.syn_per_lease, 0 if never.
 */
uint64_t table_counters_refused_ns(const struct table_map *table, const struct forward *forward);

/* Adds what a forward's current lease has carried, in all rows, to *usage. */
void table_counters_add_usage(const struct table_map *table, const struct forward *forward,
			      struct metrics_usage *usage);

/* Result: whether worker index is registered and its process is there. */
bool table_counters_worker_alive(const struct table_map *table, unsigned int index);

/*
 * Result: why the workers that are there leave their packets to the XDP program (enum sp_left), 0
 * if none does.
 */
uint32_t table_counters_left(const struct table_map *table);

/* Result: whether the workers that are there sleep, and the XDP program has their packets, for they
 * are few. */
bool table_counters_yields(const struct table_map *table);

/* Result: the text to follow "because" of one bit of it (enum sp_left_bit). */
const char *table_counters_left_text(unsigned int bit);

/* Result: whether that queue's heartbeat is young enough for packets to be steered to it. */
bool table_counters_queue_fresh(const struct table_map *table, unsigned int record,
				uint64_t now_ns);

/* Result: what an AF_XDP socket's loss is called, static. */
const char *table_counters_loss_name(enum sp_queue_loss loss);

/* Result: what a hint's worth is called, static. */
const char *table_counters_hint_name(enum sp_hint_worth worth);

/* Result: the roles (enum sp_role) of interfaces that are down or have lost their program. */
uint32_t table_counters_detached(const struct table_map *table);

/* Result: who carries packets that come now; "none" if nobody does. */
const char *table_counters_carrier(const struct table_map *table, uint64_t now_ns);
