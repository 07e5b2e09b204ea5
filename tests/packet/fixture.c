// SPDX-License-Identifier: BSD-3-Clause
#include "fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/find.h>
#include <sallyport/limit.h>
#include <sallyport/near.h>

#include "host/allow.h"

int fixture_parse_addr(const char *text, struct sp_addr *ret)
{
	struct sp_addr addr = {.word_be = {0, 0, htonl(0xffff), 0}};

	if (strchr(text, ':') ? inet_pton(AF_INET6, text, &addr) != 1
			      : inet_pton(AF_INET, text, &addr.word_be[3]) != 1)
		return -EINVAL;
	*ret = addr;
	return 0;
}

int fixture_parse_prefix(const char *text, struct sp_prefix *ret)
{
	char name[64];
	unsigned int bits;
	struct sp_prefix prefix;

	if (sscanf(text, "%63[^/]/%u", name, &bits) != 2 || fixture_parse_addr(name, &prefix.addr))
		return -EINVAL;
	bits += strchr(name, ':') ? 0 : 96;
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int here = bits > 32 * i ? bits - 32 * i : 0;

		prefix.mask.word_be[i] = htonl(here >= 32 ? ~0u : ~(~0u >> here));
		prefix.addr.word_be[i] &= prefix.mask.word_be[i];
	}
	*ret = prefix;
	return 0;
}

int fixture_new(struct fixture *fixture)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->settings = calloc(1, sizeof(*fixture->settings));
	fixture->hosts = calloc(SP_HOSTS, sizeof(*fixture->hosts));
	fixture->leases = calloc(FIXTURE_PUBLICS * SP_PORTS_PER_ADDRESS, sizeof(*fixture->leases));
	fixture->endpoints = calloc(FIXTURE_BUCKETS, sizeof(*fixture->endpoints));
	fixture->allow = calloc(FIXTURE_ALLOW, sizeof(*fixture->allow));
	fixture->limits = calloc(FIXTURE_LIMITS, sizeof(*fixture->limits));
	if (!fixture->settings || !fixture->hosts || !fixture->leases || !fixture->endpoints ||
	    !fixture->allow || !fixture->limits) {
		fixture_free(fixture);
		return -ENOMEM;
	}
	fixture_bind(fixture);
	return 0;
}

void fixture_free(struct fixture *fixture)
{
	free(fixture->settings);
	free(fixture->hosts);
	free(fixture->leases);
	free(fixture->endpoints);
	free(fixture->allow);
	free(fixture->limits);
	memset(fixture, 0, sizeof(*fixture));
}

void fixture_bind(struct fixture *fixture)
{
	fixture->table = (struct sp_table){
		.settings = fixture->settings,
		.hosts = fixture->hosts,
		.leases = fixture->leases,
		.endpoints = fixture->endpoints,
		.allow = fixture->allow,
		.limits = fixture->limits,
		.nr_slots = FIXTURE_PUBLICS * SP_PORTS_PER_ADDRESS,
		.nr_buckets = FIXTURE_BUCKETS,
		.nr_allow = FIXTURE_ALLOW,
		.nr_usage = FIXTURE_USAGE,
		.nr_rows = fixture->limits ? FIXTURE_ROWS : 0,
		.hash_seed = FIXTURE_SEED,
	};
}

void fixture_clear(struct fixture *fixture)
{
	memset(fixture->settings, 0, sizeof(*fixture->settings));
	memset(fixture->hosts, 0, SP_HOSTS * sizeof(*fixture->hosts));
	memset(fixture->leases, 0,
	       FIXTURE_PUBLICS * SP_PORTS_PER_ADDRESS * sizeof(*fixture->leases));
	memset(fixture->endpoints, 0, FIXTURE_BUCKETS * sizeof(*fixture->endpoints));
	memset(fixture->allow, 0, FIXTURE_ALLOW * sizeof(*fixture->allow));
	memset(fixture->list, 0, sizeof(fixture->list));
	memset(fixture->is_prefix, 0, sizeof(fixture->is_prefix));
	if (fixture->limits)
		memset(fixture->limits, 0, FIXTURE_LIMITS * sizeof(*fixture->limits));
}

int fixture_add_network(struct fixture *fixture, const char *prefix)
{
	__u32 nr = fixture->settings->nr_networks[0];
	int r;

	if (nr >= SP_NETWORKS_MAX)
		return -ENOSPC;
	r = fixture_parse_prefix(prefix, &fixture->settings->networks[0][nr]);
	if (r)
		return r;
	sp_near_begin(fixture->settings);
	sp_near_add_network(fixture->settings, &fixture->settings->networks[0][nr]);
	sp_near_ready(fixture->settings);
	fixture->settings->nr_networks[0]++;
	return r;
}

static int add_host(struct fixture *fixture, const struct sp_addr *addr, enum sp_host_kind kind,
		    __u32 public_index)
{
	__u32 first = sp_host_first(addr);

	for (__u32 i = 0; i < SP_HOST_PROBES; i++) {
		struct sp_host *host = &fixture->hosts[(first + i) % SP_HOSTS];

		if (host->kind != SP_HOST_NONE)
			continue;
		sp_near_add_host(fixture->settings, addr);
		host->addr = *addr;
		host->public_index = public_index;
		host->kind = kind;
		return 0;
	}
	return -ENOSPC;
}

int fixture_add_public(struct fixture *fixture, __u32 index, const char *address)
{
	if (index >= FIXTURE_PUBLICS || fixture_parse_addr(address, &fixture->publics[index]))
		return -EINVAL;
	return add_host(fixture, &fixture->publics[index], SP_HOST_PUBLIC, index);
}

int fixture_add_prefix(struct fixture *fixture, __u32 index, const char *text)
{
	struct sp_prefix prefix;
	struct sp_addr key;
	__u32 place;
	int r;

	if (index >= FIXTURE_PUBLICS || fixture_parse_prefix(text, &prefix))
		return -EINVAL;
	key = sp_prefix_key(&prefix.addr);
	r = add_host(fixture, &key, SP_HOST_PREFIX, index);
	if (r)
		return r;
	sp_near_add_host(fixture->settings, &prefix.addr);
	for (place = sp_host_first(&key);
	     !sp_addr_equal(&fixture->hosts[place % SP_HOSTS].addr, &key);)
		place++;
	fixture->hosts[place % SP_HOSTS].net_be = prefix.addr.word_be[2];
	fixture->hosts[place % SP_HOSTS].mask_be = prefix.mask.word_be[2];
	fixture->publics[index] = prefix.addr;
	fixture->is_prefix[index] = 1;
	fixture->settings->has_prefixes = 1;
	return 0;
}

struct sp_addr fixture_public_addr(const struct fixture *fixture, __u32 index, __u16 number,
				   __u16 port)
{
	struct sp_addr addr = fixture->publics[index];

	if (!fixture->is_prefix[index])
		return addr;
	addr.word_be[2] |= htonl(number * 0x51edu & 0xffff);
	addr.word_be[3] = htonl(number * 0x9e37u << 16 | (number ^ port));
	return addr;
}

int fixture_add_local(struct fixture *fixture, const char *address)
{
	struct sp_addr addr;

	if (fixture_parse_addr(address, &addr))
		return -EINVAL;
	return add_host(fixture, &addr, SP_HOST_LOCAL, 0);
}

int fixture_add_allow(struct fixture *fixture, __u32 index, const char *prefix)
{
	struct fixture_list *list;
	int r;

	if (index == 0 || index >= FIXTURE_ALLOW)
		return -EINVAL;
	list = &fixture->list[index];
	if (list->nr >= SP_ALLOW_PREFIXES)
		return -ENOSPC;
	r = fixture_parse_prefix(prefix, &list->prefix[list->nr]);
	if (r)
		return r;
	allow_make(&fixture->allow[index], list->prefix, ++list->nr);
	return 0;
}

static int add_to_bucket(struct sp_bucket *bucket, __u64 entry)
{
	for (__u32 i = 0; i < SP_BUCKET_ENTRIES; i++) {
		if (bucket->entry[i])
			continue;
		bucket->entry[i] = entry;
		return 0;
	}
	return -ENOSPC;
}

static int add_endpoint(struct fixture *fixture, const struct lease *lease, __u8 protocol,
			__u32 slot_index)
{
	__u64 hash =
		sp_endpoint_hash(&lease->vm_addr, htons(lease->vm_port), protocol, FIXTURE_SEED);
	__u32 first = sp_bucket_first(hash, FIXTURE_BUCKETS);
	__u32 other = sp_bucket_other(first, sp_hash_tag(hash), FIXTURE_BUCKETS);
	__u64 entry = sp_entry_make(hash, slot_index);

	if (!add_to_bucket(&fixture->endpoints[first], entry))
		return 0;
	return add_to_bucket(&fixture->endpoints[other], entry);
}

void fixture_lease_again(struct fixture *fixture, struct sp_slot *slot, struct sp_slot *other)
{
	__u32 usage_index = slot->usage_index;

	slot->usage_index = other->usage_index;
	other->usage_index = usage_index;
	slot->generation = ++fixture->lives;
	other->generation = ++fixture->lives;
}

int fixture_add_lease(struct fixture *fixture, const struct lease *lease)
{
	__u32 index = sp_slot_index(lease->public_index, lease->public_port);
	struct sp_slot *slot;
	int r = 0;

	if (lease->public_index >= FIXTURE_PUBLICS)
		return -EINVAL;
	slot = &fixture->leases[index];
	fixture->lives++;
	*slot = (struct sp_slot){
		.generation = fixture->lives,
		.deadline_ns = lease->deadline_ns,
		.vm_addr = lease->vm_addr,
		.public_addr = fixture_public_addr(fixture, lease->public_index, lease->public_port,
						   lease->own_port),
		.vm_port_be = htons(lease->vm_port),
		.public_port_be =
			htons(fixture->is_prefix[lease->public_index] ? lease->own_port
								      : lease->public_port),
		.family = lease->vm_addr.word_be[2] == htonl(0xffff) ? 4 : 6,
		.protocol_mask = lease->protocol_mask,
		.allow_index = lease->allow_index,
		.usage_index = fixture->lives % FIXTURE_USAGE,
		.state = lease->state,
	};
	if (lease->state < SP_SLOT_LIVE)
		return 0;
	for (__u8 protocol = SP_PROTOCOL_TCP; protocol <= SP_PROTOCOL_UDP && !r; protocol <<= 1)
		if (lease->protocol_mask & protocol)
			r = add_endpoint(fixture, lease, protocol, index);
	return r;
}

static int add_standard_leases(struct fixture *fixture, __u32 public_index, const char *vm_form,
			       __u64 now_ns)
{
	int r = 0;

	for (__u16 i = 0; i < 48 && !r; i++) {
		struct lease lease = {
			.public_index = public_index,
			.public_port = 64000 + i,
			.own_port = i % 4 ? 22 : 5900,
			.vm_port = public_index / 2 * 1000 + (i % 3 ? 22 : 5900 + i),
			.state = i < 32 ? SP_SLOT_LIVE : i % 4,
			.deadline_ns = i % 8 == 5 ? now_ns - 1 : now_ns + 3600000000000,
			.protocol_mask = 1 + i % 3,
			.allow_index = i % 5 == 4 ? 1 + i % 2 : 0,
		};
		char name[64];

		snprintf(name, sizeof(name), vm_form, 7 + i);
		r = fixture_parse_addr(name, &lease.vm_addr);
		if (!r)
			r = fixture_add_lease(fixture, &lease);
	}
	return r;
}

int fixture_standard(struct fixture *fixture, __u64 now_ns)
{
	static const char *const lines[] = {
		"public 0 192.0.2.1",
		"public 1 2001:db8:2::1",
		"local 10.0.0.1",
		"local 192.0.2.9",
		"local 2001:db8:b::1",
		"network 10.0.0.0/16",
		"network 2001:db8:b::/64",
		"allow 1 198.51.100.0/25",
		"allow 1 203.0.113.7/32",
		"allow 1 2001:db8:c::/48",
		"allow 2 198.51.100.200/30",
		"allow 2 2001:db8:c:1::/64",
		"prefix 2 2001:db8:5::/80",
	};
	int r;

	fixture_clear(fixture);
	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		r = fixture_read_line(fixture, lines[i]);
		if (r < 0)
			return r;
	}
	r = add_standard_leases(fixture, 0, "10.0.3.%u", now_ns);
	if (!r)
		r = add_standard_leases(fixture, 1, "2001:db8:b::%u", now_ns);
	return r ? r : add_standard_leases(fixture, 2, "2001:db8:b::%u", now_ns);
}

static int read_lease(struct fixture *fixture, const char *line)
{
	static const char *const states[] = {"free", "reserved", "live", "ended"};
	char state[16], vm[64], protocols[16];
	struct lease lease = {.own_port = 22, .state = SP_SLOT_FREE};
	unsigned long long deadline_ns;

	if (sscanf(line, "lease %u %hu %15s %63s %hu %15s %llu %hu", &lease.public_index,
		   &lease.public_port, state, vm, &lease.vm_port, protocols, &deadline_ns,
		   &lease.allow_index) != 8)
		return -EINVAL;
	while (strcmp(states[lease.state], state) != 0)
		if (++lease.state > SP_SLOT_ENDED)
			return -EINVAL;
	lease.protocol_mask = (strstr(protocols, "tcp") ? SP_PROTOCOL_TCP : 0) |
			      (strstr(protocols, "udp") ? SP_PROTOCOL_UDP : 0);
	lease.deadline_ns = deadline_ns;
	if (fixture_parse_addr(vm, &lease.vm_addr))
		return -EINVAL;
	return fixture_add_lease(fixture, &lease);
}

int fixture_read_line(struct fixture *fixture, const char *line)
{
	char name[64];
	__u32 index, shift;
	int r = 0;

	if (sscanf(line, "limit source %u %u", &index, &shift) == 2)
		fixture->settings->syn_per_source = SP_LIMIT(shift, index);
	else if (sscanf(line, "limit lease %u %u", &index, &shift) == 2)
		fixture->settings->syn_per_lease = SP_LIMIT(shift, index);
	else if (sscanf(line, "network %63s", name) == 1)
		r = fixture_add_network(fixture, name);
	else if (sscanf(line, "local %63s", name) == 1)
		r = fixture_add_local(fixture, name);
	else if (sscanf(line, "public %u %63s", &index, name) == 2)
		r = fixture_add_public(fixture, index, name);
	else if (sscanf(line, "prefix %u %63s", &index, name) == 2)
		r = fixture_add_prefix(fixture, index, name);
	else if (sscanf(line, "allow %u %63s", &index, name) == 2)
		r = fixture_add_allow(fixture, index, name);
	else if (strncmp(line, "lease ", 6) == 0)
		r = read_lease(fixture, line);
	else
		return 0;
	return r < 0 ? r : 1;
}
