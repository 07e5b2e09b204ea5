/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/capture/captures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <sallyport/compiler.h>

#include "edge/edge.h"
#include "host/table_map.h"
#include "model/build.h"
#include "model/clock.h"
#include "watch/notes/ring.h"

#define BEAT_NS	  (CAPTURE_BEAT_S * CLOCK_SECOND_NS)
#define PERIOD_US 5000 /* in which 400,000 packets/s of a CPU fill its ring */

struct capture {
	struct captures *captures;
	LIST_ENTRY(capture) link;
	char build_id[BUILD_ID_MAX + 1];
	uint64_t serial;
	bool one_node;
	uint32_t node_index;
	uint64_t until_ns;
	uint64_t beat_ns; /* when it is due next */
	uint64_t nr_left;
	struct capture_losses losses;
	bool ended;
	bool (*take)(void *context, const struct capture_packet *packet);
	void (*beat)(void *context);
	void (*end)(void *context, const struct capture_losses *losses);
	void *context;
};

struct captures {
	struct edge *edge;
	const struct table_map *table;
	sd_event_source *timer;
	struct ring ring; /* while one is open */
	unsigned int nr;
	LIST_HEAD(captures_list, capture) list;
};

/* Result: the build, as long as it is the one that the capture began with; else NULL. */
static const struct build *build_of(const struct capture *capture)
{
	const struct build *build = edge_get(capture->captures->edge, capture->build_id);

	return build && build->serial == capture->serial ? build : NULL;
}

static bool has_node(const struct capture *capture, const struct node *node)
{
	return !capture->one_node || capture->node_index == node->index;
}

/* Rounded up: the last part of a second is cut off here. */
static uint32_t until_s(const struct capture *capture)
{
	return (uint32_t)((capture->until_ns + CLOCK_SECOND_NS - 1) / CLOCK_SECOND_NS);
}

/* Result: until when the packets of that node are captured, by any capture; 0 if by none. */
static uint32_t latest_s(const struct captures *captures, const struct build *build,
			 const struct node *node)
{
	const struct capture *capture;
	uint32_t latest = 0;

	LIST_FOREACH (capture, &captures->list, link)
		if (!capture->ended && capture->serial == build->serial &&
		    has_node(capture, node) && until_s(capture) > latest)
			latest = until_s(capture);
	return latest;
}

static void mark_slot(const struct captures *captures, const struct build *build,
		      uint32_t slot_index, uint32_t latest)
{
	const struct sp_slot *slot = table_map_slot(captures->table, slot_index);

	if (slot && slot->capture_until_s != latest &&
	    edge_slot_serial(captures->edge, slot_index) == build->serial)
		edge_notes_capture_slot(captures->edge, slot_index, latest);
}

/* Has the slots of a build say until when they are captured. build may be NULL. */
static void mark(const struct captures *captures, const struct build *build)
{
	for (unsigned int i = 0; build && i < build->nr_nodes; i++) {
		const struct node *node = &build->nodes[i];
		uint32_t latest = latest_s(captures, build, node);

		for (unsigned int j = 0; j < node->nr_forwards; j++)
			mark_slot(captures, build, node->forwards[j].slot_index, latest);
	}
}

/*
 * Again and again: a build may get more nodes, and a node's slot is written anew once it has a VM.
 */
static void mark_all(const struct captures *captures)
{
	const struct capture *capture;

	LIST_FOREACH (capture, &captures->list, link)
		mark(captures, build_of(capture));
}

static void end(struct capture *capture)
{
	capture->ended = true;
	mark(capture->captures, build_of(capture));
	capture->end(capture->context, &capture->losses);
}

static void take(struct capture *capture, struct capture_packet *packet)
{
	if (capture->ended || !has_node(capture, packet->node))
		return;
	packet->losses = &capture->losses;
	if (capture->take(capture->context, packet) && --capture->nr_left == 0)
		end(capture);
}

static void take_snap(const struct captures *captures, const struct sp_snap *snap,
		      const struct instant *now)
{
	const struct sp_slot *slot = table_map_slot(captures->table, snap->slot_index);
	struct capture_packet packet = {.snap = snap,
					.wall_ns = clock_wall_at(now, snap->ring.at_ns)};
	const struct build *build;
	struct capture *capture;

	if (!slot || slot->generation != snap->generation)
		return;
	build = edge_by_slot(captures->edge, snap->slot_index, &packet.node, &packet.forward);
	LIST_FOREACH (capture, &captures->list, link)
		if (build && capture->serial == build->serial)
			take(capture, &packet);
}

/* Nobody knows whose they were, but when there is one capture only. */
static void add_losses(struct captures *captures, uint64_t lost)
{
	struct capture *capture;

	LIST_FOREACH (capture, &captures->list, link)
		*(captures->nr == 1 ? &capture->losses.own : &capture->losses.any) += lost;
}

static void take_snaps(struct captures *captures, const struct instant *now)
{
	uint64_t lost_before = captures->ring.lost;
	uint32_t nr = notes_ring_gather(&captures->ring, now->boot_ns);
	const struct sp_snap *snaps = captures->ring.batch;

	add_losses(captures, captures->ring.lost - lost_before);
	for (uint32_t i = 0; i < nr; i++)
		take_snap(captures, &snaps[i], now);
}

static void look_after(struct capture *capture, const struct instant *now)
{
	if (capture->ended)
		return;
	if (now->boot_ns >= capture->until_ns || !build_of(capture)) {
		end(capture);
		return;
	}
	if (now->boot_ns < capture->beat_ns)
		return;
	capture->beat_ns = now->boot_ns + BEAT_NS;
	capture->beat(capture->context);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct captures *captures = context;
	struct capture *capture;
	struct instant now;

	model_clock_read(&now);
	take_snaps(captures, &now);
	LIST_FOREACH (capture, &captures->list, link)
		look_after(capture, &now);
	mark_all(captures);
	sd_event_source_set_time_relative(source, PERIOD_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int capture_captures_open(sd_event *event, struct edge *edge, const struct table_map *table,
			  struct captures **ret_captures)
{
	struct captures *captures = calloc(1, sizeof(*captures));
	int r;

	if (!captures)
		return -ENOMEM;
	captures->edge = edge;
	captures->table = table;
	LIST_INIT(&captures->list);
	r = sd_event_add_time(event, &captures->timer, CLOCK_MONOTONIC, 0, 1, on_timer, captures);
	if (r >= 0)
		r = sd_event_source_set_enabled(captures->timer, SD_EVENT_OFF);
	if (r < 0) {
		capture_captures_close(captures);
		return r;
	}
	*ret_captures = captures;
	return 0;
}

void capture_captures_close(struct captures *captures)
{
	if (!captures)
		return;
	sd_event_source_disable_unref(captures->timer);
	free(captures);
}

static int open_ring(struct captures *captures)
{
	int r;

	captures->ring = (struct ring){.records = captures->table->snaps,
				       .heads = captures->table->snaps_heads,
				       .record_bytes = sizeof(struct sp_snap),
				       .nr_records = SP_SNAPS,
				       .table = captures->table};
	r = notes_ring_open(&captures->ring);
	if (r < 0)
		return r;
	notes_ring_skip(&captures->ring);
	sd_event_source_set_time_relative(captures->timer, PERIOD_US);
	return sd_event_source_set_enabled(captures->timer, SD_EVENT_ONESHOT);
}

static struct capture *make(struct captures *captures, const struct capture_options *options)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	struct instant now;

	if (!capture)
		return NULL;
	model_clock_read(&now);
	*capture = (struct capture){
		.captures = captures,
		.serial = options->build->serial,
		.one_node = options->one_node,
		.node_index = options->node_index,
		.until_ns = now.boot_ns + options->duration_ns,
		.beat_ns = now.boot_ns + BEAT_NS,
		.nr_left = options->nr_packets,
		.take = options->take,
		.beat = options->beat,
		.end = options->end,
		.context = options->context,
	};
	snprintf(capture->build_id, sizeof(capture->build_id), "%s", options->build->id);
	return capture;
}

int capture_captures_start(struct captures *captures, const struct capture_options *options,
			   struct capture **ret_capture)
{
	struct capture *capture;
	int r;

	if (captures->nr == CAPTURES_MAX)
		return -EUSERS;
	r = captures->nr ? 0 : open_ring(captures);
	if (r < 0)
		return r;
	capture = make(captures, options);
	if (!capture) {
		if (captures->nr == 0)
			notes_ring_close(&captures->ring);
		return -ENOMEM;
	}
	captures->nr++;
	LIST_INSERT_HEAD(&captures->list, capture, link);
	mark(captures, build_of(capture));
	*ret_capture = capture;
	return 0;
}

void capture_captures_stop(struct capture *capture)
{
	struct captures *captures = capture->captures;

	LIST_REMOVE(capture, link);
	mark(captures, build_of(capture));
	free(capture);
	if (--captures->nr > 0)
		return;
	sd_event_source_set_enabled(captures->timer, SD_EVENT_OFF);
	notes_ring_close(&captures->ring);
}
