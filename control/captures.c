/* SPDX-License-Identifier: BSD-3-Clause */
#include "captures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <sallyport/compiler.h>

#include "build.h"
#include "clock.h"
#include "edge.h"
#include "host/table_map.h"
#include "ring.h"

#define BEAT_NS	  (CAPTURE_BEAT_S * CLOCK_SECOND_NS)
#define PERIOD_US 5000 /* a ring of 2,048 snaps then loses none at 400,000 packets/s of a CPU */

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
	uint64_t lost_before;
	bool ended;
	void (*take)(void *context, const struct capture_packet *packet);
	void (*beat)(void *context);
	void (*end)(void *context);
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
	return capture->ended
		       ? 0
		       : (uint32_t)((capture->until_ns + CLOCK_SECOND_NS - 1) / CLOCK_SECOND_NS);
}

static void mark_slot(const struct capture *capture, uint32_t slot_index, bool anew)
{
	struct captures *captures = capture->captures;
	const struct sp_slot *slot = table_map_slot(captures->table, slot_index);

	if (!slot || edge_slot_serial(captures->edge, slot_index) != capture->serial)
		return;
	if (anew || slot->capture_until_s < until_s(capture))
		edge_capture_slot(captures->edge, slot_index, until_s(capture));
}

/* anew: with no regard to what other captures have marked; else only what ends earlier. */
static void mark(const struct capture *capture, bool anew)
{
	const struct build *build = build_of(capture);

	for (unsigned int i = 0; build && i < build->nr_nodes; i++)
		for (unsigned int j = 0;
		     has_node(capture, &build->nodes[i]) && j < build->nodes[i].nr_forwards; j++)
			mark_slot(capture, build->nodes[i].forwards[j].slot_index, anew);
}

/* Again and again: a build may get more nodes, and a node's slot is written anew once it has a VM.
 */
static void mark_all(const struct captures *captures)
{
	const struct capture *capture;

	LIST_FOREACH(capture, &captures->list, link)
	mark(capture, false);
}

static void end(struct capture *capture)
{
	if (capture->ended)
		return;
	capture->ended = true;
	mark(capture, true);
	mark_all(capture->captures);
	capture->end(capture->context);
}

static void take(struct capture *capture, const struct capture_packet *packet)
{
	if (capture->ended || !has_node(capture, packet->node))
		return;
	capture->take(capture->context, packet);
	if (--capture->nr_left == 0)
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
	LIST_FOREACH(capture, &captures->list, link)
	if (build && capture->serial == build->serial)
		take(capture, &packet);
}

static void take_snaps(struct captures *captures, const struct instant *now)
{
	uint32_t nr = ring_gather(&captures->ring);
	const struct sp_snap *snaps = captures->ring.batch;

	for (uint32_t i = 0; i < nr; i++)
		take_snap(captures, &snaps[i], now);
}

static void look_after(struct capture *capture, const struct instant *now)
{
	if (now->boot_ns >= capture->until_ns || !build_of(capture))
		end(capture);
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

	clock_read(&now);
	take_snaps(captures, &now);
	LIST_FOREACH(capture, &captures->list, link)
	look_after(capture, &now);
	mark_all(captures);
	sd_event_source_set_time_relative(source, PERIOD_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int captures_open(sd_event *event, struct edge *edge, const struct table_map *table,
		  struct captures **ret_captures)
{
	struct captures *captures = calloc(1, sizeof(*captures));
	int r;

	if (!captures)
		return -ENOMEM;
	captures->edge = edge;
	captures->table = table;
	LIST_INIT(&captures->list);
	r = sd_event_add_time(event, &captures->timer, CLOCK_MONOTONIC, 0, 0, on_timer, captures);
	if (r >= 0)
		r = sd_event_source_set_enabled(captures->timer, SD_EVENT_OFF);
	if (r < 0) {
		captures_close(captures);
		return r;
	}
	*ret_captures = captures;
	return 0;
}

void captures_close(struct captures *captures)
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
	r = ring_open(&captures->ring);
	if (r < 0)
		return r;
	ring_skip(&captures->ring);
	sd_event_source_set_time_relative(captures->timer, PERIOD_US);
	return sd_event_source_set_enabled(captures->timer, SD_EVENT_ONESHOT);
}

static struct capture *make(struct captures *captures, const struct capture_options *options)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	struct instant now;

	if (!capture)
		return NULL;
	clock_read(&now);
	*capture = (struct capture){
		.captures = captures,
		.serial = options->build->serial,
		.one_node = options->one_node,
		.node_index = options->node_index,
		.until_ns = now.boot_ns + options->duration_ns,
		.beat_ns = now.boot_ns + BEAT_NS,
		.nr_left = options->nr_packets,
		.lost_before = captures->ring.lost,
		.take = options->take,
		.beat = options->beat,
		.end = options->end,
		.context = options->context,
	};
	snprintf(capture->build_id, sizeof(capture->build_id), "%s", options->build->id);
	return capture;
}

int capture_start(struct captures *captures, const struct capture_options *options,
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
			ring_close(&captures->ring);
		return -ENOMEM;
	}
	captures->nr++;
	LIST_INSERT_HEAD(&captures->list, capture, link);
	mark(capture, false);
	*ret_capture = capture;
	return 0;
}

void capture_stop(struct capture *capture)
{
	struct captures *captures = capture->captures;

	capture->ended = true;
	mark(capture, true);
	LIST_REMOVE(capture, link);
	free(capture);
	mark_all(captures);
	if (--captures->nr > 0)
		return;
	sd_event_source_set_enabled(captures->timer, SD_EVENT_OFF);
	ring_close(&captures->ring);
}

uint64_t capture_lost(const struct capture *capture)
{
	return capture->captures->ring.lost - capture->lost_before;
}
