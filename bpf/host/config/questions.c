/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/config_questions.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "host/addr.h"
#include "host/config_table.h"

#define POOL_DEFAULT "default" /* as in members.h */

#define TCP_LISTENS 0x0a /* in the kernel's tables; netinet/tcp.h has it as TCP_LISTEN */

/* Reads "  0: 0100007F:0016 00000000:0000 0A …", an address as one or four words of the host. */
bool config_question_listener(const char *line, struct config_listener *ret_listener)
{
	uint32_t *word = ret_listener->addr.word_be;
	unsigned int port, state;

	if (sscanf(line, " %*u: %8" SCNx32 "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 ":%4x %*[^ ] %2x",
		   &word[0], &word[1], &word[2], &word[3], &port, &state) != 6) {
		addr_parse("0.0.0.0", &ret_listener->addr);
		if (sscanf(line, " %*u: %8" SCNx32 ":%4x %*[^ ] %2x", &word[3], &port, &state) != 3)
			return false;
	}
	ret_listener->port = (uint16_t)port;
	return state == TCP_LISTENS;
}

bool config_question_has_port(const struct config_public *address, uint16_t port)
{
	for (uint32_t i = 0; i < address->nr_ports; i++)
		if (port >= address->ports[i].first && port <= address->ports[i].last)
			return true;
	return false;
}

/* A listener on :: hears IPv4 too. */
static bool listens_at(const struct config_listener *listener, const struct sp_addr *bind)
{
	if (addr_is_any(&listener->addr))
		return addr_family(&listener->addr) == 6 || addr_family(bind) == 4;
	return sp_addr_equal(&listener->addr, bind);
}

bool config_question_hides(const struct config_public *address,
			   const struct config_listener *listener)
{
	return !config_is_prefix(address) && listens_at(listener, &address->bind) &&
	       config_question_has_port(address, listener->port);
}

unsigned int config_question_ports(const struct config *config, const char *path, FILE *listeners,
				   FILE *stream)
{
	char line[512], addr[ADDR_TEXT_BYTES];
	struct config_listener listener;
	unsigned int nr = 0;

	while (fgets(line, sizeof(line), listeners)) {
		if (!config_question_listener(line, &listener))
			continue;
		for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
			const struct config_public *address = &config->public.addresses[i];

			if (!config_question_hides(address, &listener))
				continue;
			fprintf(stream,
				"%s: public.addresses[%u].ports: is port %u meant? A program of "
				"this "
				"host listens on it at %s, and would not be reached while a build "
				"has the port\n",
				path, i, listener.port, addr_format(&listener.addr, addr));
			nr++;
		}
	}
	return nr;
}

/* Result: what an address is that clients and VMs elsewhere cannot be at; NULL if they can. */
static const char *odd_address(const struct sp_addr *addr)
{
	uint32_t first = ntohl(addr->word_be[0]), v4 = ntohl(addr->word_be[3]);
	struct sp_addr loopback;

	addr_parse("::1", &loopback);
	if (addr_family(addr) == 4 ? v4 >> 24 == 127 : sp_addr_equal(addr, &loopback))
		return "of this host alone (loopback)";
	if (addr_family(addr) == 4 ? v4 >> 16 == 0xa9fe : first >> 22 == 0xfe80 >> 6)
		return "of one link alone (link-local)";
	return NULL;
}

static unsigned int ask_binds(const struct config *config, const char *path, FILE *stream)
{
	char addr[ADDR_TEXT_BYTES];
	unsigned int nr = 0;

	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		const struct sp_addr *bind = &config->public.addresses[i].bind;
		const char *odd = odd_address(bind);

		if (!odd)
			continue;
		fprintf(stream,
			"%s: public.addresses[%u].bind: is %s meant? It is %s: no client from "
			"elsewhere reaches it\n",
			path, i, addr_format(bind, addr), odd);
		nr++;
	}
	return nr;
}

static unsigned int ask_networks(const struct config *config, const char *path, FILE *stream)
{
	char network[ADDR_PREFIX_BYTES];
	unsigned int nr = 0;

	for (uint32_t i = 0; i < config->builds.nr_networks; i++) {
		const struct sp_prefix *prefix = &config->builds.networks[i];
		const char *odd = odd_address(&prefix->addr);

		if (!odd)
			continue;
		fprintf(stream,
			"%s: builds.networks[%u]: is %s meant? It is %s: no packet is sent on to a "
			"VM there\n",
			path, i, addr_prefix_format(prefix, network), odd);
		nr++;
	}
	return nr;
}

static unsigned int ask_pools(const struct config *config, const char *path, FILE *stream)
{
	for (uint32_t i = 0; i < config->public.nr_addresses; i++)
		if (strcmp(config->public.addresses[i].pool, POOL_DEFAULT) == 0)
			return 0;
	fprintf(stream,
		"%s: public.addresses: is no address meant to be of the pool \"" POOL_DEFAULT
		"\"? Builds that name no pool are refused\n",
		path);
	return 1;
}

/* Result: whether people give it in seconds, as its default is. */
static bool is_of_seconds(const struct config_option *option)
{
	size_t length = strlen(option->fallback);

	return length > 1 && option->fallback[length - 1] == 's' &&
	       isdigit((unsigned char)option->fallback[length - 2]);
}

/* Numbers without a unit are seconds, also where the default is some milliseconds, or hours. */
static unsigned int ask_units(const struct config *config, const char *path, FILE *stream)
{
	char given[64];
	unsigned int nr = 0;
	uint64_t ns;

	for (unsigned int i = 0; config_options[i].key; i++) {
		const struct config_option *option = &config_options[i];

		if (!config->bare[i] || is_of_seconds(option))
			continue;
		memcpy(&ns, (const char *)config + option->offset, sizeof(ns));
		fprintf(stream,
			"%s: %s: is \"%s\" meant? A number without a unit is seconds; the default "
			"is \"%s\"\n",
			path, option->key, config_duration_format(ns, given, sizeof(given)),
			option->fallback);
		nr++;
	}
	return nr;
}

static unsigned int ask_linger(const struct config *config, const char *path, FILE *stream)
{
	char linger[64], lifetime[64];

	if (config->leases.linger_ns <= config->leases.max_lifetime_ns)
		return 0;
	config_duration_format(config->leases.linger_ns, linger, sizeof(linger));
	config_duration_format(config->leases.max_lifetime_ns, lifetime, sizeof(lifetime));
	fprintf(stream,
		"%s: leases.linger: is \"%s\" meant? leases.max_lifetime is \"%s\": a build that "
		"has finished ends then, and never lingers for so long\n",
		path, linger, lifetime);
	return 1;
}

/* Result: whether clients, or everybody, may dial where metrics are. */
static bool is_for_everybody(const struct config *config)
{
	const struct sp_addr *listen = &config->metrics.listen.addr;

	for (uint32_t i = 0; i < config->public.nr_addresses; i++)
		if (sp_addr_equal(&config->public.addresses[i].bind, listen))
			return true;
	return addr_is_any(listen);
}

static unsigned int ask_page(const struct config *config, const char *path, FILE *stream)
{
	if (!config->metrics.page || !is_for_everybody(config))
		return 0;
	fprintf(stream,
		"%s: metrics.page: is it meant for everybody? By metrics.listen whoever reaches "
		"this host reads there the names of builds and the addresses of clients\n",
		path);
	return 1;
}

unsigned int config_question_values(const struct config *config, const char *path, FILE *stream)
{
	return ask_binds(config, path, stream) + ask_networks(config, path, stream) +
	       ask_pools(config, path, stream) + ask_units(config, path, stream) +
	       ask_linger(config, path, stream) + ask_page(config, path, stream);
}
