/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Real members of etcd for a test: in a network and a mount namespace of the program's own, their
 * data on a file system that goes with it. They end with the program, even if that is killed.
 */
#pragma once

#include <stdbool.h>

#include <systemd/sd-event.h>

#include "etcd/call.h"
#include "etcd/etcd.h"

#define REAL_MEMBERS_MAX 3
#define REAL_DIR	 "/run/sallyport-etcd-test"
#define REAL_LIMIT_S	 60

/* Result: whether there is an etcd and we are root; else why not was printed, as a skip's reason.
 */
bool real_possible(void);

/* Enters the namespaces, once. */
void real_enter(void);

/* cmocka's setup of a group: enters them where there is an etcd. */
int real_set_up_all(void **state);

/* Starts nr members of a new cluster, each with these further arguments, and waits until they
 * serve. */
void real_start(unsigned int nr, const char *const *arguments);

/* Kills one; starts it again with what it has; waits until it serves. */
void real_kill(unsigned int index);
void real_restart(unsigned int index);
void real_signal(unsigned int index, int signal);

/* Waits until the members that run serve. */
void real_wait_ready(unsigned int index);

/* Kills all, and forgets what they have. */
void real_stop(void);

/* Result: the URLs of the members, "http://127.0.0.1:2379" and so on. */
const char *const *real_urls(void);

/* Whether members speak TLS from the next start on, by REAL_DIR/{server,ca}.{crt,key}. */
void real_use_tls(bool tls);

/* Runs a command of sh, which must succeed; $URLS are the members'. It is etcdctl mostly. */
void real_run(const char *command);

/* Like it. Result: its first line, static. */
const char *real_read(const char *command);

/* Result: options with limits for tests, on this loop. */
struct etcd_options real_options(sd_event *event);

/*
 * Starts so many members, and opens *ret_etcd on a loop of its own, with the options above; left
 * may be NULL. real_end() takes all of it away.
 */
void real_begin(unsigned int nr, void (*left)(void *context, const char *url, const char *reason),
		void *context, sd_event **ret_event, struct etcd **ret_etcd);
void real_end(sd_event *event, struct etcd *etcd);

/* Runs the loop until it is so, or the test fails. */
#define REAL_WAIT(event, condition)                                                                \
	for (uint64_t real_until_ns_ = real_limit_ns(); !(condition);)                             \
	real_turn(event, real_until_ns_, #condition)

uint64_t real_limit_ns(void);
void real_turn(sd_event *event, uint64_t until_ns, const char *what);

/* One call: done() keeps what came. */
struct real_put {
	bool done;
	int error;
	char reason[256];
	bool succeeded;
};

/* Puts one key, by a transaction without comparisons, and waits for its end. */
struct real_put real_do_put(sd_event *event, struct etcd *etcd, const char *key, const char *value);
