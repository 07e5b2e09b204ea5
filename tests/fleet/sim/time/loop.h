/* SPDX-License-Identifier: BSD-3-Clause */
/* sd-event on virtual time: as much of it as the code under test calls. A loop is a process. */
#pragma once

#include <systemd/sd-event.h>

struct sim_clock;

struct sim_process {
	const struct sim_clock *clock; /* of its host; NULL: true time */
	int host;		       /* SIM_CALLERS: none of the edges */
	void (*post)(void *context);   /* after each thing that it did; may be NULL */
	void *context;
};

#define SIM_CALLERS (-1)

sd_event *sim_loop_new(const struct sim_process *process);
void sim_loop_free(sd_event *event);
const struct sim_process *sim_loop_process(const sd_event *event);

/* Code of this process runs between these. */
void sim_loop_enter(sd_event *event);
void sim_loop_leave(sd_event *event);
