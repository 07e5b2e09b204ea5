/* SPDX-License-Identifier: BSD-3-Clause */
/* A table of many leases, in this build's layout. */
#pragma once

#include <stdint.h>

#include <sallyport/table.h>

#include "engine/network.h"

#define LEASES_NR      40000u /* of each family */
#define LEASES_VMS     48u    /* that share them */
#define LEASES_PORT    20000u /* the first public port */
#define LEASES_VM_PORT 1000u  /* the first port of each VM */
#define LEASES_BUCKETS 32768u
#define LEASES_USAGE   (2 * LEASES_NR + 1)
#define LEASES_SLOTS   (2 * SP_PORTS_PER_ADDRESS)
#define LEASES_SEED    0x5a11b0a7c0ffee11ULL

#define LEASES_PUBLIC_V4 "192.0.2.1"
#define LEASES_PUBLIC_V6 "2001:db8:2::1"
#define LEASES_VM_V4	 "10.0.3.10" /* the first; the others follow */
#define LEASES_VM_V6	 "2001:db8:b::1:1"

struct leases {
	struct sp_settings settings;
	struct sp_host hosts[SP_HOSTS];
	struct sp_slot slots[LEASES_SLOTS];
	struct sp_bucket buckets[LEASES_BUCKETS];
};

/* Fills a zeroed table. Result: 0, or -ENOSPC: a bucket is full. */
int leases_make(struct leases *leases, const struct network *network);
