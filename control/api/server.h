/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP API over the edge. One thread: the event loop's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

#include <sallyport/table.h>

#include "host/addr.h"
#include "json/problem.h"

struct api;
struct config;
struct edge;
struct explain;
struct journal;
struct kernel;
struct quiescer;
struct table_map;
struct watch;

/* The ways in, and what comes through each at most. */
enum api_door {
	API_DOOR_MAIN,	  /* any role */
	API_DOOR_VIEWERS, /* viewer */
	API_DOOR_METRICS, /* no role: what needs none */
	API_DOORS_NR
};

/* One request, for the log; strings live during the call, and are the client's but for the route.
 */
struct api_answered {
	const char *socket; /* api, viewers or metrics */
	const char *method; /* of a HEAD request it is GET */
	const char *route;  /* NULL: none was found */
	const char *path;   /* as it came, without the query */
	const char *id;	    /* its X-Request-Id, NULL without */
	unsigned int status;
	uint64_t took_ns;
	size_t bytes_in, bytes_out; /* bodies; of a stream 0 */
	uid_t uid;		    /* (uid_t)-1 by TCP, as is pid 0 */
	pid_t pid;
	char address[ADDR_TEXT_BYTES]; /* by TCP, else "" */
};

struct api_options {
	sd_event *event;
	const struct config *config; /* for roles and names; only used during the call */
	struct edge *edge;	     /* these outlive the API */
	struct table_map *table;
	struct quiescer *quiescer;
	struct kernel *kernel;
	struct announce *announce; /* these may be NULL */
	struct explain *explain;
	struct watch *watch;
	struct journal *audit; /* of connections */
	int fds[API_DOORS_NR]; /* listening sockets, taken over also on failure; -1: none */
	/* A removal was not confirmed in time: by a worker, or by the kernel for the program. */
	void (*stuck)(void *context, bool by_worker);
	void (*refused)(void *context, enum problem_type type, const char *detail); /* with 5xx */
	bool (*logs)(void *context); /* whether answered() is to be called now */
	void (*answered)(void *context, const struct api_answered *answered);
	void *context;
};

/*
 * Starts to serve. Result: 0 and *ret_api; -ENOENT if a role names a user or group that does not
 * exist, with *ret_reason a sentence to be freed; or another -errno.
 */
int api_server_open(const struct api_options *options, struct api **ret_api, char **ret_reason);

/* Answers those who wait, and stops. NULL is allowed. */
void api_server_close(struct api *api);

/* Takes the roles of another config, or fails as api_server_open() does and changes nothing. */
int api_server_reload(struct api *api, const struct config *config, char **ret_reason);

/* To be called when the edge may have new events: wakes the streams that wait for them. */
void api_server_notify(struct api *api);

/* Slots went out of use with nobody asking: see that all workers confirm it, or call stuck(). */
void api_server_confirm_removal(struct api *api);
