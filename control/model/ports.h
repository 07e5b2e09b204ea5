/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The public ports of all pools: every port of every range of every public address. A port is free,
 * used, or in quarantine. Free ports are handed out least recently used first; those never used
 * come first of all, shuffled. Every operation but creation is O(1).
 *
 * Addresses that people are told by one name, such as an IPv4 and an IPv6 address of it, share
 * their numbers: while a port of one is used or in quarantine, that of the others is not handed
 * out, so that no two builds have the same command. It counts as used.
 *
 * Of a prefix, of which each session has an address of its own, these are numbers of slots: an
 * address and a port make one together (model_settings_slot_number()). So many as settings.sessions
 * says can be used at once.
 *
 * A port has an ordinal, dense from 0, It never changes while the
 * pool lives.
 */
#pragma once

#include <stdint.h>

struct model_settings;
struct ports;

/* Result: 0 and the pool; -EINVAL for a range upside down or a port listed twice; -ENOMEM. */
int model_ports_new(const struct model_settings *settings, uint64_t seed, struct ports **ret_ports);
void model_ports_free(struct ports *ports);

/* Result: how many of them can be used at once. */
uint32_t model_ports_count(const struct ports *ports);

/* What an ordinal stands for. */
uint32_t model_ports_public_index(const struct ports *ports, uint32_t ordinal);
uint16_t model_ports_number(const struct ports *ports, uint32_t ordinal);

/* Result: 0, or -ENOENT if the pool does not hold that port. */
int model_ports_find(const struct ports *ports, uint32_t public_index, uint16_t number,
		     uint32_t *ret_ordinal);

#define PORTS_NONE UINT32_MAX

/*
 * Takes the least recently used free port of all addresses that share the pool and the family of
 * this one. Result: 0 or -ENOSPC.
 */
int model_ports_take(struct ports *ports, uint32_t public_index, uint32_t *ret_ordinal);

/*
 * Takes this very port, for a new lease. Result: 0, -EBUSY if it would not be handed out now, or
 * -ENOSPC.
 */
int model_ports_take_this(struct ports *ports, uint32_t ordinal);

/*
 * Takes this very port: a lease found in the journal, also if another one of its name is used.
 * Result: 0, or -EBUSY if it is not free.
 */
int model_ports_claim(struct ports *ports, uint32_t ordinal);

/* Undoes a take that came to nothing: the port is the next to be taken again. */
void model_ports_untake(struct ports *ports, uint32_t ordinal);

/* Moves a used port into quarantine: its session has ended. */
void model_ports_quarantine(struct ports *ports, uint32_t ordinal);

/* Frees a port whose quarantine is over; it becomes the last to be taken. */
void model_ports_release(struct ports *ports, uint32_t ordinal);

/* Moves a free port behind all others: it was used in an earlier life of the daemon. */
void model_ports_touch(struct ports *ports, uint32_t ordinal);

struct ports_figures {
	uint32_t total;
	uint32_t used;
	uint32_t free;
	uint32_t quarantined;
};

/* Figures of one public address. public_index is one of the settings'. */
void model_ports_figures(const struct ports *ports, uint32_t public_index,
			 struct ports_figures *ret_figures);

/* Figures of the whole pool that a public address belongs to. */
void model_ports_pool_figures(const struct model_settings *settings, const struct ports *ports,
			      unsigned int public_index, struct ports_figures *ret_figures);
