// SPDX-License-Identifier: BSD-3-Clause
#include "table/hosts.h"

#include <errno.h>
#include <string.h>

#include <sallyport/addr.h>
#include <sallyport/compiler.h>
#include <sallyport/table_host.h>

#include <sallyport/find.h>
#include <sallyport/near.h>

#include "table/grace.h"

#define NOT_FOUND SP_HOSTS

static uint32_t probe(const struct sp_addr *addr, uint32_t step)
{
	return (sp_host_first(addr) + step) & (SP_HOSTS - 1);
}

static uint32_t find_in(const struct sp_host *records, const struct sp_addr *addr)
{
	for (uint32_t step = 0; step < SP_HOST_PROBES; step++) {
		const struct sp_host *record = &records[probe(addr, step)];

		if (record->kind != SP_HOST_NONE && sp_addr_equal(&record->addr, addr))
			return probe(addr, step);
	}
	return NOT_FOUND;
}

static uint32_t find(const struct hosts *hosts, const struct sp_addr *addr)
{
	return find_in(hosts->records, addr);
}

bool table_hosts_own(const struct sp_host *records, const struct sp_addr *addr)
{
	const struct sp_addr key = sp_prefix_key(addr);
	uint32_t index = find_in(records, &key);

	if (index != NOT_FOUND && records[index].kind == SP_HOST_PREFIX &&
	    sp_host_holds(&records[index], addr))
		return true;
	return find_in(records, addr) != NOT_FOUND;
}

static bool resting(const struct hosts *hosts, uint32_t index, uint64_t now_ns)
{
	return hosts->emptied_ns[index] && now_ns - hosts->emptied_ns[index] < HOSTS_REST_NS;
}

/* Result: an empty record that the address can have and no reader may still hold. */
static uint32_t find_empty(struct hosts *hosts, const struct sp_addr *addr, uint64_t now_ns)
{
	for (uint32_t step = 0; step < SP_HOST_PROBES; step++) {
		uint32_t index = probe(addr, step);

		if (hosts->records[index].kind != SP_HOST_NONE)
			continue;
		if (!resting(hosts, index, now_ns))
			return index;
		hosts->waiting = true;
	}
	return NOT_FOUND;
}

static void fill(struct hosts *hosts, uint32_t index, const struct sp_addr *addr,
		 enum sp_host_kind kind, uint32_t public_index)
{
	struct sp_host *record = &hosts->records[index];

	/* The rest is over; this makes sure of the XDP program. */
	if (hosts->emptied_ns[index])
		table_grace_once();
	hosts->emptied_ns[index] = 0;
	sp_near_add_host(hosts->settings, addr);
	record->addr = *addr;
	record->net_be = record->mask_be = 0;
	record->public_index = public_index;
	__atomic_store_n(&record->kind, kind, __ATOMIC_RELEASE);
}

static void empty(struct hosts *hosts, uint32_t index, uint64_t now_ns)
{
	__atomic_store_n(&hosts->records[index].kind, SP_HOST_NONE, __ATOMIC_RELEASE);
	hosts->emptied_ns[index] = now_ns;
}

void table_hosts_open(struct hosts *hosts, struct sp_host *records, struct sp_settings *settings,
		      uint64_t now_ns)
{
	static const struct sp_host untouched;

	memset(hosts, 0, sizeof(*hosts));
	hosts->records = records;
	hosts->settings = settings;
	for (uint32_t index = 0; index < SP_HOSTS; index++) {
		hosts->nr_local += records[index].kind == SP_HOST_LOCAL;
		/* Emptied by an earlier writer, nobody knows when. */
		if (records[index].kind == SP_HOST_NONE &&
		    memcmp(&records[index], &untouched, sizeof(untouched)) != 0)
			hosts->emptied_ns[index] = now_ns;
	}
}

int table_hosts_put_public(struct hosts *hosts, const struct sp_addr *addr, uint32_t public_index,
			   uint64_t now_ns)
{
	uint32_t index = find(hosts, addr);

	if (index != NOT_FOUND && hosts->records[index].kind == SP_HOST_PUBLIC)
		return hosts->records[index].public_index == public_index ? 0 : -EEXIST;
	if (index == NOT_FOUND)
		index = find_empty(hosts, addr, now_ns);
	if (index == NOT_FOUND)
		return -ENOSPC;
	hosts->nr_local -= hosts->records[index].kind == SP_HOST_LOCAL;
	fill(hosts, index, addr, SP_HOST_PUBLIC, public_index);
	return 0;
}

int table_hosts_put_prefix(struct hosts *hosts, const struct sp_prefix *prefix,
			   uint32_t public_index, uint64_t now_ns)
{
	const struct sp_addr key = sp_prefix_key(&prefix->addr);
	uint32_t index = find(hosts, &key);
	struct sp_host *record;

	if (index != NOT_FOUND) {
		record = &hosts->records[index];
		return record->kind == SP_HOST_PREFIX && record->public_index == public_index &&
				       record->net_be == prefix->addr.word_be[2] &&
				       record->mask_be == prefix->mask.word_be[2]
			       ? 0
			       : -EEXIST;
	}
	index = find_empty(hosts, &key, now_ns);
	if (index == NOT_FOUND)
		return -ENOSPC;
	record = &hosts->records[index];
	fill(hosts, index, &key, SP_HOST_NONE, public_index);
	sp_near_add_host(hosts->settings, &prefix->addr);
	record->net_be = prefix->addr.word_be[2];
	record->mask_be = prefix->mask.word_be[2];
	__atomic_store_n(&record->kind, SP_HOST_PREFIX, __ATOMIC_RELEASE);
	SP_STORE(hosts->settings->has_prefixes, 1);
	return 0;
}

void table_hosts_list_begin(struct hosts *hosts)
{
	memset(hosts->seen, 0, sizeof(hosts->seen));
	hosts->waiting = false;
}

int table_hosts_list(struct hosts *hosts, const struct sp_addr *addr, uint64_t now_ns)
{
	uint32_t index = find(hosts, addr);

	if (index == NOT_FOUND) {
		index = find_empty(hosts, addr, now_ns);
		if (index == NOT_FOUND) {
			hosts->nr_refused++;
			return -ENOSPC;
		}
		fill(hosts, index, addr, SP_HOST_LOCAL, 0);
		hosts->nr_local++;
	}
	hosts->seen[index] = true;
	return 0;
}

void table_hosts_list_end(struct hosts *hosts, uint64_t now_ns)
{
	for (uint32_t index = 0; index < SP_HOSTS; index++) {
		if (hosts->records[index].kind != SP_HOST_LOCAL || hosts->seen[index])
			continue;
		empty(hosts, index, now_ns);
		hosts->nr_local--;
		hosts->waiting |= hosts->nr_refused != 0;
	}
}

const struct sp_host *table_hosts_find(const struct hosts *hosts, const struct sp_addr *addr)
{
	uint32_t index = find(hosts, addr);

	return index == NOT_FOUND ? NULL : &hosts->records[index];
}

uint64_t table_hosts_retry_ns(const struct hosts *hosts)
{
	uint64_t last_ns = 0;

	if (!hosts->waiting)
		return UINT64_MAX;
	for (uint32_t index = 0; index < SP_HOSTS; index++)
		if (hosts->emptied_ns[index] > last_ns)
			last_ns = hosts->emptied_ns[index];
	return last_ns + HOSTS_REST_NS;
}
