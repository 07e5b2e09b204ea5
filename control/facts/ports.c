/* SPDX-License-Identifier: BSD-3-Clause */
/* Does this host itself use public ports of the pool? Their leases would take its packets. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts/fact.h"
#include "facts/files.h"
#include "facts/rows.h"
#include "facts/say.h"
#include "host/addr.h"
#include "host/config.h"
#include "host/config_questions.h"

#define RESERVED "/proc/sys/net/ipv4/ip_local_reserved_ports"

static void judge_listener(struct fact_look *look, const struct config_listener *listener)
{
	char text[ADDR_TEXT_BYTES];

	for (uint32_t i = 0; i < look->config->public.nr_addresses; i++) {
		const struct config_public *address = &look->config->public.addresses[i];

		if (!config_question_hides(address, listener))
			continue;
		facts_say(look,
			  "Something on this host listens on port %u of %s, which is in the pool: "
			  "a lease on it takes its packets. Bind it to another address, or take "
			  "the port out of public.addresses.",
			  listener->port, addr_format(&address->bind, text));
		facts_say_cure(look, "ss -Htlnp 'sport = :%u'", listener->port);
		return;
	}
}

static void look_at_listeners(struct fact_look *look, const char *path)
{
	FILE *in = facts_files_open(look, path);
	struct config_listener listener;
	char line[512];

	if (!in)
		return;
	while (fgets(line, sizeof(line), in))
		if (config_question_listener(line, &listener))
			judge_listener(look, &listener);
	fclose(in);
}

void facts_ports_listeners(struct fact_look *look)
{
	look_at_listeners(look, "/proc/net/tcp");
	look_at_listeners(look, "/proc/net/tcp6");
}

/* Sets the ports of "1-9,22" in a map of all. */
static void read_reserved(const struct fact_look *look, bool reserved[UINT16_MAX + 1])
{
	FILE *in = facts_files_open(look, RESERVED);
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
static unsigned int count_ephemeral(const struct fact_look *look)
{
	FILE *in = facts_files_open(look, "/proc/sys/net/ipv4/ip_local_port_range");
	const struct config *config = look->config;
	unsigned int first = 1, last = 0, number = 0;
	bool reserved[UINT16_MAX + 1] = {false};

	if (!in)
		return 0;
	if (fscanf(in, "%u %u", &first, &last) != 2)
		last = 0;
	fclose(in);
	read_reserved(look, reserved);
	for (unsigned int port = first; port <= last && port <= UINT16_MAX; port++)
		for (uint32_t i = 0; i < config->public.nr_addresses; i++)
			number += !reserved[port] &&
				  !config_is_prefix(&config->public.addresses[i]) &&
				  config_question_has_port(&config->public.addresses[i],
							   (uint16_t)port);
	return number;
}

static bool is_told(const struct config *config, uint32_t address, const struct config_range *ports)
{
	for (uint32_t i = 0; i < address; i++)
		for (uint32_t j = 0; j < config->public.addresses[i].nr_ports; j++)
			if (memcmp(&config->public.addresses[i].ports[j], ports, sizeof(*ports)) ==
			    0)
				return true;
	return false;
}

/* Copies what is reserved already, however long. Result: whether that is anything. */
static bool copy_reserved(const struct fact_look *look, FILE *out)
{
	FILE *in = facts_files_open(look, RESERVED);
	bool any = false;

	if (!in)
		return false;
	for (int c; (c = fgetc(in)) != EOF && c != '\n'; any = true)
		fputc(c, out);
	fclose(in);
	return any;
}

/* Prints what is reserved already, and the whole pool. Result: to be freed, NULL without memory. */
static char *reserve_all(const struct fact_look *look)
{
	const struct config *config = look->config;
	const char *separator = "";
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	if (copy_reserved(look, out))
		separator = ",";
	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		for (uint32_t j = 0; j < config->public.addresses[i].nr_ports; j++) {
			const struct config_range *ports = &config->public.addresses[i].ports[j];

			if (is_told(config, i, ports) ||
			    config_is_prefix(&config->public.addresses[i]))
				continue;
			fprintf(out, "%s%u-%u", separator, ports->first, ports->last);
			separator = ",";
		}
	}
	fclose(out);
	return text;
}

void facts_ports_ephemeral(struct fact_look *look)
{
	unsigned int ephemeral = count_ephemeral(look);
	char *all;

	if (!ephemeral)
		return;
	all = reserve_all(look);
	facts_say(look,
		  "This host may use %u ports of the pool for its own connections, whose answers a "
		  "lease would take.",
		  ephemeral);
	facts_say_cure(look, "sysctl -w net.ipv4.ip_local_reserved_ports=%s", all ? all : "");
	free(all);
}
