/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/check/outside.h"

#include <stdbool.h>
#include <string.h>

#include <sallyport/addr.h>

#include "cli/talk/talk.h"
#include "host/addr.h"
#include "host/config.h"
#include "host/config_questions.h"

/* What of the builds is asked, and what of the one at hand was found. */
struct look {
	const struct config *before, *after;
	bool network, port, address;
};

static bool is_in_networks(const struct config *config, const struct sp_addr *addr)
{
	for (uint32_t i = 0; i < config->builds.nr_networks; i++)
		if (sp_prefix_contains(&config->builds.networks[i], addr))
			return true;
	return false;
}

/* Of a prefix people are told one of its addresses. */
static bool is_told_as(const struct config_public *address, const char *host)
{
	const struct sp_prefix prefix = config_prefix(address);
	struct sp_addr addr;

	if (!config_is_prefix(address))
		return addr_same_host(address->advertise, host);
	return addr_parse(host, &addr) == 0 && sp_prefix_contains(&prefix, &addr);
}

/* Result: the public address that people are told so, and that has the port; NULL for none. */
static const struct config_public *find_told(const struct config *config, const char *host,
					     uint16_t port)
{
	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		const struct config_public *address = &config->public.addresses[i];

		if (is_told_as(address, host) && config_question_has_port(address, port))
			return address;
	}
	return NULL;
}

static const struct config_public *find_bound(const struct config *config,
					      const struct config_public *bound)
{
	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		const struct config_public *address = &config->public.addresses[i];

		if (sp_addr_equal(&address->bind, &bound->bind) &&
		    sp_addr_equal(&address->mask, &bound->mask))
			return address;
	}
	return NULL;
}

/* A node, or a forward: both have a public host and port. */
static void look_at_place(struct look *look, const json_t *place)
{
	uint16_t port = (uint16_t)talk_number(place, "public_port");
	const struct config_public *had =
		find_told(look->before, talk_text(place, "public_host"), port);
	const struct config_public *has = had ? find_bound(look->after, had) : NULL;

	/* One that it had lost already differs in nothing now. */
	if (had && !has)
		look->address = true;
	else if (had && !config_question_has_port(has, port))
		look->port = true;
}

static void look_at_build(struct look *look, const json_t *build)
{
	const json_t *node, *forward;
	struct sp_addr addr;
	size_t i, j;

	json_array_foreach (json_object_get(build, "nodes"), i, node) {
		if (addr_parse(talk_text(node, "address"), &addr) == 0 &&
		    !is_in_networks(look->after, &addr))
			look->network = true;
		look_at_place(look, node);
		json_array_foreach (json_object_get(node, "forwards"), j, forward)
			look_at_place(look, forward);
	}
}

void check_outside_count(const json_t *builds, const struct config *before,
			 const struct config *after, struct check_outside *ret_outside)
{
	const json_t *build;
	size_t i;

	*ret_outside = (struct check_outside){0};
	json_array_foreach (builds, i, build) {
		struct look look = {.before = before, .after = after};

		if (strcmp(talk_text(build, "state"), "ended") == 0)
			continue;
		look_at_build(&look, build);
		ret_outside->networks += look.network;
		ret_outside->ports += look.port;
		ret_outside->ending += look.address;
	}
}
