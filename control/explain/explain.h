/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The explain responder: one listening socket a family that answers for every port whose lease is
 * reserved, ended, or not for the client who dials (bpf/explain.bpf.c brings those connections to
 * it). It says one sentence in SSH and hangs up. Runs on the event loop's thread; bounded in
 * connections, rate, bytes and time, so that strangers cannot slow what else runs there.
 */
#pragma once

#include <stdint.h>

#include <systemd/sd-event.h>

#include "explain/text.h"

struct edge;
struct explain;

struct explain_figures {
	uint64_t explained; /* connections that were told something */
	uint64_t refused;   /* over a limit, or with nothing to be told: closed at once */
};

/*
 * Opens the sockets, loads the sk_lookup program on the maps pinned below bpf_dir, and attaches it
 * to this network namespace. The attachment goes away with the process; ports then answer with the
 * kernel's reset. Result: 0 or -errno, with *ret_reason (to be freed) saying what failed.
 */
int explain_start(sd_event *event, struct edge *edge, const char *bpf_dir, enum explain_mode mode,
		  struct explain **ret_explain, char **ret_reason);

/* NULL is allowed. */
void explain_stop(struct explain *explain);

void explain_set_mode(struct explain *explain, enum explain_mode mode);
void explain_figures(const struct explain *explain, struct explain_figures *ret_figures);
