/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong between values that are each right by themselves. */
#include "host/config_table.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "host/addr.h"

/* Fails at the first of two values that stands in the file. */
#define fail_at(reading, value, or_value, ...)                                                     \
	do {                                                                                       \
		const struct config_place *at_ = config_reading_find(reading, value);              \
                                                                                                   \
		if (!at_)                                                                          \
			at_ = config_reading_find(reading, or_value);                              \
		if (at_)                                                                           \
			config_reading_fail(reading, at_->line, at_->key, __VA_ARGS__);            \
	} while (0)

static bool is_host_address(const struct sp_addr *addr)
{
	uint32_t v4 = ntohl(addr->word_be[3]);

	if (addr_is_any(addr))
		return false;
	if (addr_family(addr) == 4)
		return v4 >> 28 < 14; /* neither multicast nor reserved */
	return ntohl(addr->word_be[0]) >> 24 != 0xff;
}

/* Of two prefixes that begin alike nothing tells one from the other but a search. */
static bool meets(const struct config_public *a, const struct config_public *b)
{
	struct sp_prefix of_a = config_prefix(a), of_b = config_prefix(b);

	if (config_is_prefix(a) && config_is_prefix(b))
		return memcmp(&a->bind, &b->bind, 8) == 0;
	if (config_is_prefix(a))
		return sp_prefix_contains(&of_a, &b->bind);
	return config_is_prefix(b) && sp_prefix_contains(&of_b, &a->bind);
}

static void check_prefix_pool(struct config_reading *reading, uint32_t index)
{
	const struct config_public *all = reading->config->public.addresses, *own = &all[index];

	for (uint32_t i = 0; i < reading->config->public.nr_addresses; i++)
		if (i != index && addr_family(&all[i].bind) == 6 &&
		    strcmp(all[i].pool, own->pool) == 0)
			fail_at(reading, own->pool, &own->bind,
				"public.addresses[%u] is IPv6 of the same pool, %s: a prefix needs "
				"a pool without other IPv6",
				i, own->pool);
}

/* An item whose bind is a prefix. Its ports are those that an address and a slot make of each
 * other: all. */
static void check_prefix(struct config_reading *reading, uint32_t index)
{
	struct config_public *own = &reading->config->public.addresses[index];

	if (!config_is_prefix(own)) {
		fail_at(reading, &own->sessions, NULL,
			"is of a prefix alone: as many as there are ports can use an address");
		return;
	}
	if (config_reading_find(reading, own->advertise))
		fail_at(reading, own->advertise, NULL,
			"people are told the address that a session has of the prefix");
	if (config_reading_find(reading, &own->ports[0]))
		fail_at(reading, &own->ports[0], NULL,
			"an address of a prefix has ssh at port 22 and all ports for itself");
	if (reading->config->fleet.nr_etcd)
		fail_at(reading, &own->bind, NULL,
			"a fleet (fleet.etcd) hands out ports of addresses, and no address of a "
			"prefix");
	check_prefix_pool(reading, index);
	own->ports[0] = (struct config_range){1, UINT16_MAX};
	own->nr_ports = 1;
}

static void check_meeting(struct config_reading *reading, uint32_t index)
{
	const struct config_public *all = reading->config->public.addresses;
	char text[ADDR_PREFIX_BYTES];

	for (uint32_t i = 0; i < index; i++)
		if (config_reading_find(reading, &all[i].bind) && meets(&all[i], &all[index]))
			fail_at(reading, &all[index].bind, NULL,
				"%s and public.addresses[%u].bind, %s, have their first 64 bits or "
				"more in common",
				all[index].advertise, i, addr_format(&all[i].bind, text));
}

static void check_bind(struct config_reading *reading, uint32_t index)
{
	const struct config *config = reading->config;
	const struct sp_addr *bind = &config->public.addresses[index].bind;
	const struct sp_prefix own = config_prefix(&config->public.addresses[index]);
	char text[ADDR_TEXT_BYTES], network[ADDR_PREFIX_BYTES];

	if (!config_reading_find(reading, bind))
		return;
	addr_format(bind, text);
	if (!is_host_address(bind))
		fail_at(reading, bind, NULL, "%s is not the address of one host", text);
	for (uint32_t i = 0; i < index; i++) {
		const struct sp_addr *other = &config->public.addresses[i].bind;

		if (config_reading_find(reading, other) && sp_addr_equal(bind, other))
			fail_at(reading, bind, NULL, "%s is already public.addresses[%u].bind",
				text, i);
	}
	for (uint32_t i = 0; i < config->builds.nr_networks; i++) {
		const struct sp_prefix *prefix = &config->builds.networks[i];

		if (config_reading_find(reading, prefix) &&
		    (sp_prefix_contains(prefix, bind) || addr_prefix_overlaps(prefix, &own)))
			fail_at(reading, bind, NULL, "%s lies in builds.networks[%u], %s", text, i,
				addr_prefix_format(prefix, network));
	}
}

static void check_ports(struct config_reading *reading, uint32_t index)
{
	const struct config_public *address = &reading->config->public.addresses[index];

	for (uint32_t i = 1; i < address->nr_ports; i++) {
		const struct config_range *range = &address->ports[i];

		for (uint32_t j = 0; j < i && config_reading_find(reading, range); j++) {
			const struct config_range *other = &address->ports[j];

			if (!config_reading_find(reading, other) || range->first > other->last ||
			    other->first > range->last)
				continue;
			fail_at(reading, range, NULL, "%u-%u overlaps ports[%u], %u-%u",
				range->first, range->last, j, other->first, other->last);
		}
	}
}

/* Result: the first item before that one whose ports are told under the same name, in one family.
 */
static bool find_namesake(const struct config_reading *reading, uint32_t index, uint32_t *ret_other,
			  const struct config_range **ret_range)
{
	const struct config_public *all = reading->config->public.addresses, *own = &all[index];

	for (uint32_t i = 0; i < index; i++) {
		if (addr_family(&own->bind) != addr_family(&all[i].bind) ||
		    sp_addr_equal(&own->bind, &all[i].bind) ||
		    !addr_same_host(own->advertise, all[i].advertise))
			continue;
		for (uint32_t j = 0; j < own->nr_ports * all[i].nr_ports; j++) {
			const struct config_range *range = &own->ports[j / all[i].nr_ports];
			const struct config_range *other = &all[i].ports[j % all[i].nr_ports];

			if (range->first > other->last || other->first > range->last)
				continue;
			*ret_other = i;
			*ret_range = range;
			return true;
		}
	}
	return false;
}

/*
 * Of two addresses of one family under one name nobody can say which of them is dialled. Under a
 * name of both families each port is handed out once (ports.h).
 */
static void check_names(struct config_reading *reading, uint32_t index)
{
	const struct config_public *address = &reading->config->public.addresses[index];
	const struct config_range *range;
	uint32_t other;

	if (!config_reading_find(reading, &address->bind) ||
	    !find_namesake(reading, index, &other, &range))
		return;
	fail_at(reading, config_reading_find(reading, range) ? (const void *)range : &address->bind,
		NULL,
		"%u-%u overlaps ports of public.addresses[%u], which people are told as %s too",
		range->first, range->last, other, address->advertise);
}

/* A listener of ours on a public port would be hidden by the lease of that port. */
/* One that is no address of a host is told of already, and may have been meant to be of any. */
static bool may_have_public_of(const struct config *config, unsigned int family)
{
	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		const struct sp_addr *bind = &config->public.addresses[i].bind;

		if (addr_family(bind) == family || !sp_addr_is_host(bind, addr_family(bind)))
			return true;
	}
	return false;
}

/* A lease leads from a public address to a VM of its own family. */
static void check_families(struct config_reading *reading)
{
	const struct config *config = reading->config;

	for (uint32_t i = 0; i < config->builds.nr_networks; i++)
		if (may_have_public_of(config, addr_family(&config->builds.networks[i].addr)))
			return;
	if (config->builds.nr_networks > 0 && config->public.nr_addresses > 0)
		fail_at(reading, config->builds.networks, NULL,
			"no network is of the family of an address of public.addresses: no lease "
			"could be made");
}

static void check_metrics(struct config_reading *reading)
{
	const struct config_listen *listen = &reading->config->metrics.listen;

	if (!listen->enabled || !config_reading_find(reading, listen))
		return;
	for (uint32_t i = 0; i < reading->config->public.nr_addresses; i++) {
		const struct config_public *address = &reading->config->public.addresses[i];

		if (config_is_prefix(address) ||
		    (!addr_is_any(&listen->addr) && !sp_addr_equal(&listen->addr, &address->bind)))
			continue;
		for (uint32_t j = 0; j < address->nr_ports; j++)
			if (listen->port >= address->ports[j].first &&
			    listen->port <= address->ports[j].last)
				fail_at(reading, listen, NULL,
					"port %u is one of public.addresses[%u].ports",
					listen->port, i);
	}
}

static void check_page(struct config_reading *reading)
{
	const struct config *config = reading->config;

	if (config->metrics.page && !config->metrics.listen.enabled &&
	    config_reading_find(reading, &config->metrics.listen))
		fail_at(reading, &config->metrics.page, NULL, "needs metrics.listen");
	if (config->metrics.nr_hosts && !config->metrics.page)
		fail_at(reading, config->metrics.hosts[0], NULL, "needs metrics.page = true");
}

static void check_leases(struct config_reading *reading)
{
	const struct config *config = reading->config;
	uint64_t step_ns = config->leases.extend_while_used.step_ns;
	uint64_t cap_ns = config->leases.extend_while_used.cap_ns;

	if (step_ns > 0 && cap_ns < step_ns)
		fail_at(reading, &config->leases.extend_while_used.cap_ns,
			&config->leases.extend_while_used.step_ns,
			"the cap is smaller than one step");
	if (step_ns == 0 && cap_ns > 0)
		fail_at(reading, &config->leases.extend_while_used.cap_ns, NULL,
			"a cap needs leases.extend_while_used.step");
	if (step_ns > 0 && config->fleet.nr_etcd > 0)
		fail_at(reading, &config->leases.extend_while_used.step_ns, NULL,
			"must be 0 beside fleet.etcd: an edge sees its own connections only");
	if (config->leases.connect_within_ns > config->leases.max_lifetime_ns)
		fail_at(reading, &config->leases.connect_within_ns, &config->leases.max_lifetime_ns,
			"is longer than leases.max_lifetime");
}

static void check_fleet(struct config_reading *reading)
{
	static const char *const letters =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	const struct config *config = reading->config;
	const char *name = config->edge.name;

	if (!config->fleet.nr_etcd)
		return;
	if (name[strspn(name, letters)] != '\0' || name[0] == '\0')
		fail_at(reading, name, NULL,
			"must be letters, digits, \"-\", \"_\" and \".\" beside fleet.etcd");
	if (config->fleet.fence_after_ns <= config->fleet.edge_ttl_ns)
		fail_at(reading, &config->fleet.fence_after_ns, &config->fleet.edge_ttl_ns,
			"fleet.fence_after must be longer than fleet.edge_ttl");
}

static void check_dataplane(struct config_reading *reading)
{
	const struct config *config = reading->config;

	if (config->dataplane.engine == SP_ENGINE_XDP &&
	    config->dataplane.fallback == CONFIG_FALLBACK_NONE)
		fail_at(reading, &config->dataplane.fallback, NULL,
			"\"none\" is for dataplane.engine = \"dpdk\": with \"xdp\" nothing would "
			"carry packets");
	if (config->dataplane.idle != CONFIG_IDLE_YIELD)
		return;
	if (config->dataplane.fallback == CONFIG_FALLBACK_NONE)
		fail_at(reading, &config->dataplane.idle, &config->dataplane.fallback,
			"\"yield\" leaves packets to the XDP program, which drops them with "
			"dataplane.fallback = \"none\"");
	else if (config->public.port[0] != '\0' || config->builds.port[0] != '\0')
		fail_at(reading, &config->dataplane.idle, NULL,
			"\"yield\" leaves packets to the XDP program, which a port (public.port, "
			"builds.port) has not");
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

/* Such as 0000:01:00.0, or 01:00.0: what DPDK takes for a PCI device. */
static bool is_pci(const char *text, size_t bytes)
{
	static const char *const forms[] = {"hhhh:hh:hh.o", "hh:hh.o"};

	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		size_t i = 0;

		while (i < bytes && forms[f][i] != '\0' &&
		       (forms[f][i] == 'h'   ? is_one_of(text[i], "0123456789abcdefABCDEF")
			: forms[f][i] == 'o' ? is_one_of(text[i], "01234567")
					     : text[i] == forms[f][i]))
			i++;
		if (i == bytes && forms[f][i] == '\0')
			return true;
	}
	return false;
}

static void check_device(struct config_reading *reading, const char *port)
{
	size_t bytes = strcspn(port, ",");

	if (strncmp(port, "net_af_xdp", strlen("net_af_xdp")) == 0)
		fail_at(reading, port, NULL,
			"AF_XDP is what an interface without a port has: leave the key out");
	else if (strncmp(port, "net_", 4) != 0 && strncmp(port, "auxiliary:", 10) != 0 &&
		 !is_pci(port, bytes))
		fail_at(reading, port, NULL,
			"\"%.*s\" is neither a PCI address such as 0000:01:00.0 nor a virtual "
			"device such as net_memif0",
			(int)bytes, port);
}

static void check_port(struct config_reading *reading, const char *port, const uint32_t *vlan)
{
	if (port[0] == '\0')
		return;
	check_device(reading, port);
	if (reading->config->dataplane.engine != SP_ENGINE_DPDK)
		fail_at(reading, port, NULL,
			"needs dataplane.engine = \"dpdk\": nobody else reaches that device");
	if (*vlan)
		fail_at(reading, vlan, NULL,
			"does not go with a port yet: sallyport-dp alone would see the tags");
}

/* One device cannot be two ports, nor one exception interface that of two. */
static void check_same_ports(struct config_reading *reading)
{
	const struct config *config = reading->config;
	const char *public = config->public.port, *builds = config->builds.port;
	size_t bytes = strcspn(public, ",");
	bool same_device =
		bytes > 0 && bytes == strcspn(builds, ",") && strncmp(public, builds, bytes) == 0;

	if (strcmp(config->public.interface, config->builds.interface) == 0) {
		if (strcmp(public, builds) != 0)
			fail_at(reading, builds, public,
				"both sides are %s, with one port for both: give public.port and "
				"builds.port alike",
				config->public.interface);
	} else if (same_device) {
		fail_at(reading, builds, public,
			"is the device of public.port: give both sides the same interface too");
	}
}

static void check_all_ports(struct config_reading *reading)
{
	const struct config *config = reading->config;

	check_port(reading, config->public.port, &config->public.vlan);
	check_port(reading, config->builds.port, &config->builds.vlan);
	check_same_ports(reading);
}

static bool same_subject(const struct config_role *a, const struct config_role *b)
{
	return a->uid == b->uid && strcmp(a->user, b->user) == 0 && strcmp(a->group, b->group) == 0;
}

static void check_role(struct config_reading *reading, uint32_t index)
{
	const struct config_role *roles = reading->config->api.roles, *role = &roles[index];
	const struct config_place *place = config_reading_find_group(reading, role);
	unsigned int subjects =
		(role->user[0] != '\0') + (role->group[0] != '\0') + (role->uid >= 0);

	if (!place)
		return;
	if (subjects != 1) {
		config_reading_fail(reading, place->line, place->key,
				    "needs exactly one of user, uid and group");
		return;
	}
	for (uint32_t i = 0; i < index; i++)
		if (same_subject(role, &roles[i]))
			config_reading_fail(reading, place->line, place->key,
					    "names the same as api.roles[%u]", i);
}

static void check_vlans(struct config_reading *reading)
{
	const struct config *config = reading->config;

	if (strcmp(config->public.interface, config->builds.interface) == 0 &&
	    config->public.vlan != config->builds.vlan)
		fail_at(reading, &config->builds.vlan, &config->public.vlan,
			"both sides are %s, with one VLAN for both: put the kernel's interfaces of "
			"the VLANs into public.interface and builds.interface instead",
			config->public.interface);
}

static void check_sockets(struct config_reading *reading)
{
	const struct config *config = reading->config;

	if (strcmp(config->api.socket, config->api.viewer_socket) == 0)
		fail_at(reading, config->api.viewer_socket, config->api.socket,
			"is the same as api.socket");
	if (config->api.viewer_group[0] && !config->api.viewer_socket[0])
		fail_at(reading, config->api.viewer_group, NULL, "needs api.viewer_socket");
}

/* Whatever is on these interfaces is announced, and BIRD tells them apart by name. */
static void check_announce(struct config_reading *reading)
{
	const struct config *config = reading->config;
	const char *interface = config->announce.interface, *last = config->announce.last_resort;
	const char *const others[] = {config->public.interface, config->builds.interface};

	if (last[0] && !interface[0])
		fail_at(reading, last, NULL, "needs announce.interface");
	if (last[0] && strcmp(interface, last) == 0)
		fail_at(reading, last, interface, "is the same as announce.interface");
	for (unsigned int i = 0; i < 2; i++) {
		if (interface[0] && strcmp(interface, others[i]) == 0)
			fail_at(reading, interface, others[i],
				"carries packets: announce.interface is a dummy of its own");
		if (last[0] && strcmp(last, others[i]) == 0)
			fail_at(reading, last, others[i],
				"carries packets: announce.last_resort is a dummy of its own");
	}
}

/* Ranges in the order of their ports; where each of them stands goes along. */
static void sort_ports(struct config_reading *reading, struct config_public *address)
{
	struct config_range *ports = address->ports;

	for (uint32_t i = 1; i < address->nr_ports; i++)
		for (uint32_t j = i; j > 0 && ports[j - 1].first > ports[j].first; j--) {
			struct config_range range = ports[j];

			ports[j] = ports[j - 1];
			ports[j - 1] = range;
			config_reading_swap(reading, &ports[j - 1], &ports[j]);
		}
}

void config_check(struct config_reading *reading)
{
	struct config *config = reading->config;

	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		check_bind(reading, i);
		check_meeting(reading, i);
		check_prefix(reading, i);
		check_ports(reading, i);
		check_names(reading, i);
	}
	check_families(reading);
	check_metrics(reading);
	check_page(reading);
	check_leases(reading);
	check_fleet(reading);
	check_dataplane(reading);
	check_vlans(reading);
	check_all_ports(reading);
	check_sockets(reading);
	check_announce(reading);
	for (uint32_t i = 0; i < config->api.nr_roles; i++)
		check_role(reading, i);
	for (uint32_t i = 0; i < config->public.nr_addresses; i++)
		sort_ports(reading, &config->public.addresses[i]);
}
