// SPDX-License-Identifier: BSD-3-Clause
#include "cost/leases.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <sallyport/find.h>
#include <sallyport/near.h>
#include <sallyport/table_host.h>

#include "fixture.h"

static int add_host(struct leases *leases, const char *address, __u32 public_index,
		    struct sp_addr *ret)
{
	struct sp_host *host;
	int r = fixture_parse_addr(address, ret);

	if (r)
		return r;
	host = &leases->hosts[sp_host_first(ret)];
	if (host->kind != SP_HOST_NONE)
		return -ENOSPC;
	sp_near_add_host(&leases->settings, ret);
	*host = (struct sp_host){
		.addr = *ret, .kind = SP_HOST_PUBLIC, .public_index = public_index};
	return 0;
}

static int add_entry(struct sp_bucket *bucket, __u64 entry)
{
	for (__u32 i = 0; i < SP_BUCKET_ENTRIES; i++)
		if (!bucket->entry[i]) {
			bucket->entry[i] = entry;
			return 0;
		}
	return -ENOSPC;
}

static int add_endpoint(struct leases *leases, const struct sp_slot *slot, __u32 slot_index)
{
	__u64 hash =
		sp_endpoint_hash(&slot->vm_addr, slot->vm_port_be, SP_PROTOCOL_TCP, LEASES_SEED);
	__u32 first = sp_bucket_first(hash, LEASES_BUCKETS);
	__u32 other = sp_bucket_other(first, sp_hash_tag(hash), LEASES_BUCKETS);
	__u64 entry = sp_entry_make(hash, slot_index);

	return add_entry(&leases->buckets[first], entry) ? add_entry(&leases->buckets[other], entry)
							 : 0;
}

static int add_leases(struct leases *leases, __u32 public_index, const char *public_addr,
		      const char *vm)
{
	struct sp_addr public, first_vm;
	int r = add_host(leases, public_addr, public_index, &public);

	if (!r)
		r = fixture_parse_addr(vm, &first_vm);
	for (__u32 i = 0; i < LEASES_NR && !r; i++) {
		__u32 index = sp_slot_index(public_index, (__u16)(LEASES_PORT + i));
		struct sp_slot *slot = &leases->slots[index];

		*slot = (struct sp_slot){
			.state = SP_SLOT_LIVE,
			.generation = 1 + public_index * LEASES_NR + i,
			.deadline_ns = ~0ULL >> 1,
			.vm_addr = first_vm,
			.public_addr = public,
			.vm_port_be = htons((__u16)(LEASES_VM_PORT + i / LEASES_VMS)),
			.public_port_be = htons((__u16)(LEASES_PORT + i)),
			.family = public_index ? 6 : 4,
			.protocol_mask = SP_PROTOCOL_TCP,
			.usage_index = 1 + public_index * LEASES_NR + i,
		};
		slot->vm_addr.word_be[3] = htonl(ntohl(first_vm.word_be[3]) + i % LEASES_VMS);
		r = add_endpoint(leases, slot, index);
	}
	return r;
}

static int add_network(struct sp_settings *settings, const char *text)
{
	struct sp_prefix *prefix = &settings->networks[0][settings->nr_networks[0]++];
	int r = fixture_parse_prefix(text, prefix);

	if (!r)
		sp_near_add_network(settings, prefix);
	return r;
}

int leases_make(struct leases *leases, const struct network *network)
{
	struct sp_settings *settings = &leases->settings;
	int r;

	*settings = (struct sp_settings){
		.engine_mode = SP_ENGINE_XDP,
		.fallback = 1,
		.failover_ns = 2000000,
		.public_ifindex = network->public_ifindex,
		.builds_ifindex = network->builds_ifindex,
		.public_trunk = network->public_ifindex,
		.builds_trunk = network->builds_ifindex,
		.hops_kept = 1,
	};
	sp_near_begin(settings);
	r = add_network(settings, "10.0.0.0/16");
	if (!r)
		r = add_network(settings, "2001:db8:b::/64");
	if (!r)
		r = add_leases(leases, 0, LEASES_PUBLIC_V4, LEASES_VM_V4);
	if (!r)
		r = add_leases(leases, 1, LEASES_PUBLIC_V6, LEASES_VM_V6);
	sp_near_ready(settings);
	return r;
}
