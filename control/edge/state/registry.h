/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every build the edge knows: found by id, by serial, by slot; and the one with which the clock has
 * to do next. Owns the builds. Part of the edge.
 */
#pragma once

#include <stdint.h>

struct build;
struct registry;

/* Result: 0 or -ENOMEM. */
int state_registry_new(uint32_t nr_slots, struct registry **ret_registry);

/* Frees the builds too. */
void state_registry_free(struct registry *registry);

/* Makes room for so many more builds, so that adding them cannot fail. Result: 0 or -ENOMEM. */
int state_registry_reserve(struct registry *registry, unsigned int nr_more);

/* Adds a build whose serial is the highest yet; room was reserved. Takes its due_ns. */
void state_registry_add(struct registry *registry, struct build *build);

/* Puts after in the place of before (same id and serial) and frees before. Takes its due_ns. */
void state_registry_replace(struct registry *registry, struct build *before, struct build *after);

/* Has the clock do with it later than it was due. */
void state_registry_postpone(struct registry *registry, struct build *build, uint64_t due_ns);

/* Takes a build and its slots out, and frees it. */
void state_registry_remove(struct registry *registry, struct build *build);

/* Result: NULL if there is none. */
struct build *state_registry_find(const struct registry *registry, const char *id);
struct build *state_registry_find_serial(const struct registry *registry, uint64_t serial);

/* Result: the build with the least serial above that one, or NULL. */
struct build *state_registry_after(const struct registry *registry, uint64_t serial);

/* Result: the build that is due first, or NULL. */
struct build *state_registry_first_due(const struct registry *registry);

/* Lists at most max builds that are due by then. Result: how many. */
unsigned int state_registry_due(const struct registry *registry, uint64_t now_ns,
				struct build **ret_due, unsigned int max);

/* Whose a slot is: a serial, or 0. */
void state_registry_own_slot(struct registry *registry, uint32_t slot_index, uint64_t serial);
uint64_t state_registry_slot_owner(const struct registry *registry, uint32_t slot_index);

/* Builds from that serial on are not found, until all are shown. */
void state_registry_hide_from(struct registry *registry, uint64_t serial);
void state_registry_show(struct registry *registry);

unsigned int state_registry_count(const struct registry *registry);
