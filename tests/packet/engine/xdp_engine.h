/* SPDX-License-Identifier: BSD-3-Clause */
/* The XDP program itself, an instance for each role over one table, by BPF_PROG_TEST_RUN. */
#pragma once

#include "engine/host_engine.h"
#include "engine/network.h"
#include "fixture.h"

#include <sallyport/decide.h>
#include <sallyport/notes.h>
#include <sallyport/openings.h>
#include <sallyport/snaps.h>
#include <sallyport/verdict.h>

struct xdp_program;

struct xdp_engine {
	struct xdp_program *programs[SP_ROLE_BOTH + 1]; /* by role; of 0 there is none */
	uint32_t ingress_ifindex[SP_ROLE_BOTH + 1];
	uint32_t nr_cpus;
	__u32 meta_bytes;		  /* that come with each packet already */
	int limit_errors;		  /* else each packet may be answered with an ICMP error */
	struct fixture fixture;		  /* not for fixture_free() */
	struct sp_counters *counters;	  /* [nr_cpus] */
	struct sp_usage *usage;		  /* [nr_cpus * FIXTURE_USAGE] */
	struct sp_wanted *wanted;	  /* [nr_cpus] */
	struct sp_hop *hops;		  /* [nr_cpus * SP_HOPS] */
	struct sp_opening *openings;	  /* [SP_OPENINGS] */
	struct sp_limit_line *limits;	  /* of each CPU, and of one worker */
	struct sp_note *notes;		  /* [nr_cpus * SP_NOTES] */
	struct sp_ring_head *notes_heads; /* [nr_cpus] */
	struct sp_snap *snaps;		  /* [nr_cpus * SP_SNAPS] */
	struct sp_ring_head *snaps_heads; /* [nr_cpus] */
	struct sp_queue *queues;
};

/* For the instances that are opened next: the tags of a trunk, 0: none. */
extern __u32 xdp_engine_public_vlan, xdp_engine_builds_vlan;
/* And whether they are for generic mode. */
extern __u32 xdp_engine_generic;

#define XDP_META_MAX 32u

/* What the program did with a frame. */
struct xdp_result {
	__u32 action; /* XDP_… */
	enum sp_verdict verdict;
	__u64 bytes[2]; /* counted as sent on, by enum sp_direction */
	__u32 meta_bytes;
	__u8 meta[XDP_META_MAX]; /* of which so many lie right before the frame */
	struct frame out;
};

/* Loads the instances, engine_mode "xdp", the table empty. Result: 0 or -errno. */
int xdp_engine_open(struct xdp_engine *engine, const struct network *network);
void xdp_engine_close(struct xdp_engine *engine);

/*
 * Enters a network and opens the engine in it, for a test's main(). Result: 0, or the exit status
 * of the test once why was printed: 77 if it may not, else 1.
 */
int xdp_engine_start(struct xdp_engine *engine);

/* Result: the clock that deadlines and beats are compared with. */
__u64 xdp_engine_now_ns(void);

/* Result: 0, -EPROTO if not exactly one verdict was counted, or -errno. */
int xdp_engine_run(struct xdp_engine *engine, enum sp_role role, const struct frame *in,
		   struct xdp_result *ret);

/* Sets what fixture_clear() has cleared: the interfaces and the mode. */
void xdp_engine_settings(struct xdp_engine *engine);

/* Puts deadlines off for ever: those of vectors are of a clock that the kernel has not. */
void xdp_engine_keep_leases(struct xdp_engine *engine);

/* Makes the table the standard one as of that time, with such settings. Result: 0 or -errno. */
int xdp_engine_standard(struct xdp_engine *engine, __u64 now_ns);

/*
 * Puts an AF_XDP socket into queue 0 of that role's instance, as sallyport-dp would. Result: the
 * socket, which leaves the map when the caller closes it, or -errno.
 */
int xdp_engine_add_socket(struct xdp_engine *engine, enum sp_role role);

/* Result: how many packets have been counted under a verdict. */
unsigned long long xdp_engine_count(const struct xdp_engine *engine, enum sp_verdict verdict);
