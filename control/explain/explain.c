// SPDX-License-Identifier: BSD-3-Clause
#include "explain/explain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sallyport/addr.h>

#include "edge/edge.h"
#include "explain/callers.h"
#include "explain/lookup.h"
#include "explain/rate.h"
#include "explain/ssh.h"
#include "model/clock.h"

#define PER_SECOND	2 /* for one source, after a burst */
#define BURST		20
#define LISTEN_BACKLOG	512
#define ACCEPTS_A_ROUND 32 /* so that a flood leaves the loop to others */

struct explain {
	sd_event *event;
	struct edge *edge;
	enum explain_mode mode;
	struct explain_lookup *lookup;
	struct explain_rate rate;
	int listen_fd[2];
	sd_event_source *acceptable[2];
	struct explain_figures figures;
	struct explain_callers *callers;
};

static void addr_of(const struct sockaddr_storage *name, struct sp_addr *ret_addr,
		    uint16_t *ret_port)
{
	const struct sockaddr_in *in4 = (const struct sockaddr_in *)name;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)name;

	if (name->ss_family == AF_INET) {
		*ret_addr = sp_addr_from_v4(in4->sin_addr.s_addr);
		*ret_port = ntohs(in4->sin_port);
	} else {
		memcpy(ret_addr, &in6->sin6_addr, sizeof(*ret_addr));
		*ret_port = ntohs(in6->sin6_port);
	}
}

/* Fills in what is known of the address and port that were dialled. */
static void find_session(const struct explain *explain, const struct sp_addr *dialled,
			 uint16_t port, struct explain_call *call)
{
	const struct model_settings *settings = edge_settings(explain->edge);
	const struct model_public *found = model_settings_find_public(settings, dialled);
	uint16_t number;

	if (!found)
		return;
	number = model_settings_slot_number(found, dialled, port);
	call->own_address = found->sessions != 0;
	call->build = edge_by_slot(explain->edge,
				   sp_slot_index((uint32_t)(found - settings->publics), number),
				   &call->node, &call->forward);
	/* The slot may be another address's by now. */
	if (call->build && !sp_addr_equal(&call->forward->public_addr, dialled)) {
		call->build = NULL;
		call->node = NULL;
		call->forward = NULL;
	}
}

static bool is_vm(const struct explain *explain, const struct sp_addr *client)
{
	const struct model_settings *settings = edge_settings(explain->edge);

	for (unsigned int i = 0; i < settings->nr_networks; i++)
		if (sp_prefix_contains(&settings->networks[i], client))
			return true;
	return false;
}

/* Result: 0 with the sentence for this connection, or -errno if it gets none. */
static int words_for(struct explain *explain, int fd, const struct sockaddr_storage *peer,
		     char ret_text[EXPLAIN_TEXT_MAX + 1])
{
	struct sockaddr_storage name;
	socklen_t name_bytes = sizeof(name);
	struct explain_call call = {.mode = explain->mode};
	struct sp_addr dialled;
	struct instant now;
	uint16_t port;

	model_clock_read(&now);
	call.now = &now;
	addr_of(peer, &call.client, &port);
	if (!explain_rate_take(&explain->rate, &call.client, now.boot_ns))
		return -EBUSY;
	if (getsockname(fd, (struct sockaddr *)&name, &name_bytes))
		return -errno;
	addr_of(&name, &dialled, &port);
	find_session(explain, &dialled, port, &call);
	call.vm = is_vm(explain, &call.client);
	call.guest = call.build && edge_notes_knows_guest(explain->edge, call.build, &call.client);
	return explain_text(&call, ret_text, EXPLAIN_TEXT_MAX + 1);
}

static int answer(struct explain *explain, int fd, const struct sockaddr_storage *peer)
{
	char text[EXPLAIN_TEXT_MAX + 1];
	int result = words_for(explain, fd, peer, text);

	return result ? result : explain_callers_take(explain->callers, fd, text);
}

/* Closes with a reset, which leaves nothing behind here. */
static void hang_up(int fd)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static int on_acceptable(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	struct explain *explain = context;

	for (unsigned int i = 0; i < ACCEPTS_A_ROUND; i++) {
		struct sockaddr_storage peer;
		socklen_t peer_bytes = sizeof(peer);
		int caller_fd = accept4(fd, (struct sockaddr *)&peer, &peer_bytes,
					SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (caller_fd < 0)
			return 0;
		if (answer(explain, caller_fd, &peer)) {
			explain->figures.refused++;
			hang_up(caller_fd);
		} else {
			explain->figures.explained++;
		}
	}
	return 0;
}

/*
 * Bound to the loopback and a port of the kernel's choice: nobody dials that, and what comes by
 * sk_lookup is not held against it. Result: the socket, or -errno.
 */
static int open_listener(int family)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	const struct sockaddr *name =
		family == AF_INET ? (const struct sockaddr *)&in4 : (const struct sockaddr *)&in6;
	socklen_t name_bytes = family == AF_INET ? sizeof(in4) : sizeof(in6);
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -errno;
	if (!bind(fd, name, name_bytes) && !listen(fd, LISTEN_BACKLOG))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

static int watch(struct explain *explain, unsigned int family_index)
{
	int fd = explain->listen_fd[family_index];
	int result = sd_event_add_io(explain->event, &explain->acceptable[family_index], fd,
				     EPOLLIN, on_acceptable, explain);

	if (result < 0)
		return result;
	return sd_event_source_set_priority(explain->acceptable[family_index],
					    SD_EVENT_PRIORITY_IDLE);
}

static int open_sockets(struct explain *explain, char **ret_reason)
{
	const char *what = NULL;
	int result;

	explain->listen_fd[0] = open_listener(AF_INET);
	explain->listen_fd[1] = open_listener(AF_INET6); /* a host may be without */
	if (explain->listen_fd[0] < 0) {
		what = "open the explain socket";
		result = explain->listen_fd[0];
	} else {
		what = "watch the explain socket";
		result = watch(explain, 0);
		if (result >= 0 && explain->listen_fd[1] >= 0)
			result = watch(explain, 1);
	}
	if (result >= 0)
		return 0;
	if (asprintf(ret_reason, "cannot %s: %s", what, strerror(-result)) < 0)
		*ret_reason = NULL;
	return result;
}

static struct explain *explain_new(sd_event *event, struct edge *edge, enum explain_mode mode)
{
	struct explain *explain = calloc(1, sizeof(*explain));
	uint64_t seed = 0;

	if (!explain)
		return NULL;
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = (uintptr_t)explain;
	explain->event = sd_event_ref(event);
	explain->edge = edge;
	explain->mode = mode;
	explain->listen_fd[0] = explain->listen_fd[1] = -1;
	explain_rate_init(&explain->rate, PER_SECOND, BURST, seed);
	explain->callers = explain_callers_new(event);
	if (!explain->callers) {
		explain_stop(explain);
		return NULL;
	}
	return explain;
}

int explain_start(sd_event *event, struct edge *edge, const char *bpf_dir, enum explain_mode mode,
		  struct explain **ret_explain, char **ret_reason)
{
	struct explain *explain = explain_new(event, edge, mode);
	int result;

	if (!explain)
		return -ENOMEM;
	result = open_sockets(explain, ret_reason);
	if (!result)
		result = explain_lookup_open(bpf_dir, explain->listen_fd, &explain->lookup,
					     ret_reason);
	if (result) {
		explain_stop(explain);
		return result;
	}
	*ret_explain = explain;
	return 0;
}

void explain_stop(struct explain *explain)
{
	if (!explain)
		return;
	explain_lookup_close(explain->lookup);
	explain_callers_free(explain->callers);
	for (unsigned int i = 0; i < 2; i++) {
		sd_event_source_disable_unref(explain->acceptable[i]);
		if (explain->listen_fd[i] >= 0)
			close(explain->listen_fd[i]);
	}
	sd_event_unref(explain->event);
	free(explain);
}

void explain_set_mode(struct explain *explain, enum explain_mode mode)
{
	explain->mode = mode;
}

void explain_figures(const struct explain *explain, struct explain_figures *ret_figures)
{
	*ret_figures = explain->figures;
}
