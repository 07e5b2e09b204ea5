// SPDX-License-Identifier: BSD-3-Clause
#include "facts/facts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts/fact.h"
#include "facts/say.h"
#include "host/config.h"
#include "kernel/netlink/netlink.h"

static const char *const severities[FACTS_SEVERITIES_NR] = {
	[FACTS_WELL] = "ok",   [FACTS_HINT] = "hint",	  [FACTS_RISK] = "risk",
	[FACTS_SLOW] = "slow", [FACTS_SILENT] = "silent", [FACTS_REFUSE] = "refuse",
};

const char *facts_severity_name(enum facts_severity severity)
{
	return severities[severity];
}

static void add_interface(struct fact_look *look, const char *key, const char *name, bool public)
{
	struct fact_interface *interface = &look->interface[look->nr_interfaces++];
	uint32_t vlan = public ? look->config->public.vlan : look->config->builds.vlan;
	const struct links_link *of_vlan = NULL;

	*interface = (struct fact_interface){
		.key = key,
		.name = name,
		.link = netlink_links_named(&look->links, name),
		.public = public,
		.port = public ? look->config->public.port : look->config->builds.port,
	};
	if (vlan && interface->link)
		of_vlan = netlink_links_vlan(&look->links, interface->link->ifindex, vlan);
	interface->host_name = of_vlan ? of_vlan->name : name;
	facts_say_quote(name, interface->shell, sizeof(interface->shell));
	facts_say_quote(interface->host_name, interface->host_shell, sizeof(interface->host_shell));
}

static void add_interfaces(struct fact_look *look)
{
	const struct config *config = look->config;

	add_interface(look, "public.interface", config->public.interface, true);
	if (strcmp(config->public.interface, config->builds.interface) != 0)
		add_interface(look, "builds.interface", config->builds.interface, false);
}

/* What was not found wrong is well, where the row has words for it. */
static void take_row(struct fact_look *look, const struct fact_row *row)
{
	const struct fact_row well = {.name = row->name, .severity = FACTS_WELL};
	unsigned int before = look->list.nr;

	look->row = row;
	row->look(look);
	if (look->list.nr > before || !row->well)
		return;
	look->row = &well;
	facts_say(look, "%s", row->well);
}

int facts_look(const struct facts_site *site, struct facts_list *ret_list)
{
	struct fact_look look = {.site = site, .config = site->config};

	/* Without them each interface is said to be missing, which is what it comes to. */
	if (netlink_links_read(&look.links))
		look.links = (struct links){0};
	if (netlink_open(&look.netlink))
		look.netlink = NULL;
	add_interfaces(&look);
	for (const struct fact_row *row = facts_table; row->name; row++)
		take_row(&look, row);
	netlink_close(look.netlink);
	netlink_links_free(&look.links);
	if (look.memory_gone) {
		facts_free(&look.list);
		return -ENOMEM;
	}
	*ret_list = look.list;
	return 0;
}

void facts_free(struct facts_list *list)
{
	for (unsigned int i = 0; i < list->nr; i++) {
		free(list->finding[i].says);
		free(list->finding[i].cure);
	}
	free(list->finding);
	*list = (struct facts_list){0};
}

void facts_print(const struct facts_list *list, FILE *out)
{
	unsigned int count[FACTS_SEVERITIES_NR] = {0}, rows = 0;

	for (const struct fact_row *row = facts_table; row->name; row++)
		rows++;
	for (unsigned int i = 0; i < list->nr; i++) {
		const struct facts_finding *finding = &list->finding[i];

		count[finding->severity]++;
		if (finding->severity == FACTS_WELL)
			continue;
		fprintf(out, "%-7s %s: %s\n", severities[finding->severity], finding->name,
			finding->says);
		if (finding->cure)
			fprintf(out, "        cure: %s\n", finding->cure);
		if (finding->kept)
			fprintf(out, "        gone after a reboot unless it is in %s\n",
				finding->kept);
	}
	fprintf(out, "host: %u facts looked at: %u refuse, %u silent, %u slow, %u risk, %u hint\n",
		rows, count[FACTS_REFUSE], count[FACTS_SILENT], count[FACTS_SLOW],
		count[FACTS_RISK], count[FACTS_HINT]);
}

void facts_print_table(FILE *out)
{
	fprintf(out, "| fact | severity | looked up | wrong if | cure | to outlast a reboot, in |\n"
		     "|---|---|---|---|---|---|\n");
	for (const struct fact_row *row = facts_table; row->name; row++)
		fprintf(out, "| %s | %s | %s | %s | %s | %s |\n", row->name,
			severities[row->severity], row->asks, row->wrong, row->cure,
			row->kept ? row->kept : "");
}
