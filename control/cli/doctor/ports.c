/* SPDX-License-Identifier: BSD-3-Clause */
/* Does this host itself use public ports of the pool? Their leases would take its packets. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor/checks.h"
#include "cli/doctor/finding.h"
#include "host/addr.h"
#include "host/config.h"

#define LISTENING 0x0A /* of /proc/net/tcp: TCP_LISTEN */

static bool in_pool(const struct config_public *address, unsigned int port)
{
	for (uint32_t i = 0; i < address->nr_ports; i++)
		if (port >= address->ports[i].first && port <= address->ports[i].last)
			return true;
	return false;
}

/* Reads an address as /proc/net/tcp has it: words of 32 bits as they lie in memory. */
static bool parse_local(const char *hex, struct sp_addr *ret_addr)
{
	struct sp_addr addr = {{0}};
	size_t words = strlen(hex) / 8;
	char word[9];

	if (words != 1 && words != 4)
		return false;
	for (size_t i = 0; i < words; i++) {
		snprintf(word, sizeof(word), "%.8s", hex + 8 * i);
		addr.word_be[i] = (__be32)strtoul(word, NULL, 16);
	}
	*ret_addr = words == 1 ? sp_addr_from_v4(addr.word_be[0]) : addr;
	return true;
}

/* Reads one line of /proc/net/tcp. Result: whether it is a listening socket. */
static bool parse_listener(const char *line, struct sp_addr *ret_addr, unsigned int *ret_port)
{
	char local[33];
	unsigned int state;

	return sscanf(line, " %*d: %32[0-9A-F]:%X %*[0-9A-F]:%*X %X", local, ret_port, &state) ==
		       3 &&
	       state == LISTENING && parse_local(local, ret_addr);
}

static unsigned int judge_listener(struct doctor *doctor, const struct sp_addr *local,
				   unsigned int port)
{
	char text[ADDR_TEXT_BYTES];

	for (uint32_t i = 0; i < doctor->config->public.nr_addresses; i++) {
		const struct config_public *address = &doctor->config->public.addresses[i];

		if (!in_pool(address, port) ||
		    (!addr_is_any(local) && !sp_addr_equal(local, &address->bind)))
			continue;
		doctor_finding_say(
			doctor, "listeners", DOCTOR_WARNING,
			"Something on this host listens on port %u of %s, which is in the pool: "
			"a lease on it takes its packets. Bind it to another address, or take "
			"the port out of public.addresses.",
			port, addr_format(&address->bind, text));
		return 1;
	}
	return 0;
}

/* Result: how many listeners are in the way. */
static unsigned int check_listeners(struct doctor *doctor, const char *path)
{
	FILE *in = fopen(path, "re");
	unsigned int found = 0, port;
	struct sp_addr local;
	char line[512];

	if (!in)
		return 0;
	while (fgets(line, sizeof(line), in))
		if (parse_listener(line, &local, &port))
			found += judge_listener(doctor, &local, port);
	fclose(in);
	return found;
}

/* Sets the ports of "1-9,22" in a map of all. */
static void read_reserved(bool reserved[UINT16_MAX + 1])
{
	FILE *in = fopen("/proc/sys/net/ipv4/ip_local_reserved_ports", "re");
	unsigned int first, last;
	int separator;

	if (!in)
		return;
	while (fscanf(in, "%u", &first) == 1) {
		last = first;
		separator = fgetc(in);
		if (separator == '-' && fscanf(in, "%u", &last) == 1)
			separator = fgetc(in);
		for (; first <= last && first <= UINT16_MAX; first++)
			reserved[first] = true;
		if (separator != ',')
			break;
	}
	fclose(in);
}

/* Result: how many ports of the pool this host may take for connections of its own. */
static unsigned int count_ephemeral(const struct config *config)
{
	bool reserved[UINT16_MAX + 1] = {false};
	FILE *in = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned int first = 1, last = 0, number = 0;

	if (!in)
		return 0;
	if (fscanf(in, "%u %u", &first, &last) != 2)
		last = 0;
	fclose(in);
	read_reserved(reserved);
	for (unsigned int port = first; port <= last && port <= UINT16_MAX; port++)
		for (uint32_t i = 0; i < config->public.nr_addresses; i++)
			number += !reserved[port] && in_pool(&config->public.addresses[i], port);
	return number;
}

void doctor_ports_check(struct doctor *doctor)
{
	unsigned int ephemeral = count_ephemeral(doctor->config);

	if (check_listeners(doctor, "/proc/net/tcp") + check_listeners(doctor, "/proc/net/tcp6") ==
	    0)
		doctor_finding_say(doctor, "listeners", DOCTOR_OK,
				   "Nothing on this host listens on a port of the pool.");
	if (ephemeral)
		doctor_finding_say(
			doctor, "local ports", DOCTOR_WARNING,
			"This host may use %u ports of the pool for its own connections, whose "
			"answers a lease would take. List the pool in "
			"net.ipv4.ip_local_reserved_ports.",
			ephemeral);
	else
		doctor_finding_say(doctor, "local ports", DOCTOR_OK,
				   "This host takes no port of the pool for its own connections.");
}
