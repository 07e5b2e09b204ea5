/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Captures of builds: while one is open, the XDP program copies the headers of the packets of that
 * build's leases (sallyport/snaps.h), and here they are taken from its rings. It is the slots that
 * say until when, so a capture ends by itself whatever becomes of sallyportd. One thread: the event
 * loop's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include <sallyport/snaps.h>

struct build;
struct capture;
struct captures;
struct edge;
struct forward;
struct node;
struct table_map;

#define CAPTURES_MAX   8
#define CAPTURE_BEAT_S 5

/* edge and table outlive it. Result: 0, -ENOMEM, or what sd-event says. */
int capture_captures_open(sd_event *event, struct edge *edge, const struct table_map *table,
			  struct captures **ret_captures);

/* No capture is open any more. NULL is allowed. */
void capture_captures_close(struct captures *captures);

/* Packets that were overwritten before they were read, since a capture began. */
struct capture_losses {
	uint64_t own; /* while it alone was open, so of its own */
	uint64_t any; /* while others were, so of any of them */
};

/* A packet of a capture, and whose it is. */
struct capture_packet {
	const struct sp_snap *snap;
	const struct node *node;
	const struct forward *forward;
	uint64_t wall_ns;
	const struct capture_losses *losses; /* up to it */
};

struct capture_options {
	const struct build *build; /* only used during the call */
	bool one_node;
	uint32_t node_index;  /* of that one */
	uint64_t duration_ns; /* from now */
	uint64_t nr_packets;  /* that are kept, at most */
	/* Result: whether it is kept. */
	bool (*take)(void *context, const struct capture_packet *packet);
	/* Every CAPTURE_BEAT_S, whether or not there are packets. */
	void (*beat)(void *context);
	/* There is no more to come: its time is over, it has its packets, the build is gone. */
	void (*end)(void *context, const struct capture_losses *losses);
	void *context;
};

/* Result: 0 and *ret_capture, to be stopped; -EUSERS if CAPTURES_MAX are open; -ENOMEM. */
int capture_captures_start(struct captures *captures, const struct capture_options *options,
			   struct capture **ret_capture);

/* Also once it has ended. No callback is called any more. Not from within a callback. */
void capture_captures_stop(struct capture *capture);
