/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One edge: a virtual host with its clock and its table, and the code of sallyportd (API, edge,
 * journal in memory) and of sallyport-fleet on it, each a process that can be killed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

#include "time/clock.h"

struct build;
struct edge;
struct sim_host;

/* What all hosts have in common. */
struct sim_hosts {
	const char *directory; /* of files */
	unsigned int nr_ports;
	unsigned int nr_buckets;
	unsigned int quarantine_s;
	unsigned int builds; /* at most */
};

struct sim_host *sim_host_new(const struct sim_hosts *hosts, unsigned int index);
void sim_host_free(struct sim_host *host);

/* Each may be so already. A daemon that ends loses nothing that it has acknowledged. */
void sim_host_start_daemon(struct sim_host *host);
void sim_host_kill_daemon(struct sim_host *host);
void sim_host_start_fleet(struct sim_host *host);
void sim_host_kill_fleet(struct sim_host *host);

/* Both are killed, and the table is lost; then it boots, and both start. */
void sim_host_power_off(struct sim_host *host);
void sim_host_power_on(struct sim_host *host);

bool sim_host_is_on(const struct sim_host *host);
bool sim_host_has_daemon(const struct sim_host *host);
bool sim_host_has_fleet(const struct sim_host *host);
struct sim_clock *sim_host_clock(struct sim_host *host);
const char *sim_host_name(const struct sim_host *host);
const char *sim_host_socket(const struct sim_host *host); /* of its fleet */
const char *sim_host_door(const struct sim_host *host);	  /* of its sallyportd */
struct edge *sim_host_edge(const struct sim_host *host);  /* NULL: the host is off */

/* Result: why the edge is no good for routers; NULL: it has what the store has. */
const char *sim_host_lack(const struct sim_host *host);

/* Result: whether its engines carry packets of this build's first port now. */
bool sim_host_carries(const struct sim_host *host, const struct build *build);

/* Result: how many changes of builds sallyportd has made since the host was new. */
uint64_t sim_host_changes(const struct sim_host *host);

/* Result: whether its fleet takes an end of this build for its own cancellation. */
bool sim_host_ignores(const struct sim_host *host, const char *id);
