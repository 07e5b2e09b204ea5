/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of the watch share: a world whose one build, b1, is watched; the notes of its SSH
 * port as the XDP program writes them; and what is recorded of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "watch/watch.h"

#include "../edge/world.h"

#define CLIENT "203.0.113.9"
#define COUNT  "SELECT count(*) FROM connections"

/* A world with one build that is watched, its clock the real one. */
struct watched {
	struct world world;
	sd_event *event;
	struct watch *watch;
	struct journal *audit;
};

/* Where the audit is: in memory, unless a test says a file before set_up(). */
extern const char *audit_path;

/* Its budget: 0, the default of the settings, unless a test says another before set_up(). */
extern uint64_t audit_budget_bytes;

/* Setup and teardown of cmocka: *state is the watched world. */
int set_up(void **state);
int tear_down(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/*
 * For main(), before the cases: what the ends of connections are sent goes nowhere. Without the
 * right to, nothing is.
 */
void leave_network(void);

/* Watches (again, after watch_stop()). */
void start_watch(struct watched *watched);

/* Writes a note as the XDP program does, now, on a CPU alone. */
void write_note(struct watched *watched, enum sp_note_kind kind, enum sp_direction direction,
		uint16_t client_port, uint32_t seq);
/* Of the VM's first segment after the end of the lease. */
void write_late(struct watched *watched, uint16_t client_port, uint32_t seq, uint32_t ack);
/* Of a segment that acknowledges. */
void write_ack(struct watched *watched, enum sp_note_kind kind, uint16_t client_port, uint32_t seq,
	       uint32_t ack);

/* Writes, as anybody can: a SYN, and what the VM makes of it. */
void half_open(struct watched *watched, uint16_t client_port);
/* Writes those and the client's answer. */
void establish(struct watched *watched, uint16_t client_port);

/* Ends the session of the build; the watch is not told. */
void cancel(struct watched *watched);

/* Of the audit if it is about connections, else of the journal. Result: the one value a query
 * gives, as text until the next call; "" for none. */
const char *ask(struct watched *watched, const char *query);

/* One turn of the event loop. Result: whether there may be another, so long after begun. */
bool turn(struct watched *watched, const struct instant *begun);

/* Runs the event loop until the query gives that; fails the test if it does not in time. */
void expect(struct watched *watched, const char *query, const char *expected);
