/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes wrong in a draw, by chance, and comes right again by itself. */
#pragma once

struct sim_faults;
struct sim_world;

enum sim_fault {
	SIM_FAULT_CUT,	  /* an edge and all members, or one, do not hear of each other */
	SIM_FAULT_FLEET,  /* a sallyport-fleet is killed */
	SIM_FAULT_DAEMON, /* a sallyportd is */
	SIM_FAULT_POWER,  /* a host loses power */
	SIM_FAULT_MEMBER, /* a member is killed, hangs, or is isolated */
	SIM_FAULT_QUORUM, /* two are */
	SIM_FAULT_ELECTION,
	SIM_FAULT_COMPACTION,
	SIM_FAULT_WATCH,  /* watches are broken off or cancelled */
	SIM_FAULT_CLOCK,  /* a clock is stepped within its bound, or far */
	SIM_FAULT_LATE,	  /* much comes late, twice, or is done and not answered */
	SIM_FAULT_LEASES, /* all leases of etcd end */
	SIM_FAULTS_NR,
};

struct sim_faults *sim_faults_new(struct sim_world *world);

/* Those of a mask of 1 << enum sim_fault, about so many a minute; 0: none any more. */
void sim_faults_begin(struct sim_faults *faults, unsigned int mask, unsigned int per_minute);

/* All that is wrong comes right, at once. */
void sim_faults_mend(struct sim_faults *faults);
void sim_faults_free(struct sim_faults *faults);
