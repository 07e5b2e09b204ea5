/* SPDX-License-Identifier: BSD-3-Clause */
/* The HTTP API over the edge. One thread: the event loop's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include <sallyport/table.h>

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

struct api_options {
	sd_event *event;
	const struct config *config; /* for roles and names; only used during the call */
	struct edge *edge;	     /* these outlive the API */
	struct table_map *table;
	struct quiescer *quiescer;
	struct kernel *kernel;
	struct explain *explain; /* these may be NULL */
	struct watch *watch;
	struct journal *audit; /* of connections */
	int fds[API_DOORS_NR]; /* listening sockets, taken over also on failure; -1: none */
	/* A removal was not confirmed in time: by a worker, or by the kernel for the program. */
	void (*stuck)(void *context, bool by_worker);
	void (*refused)(void *context, enum problem_type type, const char *detail); /* with 5xx */
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
