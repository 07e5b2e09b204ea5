/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * public.addresses on announce.interface, for BIRD or FRR, while this edge may have traffic. They
 * are there for announce.hold and renewed until then: if we die, the kernel takes them away.
 *
 * One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "announce/decide.h"

struct announce;
struct config;
struct table_map;

/*
 * config is copied, table outlives it. Result: NULL if announce.interface is not given, or without
 * memory: what fails is logged, and packets are carried all the same.
 */
struct announce *announce_open(sd_event *event, const struct config *config,
			       const struct table_map *table);

/* What is announced stays for announce.hold. NULL is allowed. */
void announce_close(struct announce *announce);

struct announce_status {
	enum announce_state state;
	enum announce_drain drain;
	const char *why;	   /* it is not announced; NULL: it is. Good until the next call */
	uint64_t since_wall_ns;	   /* in this state */
	uint64_t drained_until_ns; /* while it is draining: when its routes are withdrawn */
};

void announce_status(const struct announce *announce, struct announce_status *ret_status);

/* Routers have wait_ns to move to others; again: from now on. Result: 0 and it is so after any
 * crash, or -errno and it is so until sallyportd ends. */
int announce_drain(struct announce *announce, uint64_t wait_ns);

/* Result: a state or a drain as answers and metrics have it, static. */
const char *announce_state_name(enum announce_state state);
const char *announce_drain_name(enum announce_drain drain);

/* Result: announce.drain_wait. */
uint64_t announce_drain_wait(const struct announce *announce);

/* Result: as above. */
int announce_undrain(struct announce *announce);

/* What sallyport-fleet says: the table is as the store for so long, or (0) why it is not. */
void announce_tell(struct announce *announce, uint64_t current_for_ns, const char *why);
