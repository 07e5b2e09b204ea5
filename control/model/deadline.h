/* SPDX-License-Identifier: BSD-3-Clause */
/* When a session ends, and how far that may move. Pure; times are CLOCK_BOOTTIME. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/clock.h"

struct build;
struct model_settings;

/* The seconds left at which a warning is given, descending. */
#define DEADLINE_WARNINGS 3
extern const uint64_t model_deadline_warnings_s[DEADLINE_WARNINGS];

/*
 * A session begins now: its deadline is the end of its lifetime, as granted in max_lifetime_ns. No
 * extension takes it past the cap, nor the cap past the configured max_lifetime.
 */
void model_deadline_begin(struct build *build, const struct model_settings *settings,
			  uint64_t now_ns);

/* The build was over at finished_ns: what is left is the linger, or less. */
void model_deadline_finish(struct build *build, uint64_t finished_ns, uint64_t now_ns);

/* The same where the end of the linger is known. */
void model_deadline_shorten(struct build *build, uint64_t most_ns, uint64_t now_ns);

/* Moves the deadline, which must be within the cap. */
void model_deadline_move(struct build *build, uint64_t deadline_ns, uint64_t now_ns);

/* The session is over: from now on its ports are in quarantine. */
void model_deadline_end(struct build *build, uint64_t quarantine_ns, uint64_t now_ns);

/* Result: when the clock next has something to do with the build. */
uint64_t model_deadline_due_ns(const struct build *build);

/* Result: how many warnings belong before so much time is left. */
uint32_t model_deadline_count_warnings(uint64_t left_ns);

/* Result: whether times and durations can be a build's: what a journal holds is not trusted. */
bool model_deadline_is_sane(const struct build *build);

/* Asserts the order that every move keeps. */
void model_deadline_check(const struct build *build);

/*
 * Moves all times of a build from the clock of another boot to this one's, of which now is a
 * moment. What was left at then, the last moment known of that boot, is left now but for the wall
 * time that has passed. A wall clock that is behind then cannot tell how long the host was away: no
 * time is left then, but for a quarantine, of which none has passed.
 */
void model_deadline_rebase(struct build *build, const struct instant *then,
			   const struct instant *now);
