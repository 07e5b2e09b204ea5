/* SPDX-License-Identifier: BSD-3-Clause */
/* Orchestrators: they ask edges of a fleet for changes of builds, and write down the answers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sim_caller;
struct sim_world;

enum sim_verb {
	SIM_PUT,
	SIM_FINISH,
	SIM_EXTEND,
	SIM_DELETE,
	SIM_ADOPT,
	SIM_CUT, /* a DELETE of sallyportd itself, in need */
	SIM_SYNC,
};

struct sim_caller *sim_caller_new(struct sim_world *world);

/* Calls that are not answered are given up. */
void sim_caller_free(struct sim_caller *caller);

/* Declares a new build at a host. Result: the promise's index. */
unsigned int sim_caller_put(struct sim_caller *caller, unsigned int host, unsigned int vm,
			    unsigned int lifetime_s, unsigned int linger_s);

/* Declares a new build that ends the promise of another one, and has its VM. */
unsigned int sim_caller_supersede(struct sim_caller *caller, unsigned int host,
				  unsigned int promise);

/* The same once more. */
void sim_caller_put_again(struct sim_caller *caller, unsigned int host, unsigned int promise);

/* Of a build that was declared. by_s is of SIM_EXTEND. */
void sim_caller_ask(struct sim_caller *caller, unsigned int host, enum sim_verb verb,
		    unsigned int promise, unsigned int by_s);

/* Sets the whole fleet to these promises, by way of a host: all others end. */
void sim_caller_sync(struct sim_caller *caller, unsigned int host, const unsigned int *promises,
		     unsigned int nr);

/* Result: the status of the last sync; 0: it is not answered. */
unsigned int sim_caller_synced(const struct sim_caller *caller);

/* A call as chance has it. */
void sim_caller_draw(struct sim_caller *caller);

/* From here on so many each second on average, in true time; 0: none. */
void sim_caller_pace(struct sim_caller *caller, unsigned int per_s);

/* Result: how many are not answered. */
unsigned int sim_caller_waiting(const struct sim_caller *caller);
