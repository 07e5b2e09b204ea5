/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the VMs answer: a TCP connect to each node's own port now and then, taken back by a reset
 * as soon as it is accepted. No byte is read: a server that punishes those who connect without
 * logging in (sshd's PerSourcePenalties) sees too few of them to mind. On the event loop's thread.
 */
#pragma once

#include <systemd/sd-event.h>

struct edge;
struct readiness;

/* Starts asking. edge outlives it. Result: 0, -ENOMEM, or what sd-event says. */
int watch_readiness_start(sd_event *event, struct edge *edge, struct readiness **ret_readiness);

/* NULL is allowed. */
void watch_readiness_stop(struct readiness *readiness);
