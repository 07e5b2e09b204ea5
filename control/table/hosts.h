/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one writer of the hosts map: this host's own addresses, and those that leases hang from.
 * Readers of both engines look while it writes, so a record that was emptied rests until every one
 * of them has turned to something else.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

/*
 * How long an emptied record rests. A reader holds a record for the time of one lookup; the XDP
 * program within one packet, a worker within one burst.
 */
#define HOSTS_REST_NS 1000000000ULL

struct hosts {
	struct sp_host *records;      /* SP_HOSTS of them, shared with the engines */
	struct sp_settings *settings; /* where near.h notes them */
	bool seen[SP_HOSTS];	      /* by the listing under way */
	uint64_t emptied_ns[SP_HOSTS];
	uint64_t nr_refused; /* addresses found no room for, a listing's counted once each */
	bool waiting;	     /* an address of the last listing has no record; resting ones may do */
	unsigned int nr_local;
};

/*
 * Begins writing to records, which may hold another writer's work: that is kept. What it places
 * is noted in settings (near.h). now_ns is CLOCK_BOOTTIME here and below.
 */
void table_hosts_open(struct hosts *hosts, struct sp_host *records, struct sp_settings *settings,
		      uint64_t now_ns);

/*
 * Places a public address. Result: 0; -EEXIST if it is there with another index; -ENOSPC if all
 * SP_HOST_PROBES records it could have are taken. Place these before anything else.
 */
int table_hosts_put_public(struct hosts *hosts, const struct sp_addr *addr, uint32_t public_index,
			   uint64_t now_ns);

/*
 * Places a prefix of 64 to 80 bits, each address of which is a session's own. Result: as above;
 * -EEXIST also if another prefix begins with the same 64 bits.
 */
int table_hosts_put_prefix(struct hosts *hosts, const struct sp_prefix *prefix,
			   uint32_t public_index, uint64_t now_ns);

/*
 * A listing of all local addresses: between begin and end every one is named by table_hosts_list(),
 * in any order and as often as it occurs; end empties the records of the others. Public ones stay
 * as they are. Result of list: 0, or -ENOSPC, counted.
 */
void table_hosts_list_begin(struct hosts *hosts);
int table_hosts_list(struct hosts *hosts, const struct sp_addr *addr, uint64_t now_ns);
void table_hosts_list_end(struct hosts *hosts, uint64_t now_ns);

/* Result: the record of an address, or NULL. */
const struct sp_host *table_hosts_find(const struct hosts *hosts, const struct sp_addr *addr);

/* Result: whether an address is this host's own, a public one or not, or of a prefix, by such
 * records. */
bool table_hosts_own(const struct sp_host *records, const struct sp_addr *addr);

/* Result: when a listing should be tried again for lack of room, UINT64_MAX if it need not. */
uint64_t table_hosts_retry_ns(const struct hosts *hosts);
