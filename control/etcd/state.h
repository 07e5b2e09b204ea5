/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this room share; nobody else includes this. */
#pragma once

#include <sys/queue.h>

#include "etcd/etcd.h"
#include "etcd/members.h"
#include "transfer/transfer.h"

/* Somebody to be told that a member failed, while it is his. */
struct etcd_listener {
	LIST_ENTRY(etcd_listener) link;
	unsigned int member;
	void (*failed)(void *context); /* must not begin or end anything at once */
	void *context;
};

/* Somebody who waits for a new token. */
struct etcd_waiter {
	LIST_ENTRY(etcd_waiter) link;
	void (*done)(void *context, int error, const char *reason);
	void *context;
	bool waits;
};

LIST_HEAD(etcd_listeners, etcd_listener);
LIST_HEAD(etcd_waiters, etcd_waiter);

struct etcd {
	struct etcd_options options; /* its strings are ours */
	char **urls;
	struct transfers *transfers;
	struct etcd_members members;
	struct etcd_listeners listeners;
	char *token;		   /* NULL: none yet */
	unsigned int token_number; /* counts the tokens */
	struct transfer *login;	   /* NULL: nobody logs in */
	unsigned int login_member;
	struct etcd_waiters waiters;
};
