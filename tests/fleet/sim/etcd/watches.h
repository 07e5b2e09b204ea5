/* SPDX-License-Identifier: BSD-3-Clause */
/* Watches of etcd. For gateway.c, which is the only one who includes this. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

struct sim_flight;

void sim_watches_create(struct sim_flight *flight, const json_t *body);

/* The store has changed. */
void sim_watches_tell(void);

/* Whether a member tells its watches of changes now; leaderless: it will say that it has none. */
void sim_watches_member(unsigned int member, bool tells, bool leaderless);

/* Ends those of a member and of a host, -1: of any; cancel: in order, by the store. */
void sim_watches_break(int member, int host, bool cancel);

/* In gateway.c. */
void sim_gateway_header(FILE *out);
