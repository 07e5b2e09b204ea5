/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asks each member every few seconds how it is, for people and alarms: nothing is decided by it,
 * and no member is left for what it says here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct etcd;
struct etcd_health;
typedef struct sd_event sd_event;

#define ETCD_HEALTH_WHY_BYTES	  128
#define ETCD_HEALTH_VERSION_BYTES 32

struct etcd_health_member {
	const char *url;
	bool reachable; /* it answers, is of our cluster, and has a leader */
	bool leads;
	char version[ETCD_HEALTH_VERSION_BYTES]; /* "": it has not said */
	char why[ETCD_HEALTH_WHY_BYTES]; /* it is not reachable; "": it is, or was not asked */
};

/* Result: 0, -ENOMEM, or what sd-event says. Close it before etcd. */
int etcd_health_open(struct etcd *etcd, struct etcd_health **ret_health);

/* NULL is allowed. */
void etcd_health_close(struct etcd_health *health);

/* Result: the member of that number, from 0 on; NULL: there are no more. */
const struct etcd_health_member *etcd_health_member(const struct etcd_health *health,
						    unsigned int number);
