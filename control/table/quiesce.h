/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Knowing that a change of the table is seen everywhere: that no worker of sallyport-dp, and no run
 * of the XDP program, still acts on what it read before.
 *
 * A worker has passed when its rounds have moved, it is not active, or its process is gone: as told
 * by the lock it holds, which is seen from any PID namespace, or else by its pid. For the
 * XDP program the kernel is asked for a grace period (grace.h). That takes milliseconds, so a
 * thread of its own does nothing but ask; requests made meanwhile share the next answer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <sallyport/table.h>

#define QUIESCE_LIMIT_NS 1000000000ULL

struct quiescer;
struct table_map;

/* Starts the thread. table outlives it. Result: 0, -EOPNOTSUPP without a grace period, -errno. */
int table_quiesce_new(const struct table_map *table, struct quiescer **ret_quiescer);
void table_quiesce_free(struct quiescer *quiescer);

/* The lock that the workers' process holds while it lives: it is seen across PID namespaces. */
void table_quiesce_set_lock(struct quiescer *quiescer, const char *path);

/* One wait. Plain data: may be copied, and dropped without ado. */
struct quiesce {
	uint64_t begun_ns;
	uint64_t grace;	 /* the answer of the kernel that is enough */
	uint64_t rounds; /* so many a worker must have begun since it was listed */
	bool drains;
	bool listed; /* the workers are */
	uint32_t nr_waiting;
	struct quiesce_worker {
		uint64_t rounds;
		uint64_t started_ns;
		uint32_t index;
		pid_t pid;
	} worker[SP_WORKERS_MAX];
};

/*
 * Remembers where every reader is. Call after the change is stored. Who has passed judges by the
 * change, also what was steered before it.
 */
void table_quiesce_begin(struct quiescer *quiescer, uint64_t now_ns, struct quiesce *ret_quiesce);

/*
 * The same, but passed is who has also taken out of its sockets all that was steered before the
 * change, a worker that sleeps too: only then may what was changed be another lease's.
 */
void table_quiesce_drain(struct quiescer *quiescer, uint64_t now_ns, struct quiesce *ret_quiesce);

/*
 * Result: 0 once all have passed, -EAGAIN: ask again in a millisecond, -ETIMEDOUT: QUIESCE_LIMIT_NS
 * are over, quiesce->worker[0 .. nr_waiting) have not passed (they still may). Never blocks.
 */
int table_quiesce_poll(const struct quiescer *quiescer, struct quiesce *quiesce, uint64_t now_ns);

/* Block for at most the limit: for start and stop. Result: 0 or -ETIMEDOUT. */
int table_quiesce_wait(struct quiescer *quiescer);
int table_quiesce_wait_drained(struct quiescer *quiescer);
