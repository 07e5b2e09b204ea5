/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What sessions do, as plainly as it can be said: no tables, no journal, no copies. The edge must
 * agree with it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/clock.h"
#include "model/session.h"
#include "json/problem.h"

#define SIMPLE_IDS    6
#define SIMPLE_NODES  3
#define SIMPLE_UNTOLD 8
#define SIMPLE_VMS    8
#define SIMPLE_PORTS  14

#define SIMPLE_NO_VM   (-1)
#define SIMPLE_OUTSIDE 200 /* not in builds.networks */

struct model_settings;

struct simple_spec {
	unsigned int id;
	unsigned int nr_nodes;
	int vm[SIMPLE_NODES];
	bool vnc[SIMPLE_NODES];
	bool supersede;
	uint64_t max_lifetime_ns; /* BUILD_DEFAULT, for these three: not given */
	uint64_t connect_within_ns;
	uint64_t linger_ns;
};

struct simple_build {
	bool exists;
	bool connected;
	enum session_state state;
	enum session_reason reason;
	unsigned int nr_nodes;
	int vm[SIMPLE_NODES];
	bool vnc[SIMPLE_NODES];
	uint16_t port[SIMPLE_NODES][2]; /* 0: not seen yet */
	uint64_t deadline_ns, cap_ns, hard_end_ns, connect_by_ns, gone_ns;
	uint64_t linger_ns, max_lifetime_ns, max_extension_ns, connect_within_ns;
	uint64_t quarantine_ns;
	unsigned int nr_end_events;
	/* Of builds that had this id before, and whose end the full disk keeps from being told. */
	enum session_reason untold[SIMPLE_UNTOLD];
	unsigned int nr_untold;
};

struct simple {
	const struct model_settings *settings;
	struct simple_build build[SIMPLE_IDS];
	uint64_t last_seq;
	bool disk_full;
	bool disk_was_full;
};

void simple_init(struct simple *simple, const struct model_settings *settings);

/* Each: what the edge should answer, and the change if that is PROBLEM_NONE. */
enum problem_type simple_put(struct simple *simple, const struct simple_spec *spec,
			     uint64_t now_ns);
enum problem_type simple_finish(struct simple_build *build, uint64_t now_ns);
enum problem_type simple_extend(struct simple_build *build, uint64_t by_ns);

void simple_end(struct simple_build *build, enum session_event event, uint64_t now_ns);
void simple_cancel_others(struct simple *simple, const struct simple_spec *specs,
			  unsigned int nr_specs, uint64_t now_ns);

/* Everything that is due by now, as of now. */
void simple_tick(struct simple *simple, uint64_t now_ns);

/* A reboot: what was left then, less the time that the wall clock says has passed. */
void simple_rebase(struct simple *simple, const struct instant *then, const struct instant *now);

bool simple_port_taken(const struct simple *simple, uint16_t port);

/* How many of the pool's slots are in each state. */
void simple_count_slots(const struct simple *simple, unsigned int ret_number[4]);
