/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/readiness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "edge/edge.h"
#include "host/addr.h"
#include "model/clock.h"

#define PERIOD_US	 500000
#define LATE_US		 50000
#define FIRST_NS	 (500 * 1000000ULL) /* after a node is bound, doubled until MOST_NS */
#define MOST_NS		 (60 * CLOCK_SECOND_NS)
#define CONNECT_LIMIT_US 2000000
#define ASKING_MAX	 64 /* connects under way */

/* When a node is to be asked again. */
struct asked {
	uint64_t serial; /* of its build */
	uint32_t node_index;
	uint64_t next_ns;
	uint64_t wait_ns;
};

/* Sorted by serial and node, as the edge lists them. */
struct history {
	struct asked *asked;
	size_t nr;
	size_t room;
};

/* A connect under way. */
struct asking {
	struct readiness *readiness;
	char id[BUILD_ID_MAX + 1];
	uint32_t node_index;
	int fd;
	bool failed; /* at once, as without a route */
	sd_event_source *writable;
	sd_event_source *timeout;
};

struct readiness {
	sd_event *event;
	struct edge *edge;
	sd_event_source *timer;
	struct history history;		  /* of the nodes there were in the last round */
	struct asking asking[ASKING_MAX]; /* fd -1: free */
};

static void asking_end(struct asking *asking)
{
	sd_event_source_disable_unref(asking->writable);
	sd_event_source_disable_unref(asking->timeout);
	close(asking->fd);
	*asking = (struct asking){.readiness = asking->readiness, .fd = -1};
}

static void tell(struct asking *asking, enum node_event node_event)
{
	struct instant now;

	model_clock_read(&now);
	/* A journal that cannot be written now is asked again with the next answer. */
	(void)edge_notes_node(asking->readiness->edge, &now, asking->id, asking->node_index,
			      node_event);
	asking_end(asking);
}

static int on_writable(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct asking *asking = context;
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	socklen_t error_bytes = sizeof(int);
	int error = 0;

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	tell(asking, error || asking->failed ? NODE_SILENCE : NODE_ANSWER);
	return 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *context)
{
	tell(context, NODE_SILENCE);
	return 0;
}

/*
 * Result: a socket connecting to the node, or -1. One that failed at once is told of from the event
 * loop as the others are, for it hangs up there; telling changes the edge, which is being walked.
 */
static int begin_connect(const struct node *node, bool *ret_failed)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET,
				  .sin_port = htons(node->forwards[0].port),
				  .sin_addr.s_addr = node->address.word_be[3]};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
				   .sin6_port = htons(node->forwards[0].port)};
	bool v4 = addr_family(&node->address) == 4;
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int result;

	if (fd < 0)
		return -1;
	memcpy(&in6.sin6_addr, &node->address, sizeof(in6.sin6_addr));
	result = v4 ? connect(fd, (struct sockaddr *)&in4, sizeof(in4))
		    : connect(fd, (struct sockaddr *)&in6, sizeof(in6));
	*ret_failed = result && errno != EINPROGRESS;
	return fd;
}

static struct asking *free_asking(struct readiness *readiness)
{
	for (unsigned int i = 0; i < ASKING_MAX; i++)
		if (readiness->asking[i].fd < 0)
			return &readiness->asking[i];
	return NULL;
}

/* Result: whether the node is being asked; not if too many are. */
static bool ask(struct readiness *readiness, const struct build *build, const struct node *node)
{
	struct asking *asking = free_asking(readiness);
	int fd = asking ? begin_connect(node, &asking->failed) : -1;

	if (fd < 0)
		return false;
	snprintf(asking->id, sizeof(asking->id), "%s", build->id);
	asking->node_index = node->index;
	asking->fd = fd;
	if (sd_event_add_io(readiness->event, &asking->writable, fd, EPOLLOUT, on_writable,
			    asking) < 0 ||
	    sd_event_add_time_relative(readiness->event, &asking->timeout, CLOCK_BOOTTIME,
				       CONNECT_LIMIT_US, LATE_US, on_timeout, asking) < 0) {
		asking_end(asking);
		return false;
	}
	return true;
}

/* Result: a place at the end of a history, NULL without memory. */
static struct asked *append(struct history *history)
{
	if (history->nr == history->room) {
		size_t room = history->room ? 2 * history->room : 64;
		struct asked *asked = reallocarray(history->asked, room, sizeof(*asked));

		if (!asked)
			return NULL;
		history->asked = asked;
		history->room = room;
	}
	return &history->asked[history->nr++];
}

static bool before(const struct asked *asked, const struct build *build, const struct node *node)
{
	return asked->serial < build->serial ||
	       (asked->serial == build->serial && asked->node_index < node->index);
}

/* Result: what the history knows of a node, taken in their common order; else a new beginning. */
static struct asked recall(const struct history *history, size_t *at, const struct build *build,
			   const struct node *node)
{
	struct asked fresh = {build->serial, node->index, 0, FIRST_NS};

	while (*at < history->nr && before(&history->asked[*at], build, node))
		++*at;
	if (*at < history->nr && history->asked[*at].serial == build->serial &&
	    history->asked[*at].node_index == node->index)
		return history->asked[*at];
	return fresh;
}

static bool can_ask(const struct build *build, const struct node *node)
{
	return build_is_open(build) && node->has_address &&
	       (node->forwards[0].protocol_mask & SP_PROTOCOL_TCP);
}

static void consider(struct readiness *readiness, const struct build *build,
		     const struct node *node, struct asked *asked, uint64_t now_ns)
{
	if (now_ns < asked->next_ns || !ask(readiness, build, node))
		return;
	asked->next_ns = now_ns + asked->wait_ns;
	asked->wait_ns = node->state == NODE_READY || 2 * asked->wait_ns > MOST_NS
				 ? MOST_NS
				 : 2 * asked->wait_ns;
}

/* One round over all nodes: a merge of the edge's list with the history, which gives the next. */
static void ask_round(struct readiness *readiness, uint64_t now_ns)
{
	struct history next = {0};
	size_t at = 0;

	for (const struct build *build = edge_after(readiness->edge, 0); build;
	     build = edge_after(readiness->edge, build->serial))
		for (unsigned int i = 0; i < build->nr_nodes; i++) {
			const struct node *node = &build->nodes[i];
			struct asked *asked = can_ask(build, node) ? append(&next) : NULL;

			if (!asked)
				continue;
			*asked = recall(&readiness->history, &at, build, node);
			consider(readiness, build, node, asked, now_ns);
		}
	free(readiness->history.asked);
	readiness->history = next;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct readiness *readiness = context;
	struct instant now;

	model_clock_read(&now);
	ask_round(readiness, now.boot_ns);
	sd_event_source_set_time_relative(source, PERIOD_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int watch_readiness_start(sd_event *event, struct edge *edge, struct readiness **ret_readiness)
{
	struct readiness *readiness = calloc(1, sizeof(*readiness));
	int r;

	if (!readiness)
		return -ENOMEM;
	readiness->event = sd_event_ref(event);
	readiness->edge = edge;
	for (unsigned int i = 0; i < ASKING_MAX; i++)
		readiness->asking[i] = (struct asking){.readiness = readiness, .fd = -1};
	r = sd_event_add_time_relative(event, &readiness->timer, CLOCK_BOOTTIME, PERIOD_US, LATE_US,
				       on_timer, readiness);
	if (r < 0) {
		watch_readiness_stop(readiness);
		return r;
	}
	*ret_readiness = readiness;
	return 0;
}

void watch_readiness_stop(struct readiness *readiness)
{
	if (!readiness)
		return;
	for (unsigned int i = 0; i < ASKING_MAX; i++)
		if (readiness->asking[i].fd >= 0)
			asking_end(&readiness->asking[i]);
	sd_event_source_disable_unref(readiness->timer);
	sd_event_unref(readiness->event);
	free(readiness->history.asked);
	free(readiness);
}
