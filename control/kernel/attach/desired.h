/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an interface should have, against what it is seen to have, and what to do about it. Pure:
 * who looks, acts and tells is kernel/watchful.c. Times are CLOCK_BOOTTIME ns.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What is wrong with an interface. */
enum desired_problem {
	DESIRED_WELL,		   /* packets meet the program that was put there */
	DESIRED_NO_INTERFACE,	   /* it is gone, or moved to another namespace */
	DESIRED_DOWN,		   /* it is down or has no carrier: no packet comes or goes */
	DESIRED_NO_PROGRAM,	   /* packets meet none */
	DESIRED_OTHER_ON_OUR_LINK, /* our link holds another program than was put there */
	DESIRED_FOREIGN,	   /* packets meet somebody else's, which is left alone */
};

struct desired_seen {
	bool present;	  /* an interface of that index is there */
	bool up;	  /* and has a carrier */
	bool by_our_link; /* what packets meet is held by the link that is pinned */
	uint32_t prog_id; /* that packets meet; 0: none */
};

enum desired_action {
	DESIRED_REST,	/* nothing, until the next look */
	DESIRED_ATTACH, /* put the program there, and say how that went */
};

/* One interface. Zero, but for wanted_prog_id, is one that is well. */
struct desired {
	uint32_t wanted_prog_id; /* as it was put there */
	enum desired_problem problem;
	uint64_t since_ns; /* of the problem */
	uint64_t next_try_ns;
	unsigned int tries; /* that failed since */
};

/* Result: what is wrong, going by what is seen. */
enum desired_problem attach_desired_compare(uint32_t wanted_prog_id,
					    const struct desired_seen *seen);

/*
 * Takes in a look. An attempt is due at once when there is a new problem, and after one that failed
 * once its pause is over: DESIRED_PAUSE_NS, doubled each time up to DESIRED_PAUSE_MAX_NS.
 */
enum desired_action attach_desired_look(struct desired *desired, const struct desired_seen *seen,
					uint64_t now_ns);

#define DESIRED_PAUSE_NS     100000000ULL
#define DESIRED_PAUSE_MAX_NS 10000000000ULL

/* An attempt failed. */
void attach_desired_failed(struct desired *desired, uint64_t now_ns);

/* Something about the interface changed: what failed before may do now, after the least pause. */
void attach_desired_hurry(struct desired *desired, uint64_t now_ns);

/* Result: the problem as a clause that follows the interface's name, static. */
const char *attach_desired_text(enum desired_problem problem);
