/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A client of etcd v3 (3.4 and later) over its JSON gateway, on an sd-event loop. Calls go to one
 * member while it answers, then to the next one. Everything runs on the loop's thread; callbacks
 * come from the loop, never from within a call of these.
 */
#pragma once

#include <stdbool.h>

#include <systemd/sd-event.h>

struct etcd;

struct etcd_options {
	sd_event *event;
	const char *const *urls;   /* http or https, one for each member */
	unsigned int nr_urls;	   /* 1 to ETCD_MEMBERS_MAX */
	const char *user;	   /* logs in when it is asked to; NULL: never */
	const char *password_file; /* read each time; its first line; closed to others */
	const char *ca_file;	   /* of those that may certify a member; NULL: the system's */
	unsigned int try_ms;	   /* how long one member may take */
	unsigned int limit_ms;	   /* how long a call may take, over all of them */
	/* A member was left for another one, and why; may be NULL. */
	void (*left)(void *context, const char *url, const char *reason);
	void *context;
};

/* Copies all of the options. Nothing is sent yet. Result: 0, -EINVAL for no or too many URLs,
 * -ENOMEM, or what sd-event says. */
int etcd_open(const struct etcd_options *options, struct etcd **ret_etcd);

/* Calls, watches, leases and what else was begun must be over or cancelled. Not from a callback.
 * NULL is allowed. */
void etcd_close(struct etcd *etcd);

/* Result: the URL of the member that is asked; lives until etcd_close(). */
const char *etcd_member(const struct etcd *etcd);
