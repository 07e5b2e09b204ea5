/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * etcd as its JSON gateway shows it: three members over one store (store.h), with a leader or
 * without, leases, watches, and the ways in which all of them fail.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

void sim_gateway_open(void);
void sim_gateway_close(void);

/* A member is killed, and back; it hangs, or is cut off from the others. */
void sim_gateway_kill(unsigned int member, bool dead);
void sim_gateway_hang(unsigned int member, bool hangs);
void sim_gateway_isolate(unsigned int member, bool isolated);

/* Another leader: nothing is done for a moment. */
void sim_gateway_elect(void);

/* Result: whether something can be written now. */
bool sim_gateway_works(void);

/* The watches of an edge, -1: of all, are broken off, or cancelled as the store does it. */
void sim_gateway_break_watches(int host, bool cancel);

/* All leases end at once. */
void sim_gateway_revoke(void);

/* All data are lost; other: and it is another cluster then. */
void sim_gateway_lose(bool other);

/* A backup of then is played back, which makes it another cluster. */
void sim_gateway_restore(int64_t revision);

/* Result: how many changes were made. */
uint64_t sim_gateway_changes(void);
