/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtual time: what is to happen, in order. Everything in one thread, the same again from a seed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One thing to happen; whose it is, it lives as long as it waits. Start with {0}. */
struct sim_task {
	void (*run)(void *context);
	void *context;
	uint64_t at_ns;
	uint64_t number; /* of those at one moment the one that was set first comes first */
	size_t place;	 /* in the heap, from 1; 0: it does not wait */
};

/* True time, which no host knows. */
uint64_t sim_agenda_now_ns(void);

void sim_agenda_set(struct sim_task *task, uint64_t at_ns);
void sim_agenda_cancel(struct sim_task *task);

/* Lets time pass until then. */
void sim_agenda_pass_until(uint64_t until_ns);

/* Result: how many things have happened. */
uint64_t sim_agenda_count(void);

/* Result: how many things wait. */
size_t sim_agenda_waiting(void);

/* Begins anew at the first moment. */
void sim_agenda_begin(void);
