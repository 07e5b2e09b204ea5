/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/follow.h"
#include "daemon/say.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "edge/edge.h"
#include "kernel/kernel.h"

/* The VMs added for one build; its id lies behind them. */
struct followed {
	const char *id;
	unsigned int nr;
	struct sp_addr vms[];
};

struct daemon_followers {
	struct edge *edge;
	struct kernel *kernel;
	uint64_t seq; /* the last event followed */
	void *builds; /* tree of struct followed by id */
	int error;    /* the first met in this run */
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct followed *)a)->id, ((const struct followed *)b)->id);
}

static void note_error(struct daemon_followers *followers, int r)
{
	if (r < 0 && followers->error == 0)
		followers->error = r;
}

static void release_vms(struct daemon_followers *followers, const struct followed *followed)
{
	for (unsigned int i = 0; i < followed->nr; i++)
		note_error(followers, kernel_vm_remove(followers->kernel, &followed->vms[i]));
}

/* Result: NULL without memory. */
static struct followed *make_followed(const struct build *build)
{
	size_t vms_bytes = build->nr_nodes * sizeof(struct sp_addr);
	size_t id_bytes = strlen(build->id) + 1;
	struct followed *followed = calloc(1, sizeof(*followed) + vms_bytes + id_bytes);

	if (!followed)
		return NULL;
	followed->id = memcpy((char *)followed->vms + vms_bytes, build->id, id_bytes);
	for (unsigned int i = 0; i < build->nr_nodes; i++) {
		if (build->nodes[i].has_address)
			followed->vms[followed->nr++] = build->nodes[i].address;
	}
	return followed;
}

static int add_vms(struct daemon_followers *followers, struct followed *followed)
{
	struct followed **place = tsearch(followed, &followers->builds, compare);

	if (!place) {
		free(followed);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < followed->nr; i++)
		note_error(followers, kernel_vm_add(followers->kernel, &followed->vms[i]));
	return 0;
}

/* What was added before is removed last, so that a VM in both is never without its neighbour. */
static void update(struct daemon_followers *followers, const char *id)
{
	const struct build *build = edge_get(followers->edge, id);
	const struct followed key = {.id = id};
	struct followed **place, *before, *after;

	place = tfind(&key, &followers->builds, compare);
	before = place ? *place : NULL;
	if (before)
		tdelete(before, &followers->builds, compare);
	if (build && build_is_open(build)) {
		after = make_followed(build);
		note_error(followers, after ? add_vms(followers, after) : -ENOMEM);
	}
	if (before) {
		release_vms(followers, before);
		free(before);
	}
}

static int follow_event(const struct event *event, void *context)
{
	struct daemon_followers *followers = context;

	daemon_say_event(event);
	if (event->type == EVENT_BUILD_ENABLED || event->type == EVENT_BUILD_CHANGED ||
	    event->type == EVENT_BUILD_ENDED)
		update(followers, event->build_id);
	return 0;
}

static void add_all(struct daemon_followers *followers)
{
	const struct build *build;

	followers->seq = edge_events(followers->edge)->newest_seq;
	for (build = edge_after(followers->edge, 0); build;
	     build = edge_after(followers->edge, build->serial)) {
		if (build_is_open(build))
			update(followers, build->id);
	}
}

int daemon_follow_new(struct edge *edge, struct kernel *kernel,
		      struct daemon_followers **ret_followers)
{
	struct daemon_followers *followers = calloc(1, sizeof(*followers));

	if (!followers)
		return -ENOMEM;
	followers->edge = edge;
	followers->kernel = kernel;
	add_all(followers);
	*ret_followers = followers;
	return 0;
}

void daemon_follow_free(struct daemon_followers *followers)
{
	if (!followers)
		return;
	tdestroy(followers->builds, free);
	free(followers);
}

int daemon_follow_run(struct daemon_followers *followers)
{
	int r;

	followers->error = 0;
	r = state_events_follow(edge_events(followers->edge), &followers->seq, follow_event,
				followers);
	note_error(followers, r);
	return followers->error < 0 ? followers->error : r;
}
