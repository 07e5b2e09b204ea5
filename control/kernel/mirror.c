// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/mirror.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sallyport/compiler.h>
#include <sallyport/link/hop.h>

#include "host/boottime.h"
#include "host/config.h"
#include "host/table_map.h"
#include "kernel/neighbours/neighbours.h"
#include "kernel/netlink/links.h"
#include "kernel/netlink/netlink.h"
#include "kernel/pins/reason.h"

#define REOPEN_PAUSE_NS 100000000ULL /* doubled up to 64 times that */

struct listing {
	struct mirror *mirror;
	uint64_t now_ns;
};

/* fe80::/10 */
static bool is_link_local(const struct sp_addr *addr)
{
	return (addr->word_be[0] & htonl(0xffc00000)) == htonl(0xfe800000);
}

static void list_addr(const struct netlink_addr *addr, void *context)
{
	struct listing *listing = context;

	for (unsigned int i = 0; i < 2; i++)
		if (listing->mirror->interfaces[i].hop_ifindex == addr->ifindex)
			listing->mirror->interfaces[i].link_local |= is_link_local(&addr->addr);
	/* No room is counted, and no reason to forget the others. */
	table_hosts_list(&listing->mirror->hosts, &addr->addr, listing->now_ns);
}

/* Lists all local addresses anew. Result: 0 or -errno; -EINTR is repeated by the next expire. */
static int list_addrs(struct mirror *mirror, uint64_t now_ns)
{
	struct listing listing = {.mirror = mirror, .now_ns = now_ns};
	const struct netlink_listener listener = {.addr = list_addr, .context = &listing};
	int error;

	mirror->addrs_changed = false;
	mirror->interfaces[0].link_local = mirror->interfaces[1].link_local = false;
	table_hosts_list_begin(&mirror->hosts);
	error = netlink_dump(mirror->netlink, NETLINK_ADDRS, &listener);
	if (error == -EINTR)
		mirror->addrs_changed = true;
	else if (!error)
		table_hosts_list_end(&mirror->hosts, now_ns);
	return error == -EINTR ? 0 : error;
}

void kernel_mirror_find_hops(struct mirror *mirror)
{
	for (unsigned int i = 0; i < 2; i++)
		mirror->interfaces[i].hop_ifindex = netlink_links_hop(mirror->interfaces[i].ifindex,
								      mirror->interfaces[i].vlan);
}

static void list_rule(const struct netlink_rule *rule, void *context)
{
	struct mirror *mirror = context;

	mirror->rules_for_some |= rule->for_some;
}

/* Looks at all rules anew. What cannot be looked at is taken to be for some. */
static void list_rules(struct mirror *mirror)
{
	const struct netlink_listener listener = {.rule = list_rule, .context = mirror};
	int error;

	mirror->rules_changed = mirror->rules_for_some = false;
	error = netlink_dump(mirror->netlink, NETLINK_RULES, &listener);
	mirror->rules_changed = error != 0;
	mirror->rules_for_some |= error != 0;
}

/*
 * Lets the XDP program remember next hops (hop.h) while they depend on nothing but where a packet
 * goes, and we hear of changes. The tick is that of a moment after they were heard of.
 */
static void tell_hops(struct mirror *mirror)
{
	struct sp_settings *settings = mirror->table->settings;
	bool kept;

	if (mirror->rules_changed && !mirror->blind)
		list_rules(mirror);
	kept = !mirror->blind && !mirror->rules_for_some &&
	       !neighbours_routes_for_some(mirror->neighbours);
	mirror->hops_changed |=
		neighbours_take_moved(mirror->neighbours) || kept != settings->hops_kept;
	if (!mirror->hops_changed)
		return;
	mirror->hops_changed = false;
	SP_STORE(settings->hops_changed, sp_hop_tick(boottime_now_ns()));
	SP_STORE(settings->hops_kept, kept);
}

static int place_publics(struct mirror *mirror, const struct config *config, uint64_t now_ns,
			 char **ret_reason)
{
	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		const struct config_public *address = &config->public.addresses[i];
		const struct sp_prefix prefix = config_prefix(address);
		int error =
			config_is_prefix(address)
				? table_hosts_put_prefix(&mirror->hosts, &prefix, i, now_ns)
				: table_hosts_put_public(&mirror->hosts, &address->bind, i, now_ns);

		if (error)
			return pins_reason_give(
				ret_reason, error,
				"public.addresses: number %u finds no room among the "
				"addresses of this host",
				i + 1);
	}
	return 0;
}

int kernel_mirror_open(struct mirror *mirror, const struct config *config,
		       const struct table_map *table, char **ret_reason)
{
	uint64_t now_ns = boottime_now_ns();
	int error;

	mirror->table = table;
	mirror->wanted_read = calloc(table->nr_cpus, sizeof(*mirror->wanted_read));
	if (!mirror->wanted_read)
		return -ENOMEM;
	for (uint32_t cpu = 0; cpu < table->nr_cpus; cpu++)
		mirror->wanted_read[cpu] = SP_LOAD(table->wanted[cpu].count);
	table_hosts_open(&mirror->hosts, table->hosts, table->settings, now_ns);
	error = place_publics(mirror, config, now_ns, ret_reason);
	if (error)
		goto close;
	error = netlink_open(&mirror->netlink);
	if (error) {
		pins_reason_give(ret_reason, error, "rtnetlink cannot be opened: %s",
				 strerror(-error));
		goto close;
	}
	error = list_addrs(mirror, now_ns);
	if (error) {
		pins_reason_give(ret_reason, error, "this host's addresses cannot be listed: %s",
				 strerror(-error));
		goto close;
	}
	error = neighbours_new(mirror->netlink, mirror->interfaces[0].hop_ifindex,
			       mirror->interfaces[1].hop_ifindex, now_ns, &mirror->neighbours);
	if (error) {
		pins_reason_give(ret_reason, error, "neighbours and routes cannot be listed: %s",
				 strerror(-error));
		goto close;
	}
	mirror->rules_changed = mirror->hops_changed = true;
	tell_hops(mirror);
	return 0;
close:
	kernel_mirror_close(mirror);
	return error;
}

void kernel_mirror_close(struct mirror *mirror)
{
	/* Nobody hears of changes now. */
	if (mirror->neighbours)
		SP_STORE(mirror->table->settings->hops_kept, 0);
	neighbours_free(mirror->neighbours);
	netlink_close(mirror->netlink);
	free(mirror->wanted_read);
	mirror->wanted_read = NULL;
	mirror->neighbours = NULL;
	mirror->netlink = NULL;
}

static void hear_addr(const struct netlink_addr *addr, void *context)
{
	struct mirror *mirror = context;

	mirror->addrs_changed = true;
}

static void hear_neigh(const struct netlink_neigh *neigh, void *context)
{
	struct mirror *mirror = context;

	neighbours_hear(mirror->neighbours, neigh);
}

static void hear_route(void *context)
{
	struct mirror *mirror = context;

	neighbours_route_changed(mirror->neighbours);
	mirror->hops_changed = true;
}

static void hear_rule(void *context)
{
	struct mirror *mirror = context;

	mirror->rules_changed = true;
}

static void hear_interface(struct mirror *mirror, struct mirror_interface *interface,
			   const struct netlink_link *link)
{
	bool named = strcmp(interface->name, link->name) == 0;

	mirror->hops_changed |=
		interface->ifindex == link->ifindex || interface->hop_ifindex == link->ifindex;
	if (interface->ifindex == link->ifindex) {
		interface->told = true;
		interface->gone |= link->gone;
		interface->renamed |= !link->gone && strcmp(interface->called, link->name) != 0;
		snprintf(interface->called, sizeof(interface->called), "%s", link->name);
	} else if (named && !link->gone) {
		interface->told = true;
		interface->ifindex = link->ifindex;
		snprintf(interface->called, sizeof(interface->called), "%s", link->name);
		mirror->renumbered = true;
	}
}

/* The kernel's interface of a VLAN of ours goes, or may be the one that came. */
static void hear_vlan(struct mirror *mirror, const struct netlink_link *link)
{
	for (unsigned int i = 0; i < 2; i++) {
		const struct mirror_interface *interface = &mirror->interfaces[i];
		bool found = interface->hop_ifindex != interface->ifindex;
		bool it = interface->hop_ifindex == link->ifindex;

		if (interface->vlan && (found ? it && link->gone : !link->gone))
			mirror->renumbered = true;
	}
}

static void hear_link(const struct netlink_link *link, void *context)
{
	struct mirror *mirror = context;

	for (unsigned int i = 0; i < 2; i++)
		hear_interface(mirror, &mirror->interfaces[i], link);
	hear_vlan(mirror, link);
	if (!link->gone && link->up)
		neighbours_link_up(mirror->neighbours, link->ifindex);
}

static void hear_switch(void *context)
{
	struct mirror *mirror = context;

	mirror->switched = true;
}

/* What was told of interfaces may be lost: those of our names are looked for. */
static void look_at_names(struct mirror *mirror)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct mirror_interface *interface = &mirror->interfaces[i];
		uint32_t ifindex = if_nametoindex(interface->name);

		interface->told = true;
		if (!ifindex || ifindex == interface->ifindex)
			continue;
		interface->ifindex = ifindex;
		interface->gone = true;
		mirror->renumbered = true;
	}
}

/* Messages were lost: everything is compared with the kernel. */
static int resync(struct mirror *mirror, uint64_t now_ns)
{
	mirror->resyncs++;
	mirror->addrs_changed = mirror->switched = true;
	mirror->rules_changed = mirror->hops_changed = true;
	look_at_names(mirror);
	return neighbours_resync(mirror->neighbours, now_ns);
}

static void go_blind(struct mirror *mirror, uint64_t now_ns)
{
	mirror->blind = true;
	mirror->reopen_ns = now_ns;
	mirror->reopens_failed = 0;
}

/* Opens netlink anew if that is due, with pauses that grow. */
static void regain_sight(struct mirror *mirror, uint64_t now_ns)
{
	uint64_t pause_ns = REOPEN_PAUSE_NS
			    << (mirror->reopens_failed < 6 ? mirror->reopens_failed : 6);
	int error;

	if (!mirror->blind || now_ns < mirror->reopen_ns)
		return;
	error = netlink_reopen(mirror->netlink);
	if (!error)
		error = resync(mirror, now_ns);
	if (!error)
		error = list_addrs(mirror, now_ns);
	mirror->blind = error != 0;
	mirror->reopens_failed++;
	mirror->reopen_ns = now_ns + pause_ns;
}

int kernel_mirror_dispatch(struct mirror *mirror, uint64_t now_ns)
{
	const struct netlink_listener listener = {
		.addr = hear_addr,
		.neigh = hear_neigh,
		.route_changed = hear_route,
		.rule_changed = hear_rule,
		.link = hear_link,
		.switched = hear_switch,
		.context = mirror,
	};
	int error;

	if (mirror->blind)
		return 0;
	error = netlink_receive(mirror->netlink, &listener);
	if (error == -ENOBUFS)
		error = resync(mirror, now_ns);
	if (!error && mirror->addrs_changed)
		error = list_addrs(mirror, now_ns);
	if (error)
		go_blind(mirror, now_ns);
	tell_hops(mirror);
	return error;
}

/* Has the kernel look for the next hops that packets of one CPU were dropped for. */
static void look_for_wanted(struct mirror *mirror, uint32_t cpu, uint64_t now_ns)
{
	const struct sp_wanted *row = &mirror->table->wanted[cpu];
	uint64_t count = SP_LOAD_ACQUIRE(row->count), *read = &mirror->wanted_read[cpu];

	if (count - *read > SP_WANTED_HOPS)
		*read = count - SP_WANTED_HOPS;
	for (; *read < count; ++*read) {
		struct sp_wanted_hop hop = row->hop[*read % SP_WANTED_HOPS];

		neighbours_look_for(mirror->neighbours, &hop, now_ns);
	}
}

static void look_for_all_wanted(struct mirror *mirror, uint64_t now_ns)
{
	if (now_ns < mirror->next_wanted_ns)
		return;
	for (uint32_t cpu = 0; cpu < mirror->table->nr_cpus; cpu++)
		look_for_wanted(mirror, cpu, now_ns);
	mirror->next_wanted_ns = now_ns + SP_WANTED_AGAIN_NS;
}

static uint64_t earlier(uint64_t one_ns, uint64_t other_ns)
{
	return one_ns < other_ns ? one_ns : other_ns;
}

uint64_t kernel_mirror_expire(struct mirror *mirror, uint64_t now_ns)
{
	uint64_t hosts_ns, neighbours_ns;

	regain_sight(mirror, now_ns);
	if (mirror->blind)
		return mirror->reopen_ns;
	if ((mirror->addrs_changed || now_ns >= table_hosts_retry_ns(&mirror->hosts)) &&
	    list_addrs(mirror, now_ns))
		go_blind(mirror, now_ns);
	hosts_ns = mirror->addrs_changed ? now_ns : table_hosts_retry_ns(&mirror->hosts);
	neighbours_ns = neighbours_expire(mirror->neighbours, now_ns);
	tell_hops(mirror);
	look_for_all_wanted(mirror, now_ns);
	return earlier(earlier(hosts_ns, neighbours_ns), mirror->next_wanted_ns);
}

void kernel_mirror_renumber(struct mirror *mirror)
{
	mirror->renumbered = false;
	kernel_mirror_find_hops(mirror);
	neighbours_renumber(mirror->neighbours, mirror->interfaces[0].hop_ifindex,
			    mirror->interfaces[1].hop_ifindex);
}
