/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference of the configuration, from the table of options. */
#include "host/config_table.h"

#include <inttypes.h>
#include <string.h>

#define TEXT_SIZE 256

static const struct {
	const char *group;
	const char *help;
} groups[] = {
	{"edge", "This host and where it keeps things."},
	{"public", "The side of the clients."},
	{"builds", "The side of the build VMs."},
	{"leases", "How long the way in stays open, and what closed ports say."},
	{"limits", "How much there may be of everything. What is over a limit is refused."},
	{"dataplane", "What carries packets."},
	{"api", "The API on UNIX sockets."},
	{"metrics", "Figures for Prometheus."},
	{"events", "The stream of events."},
	{"audit", "Records of who connected and who changed what."},
	{"receipts", "What changes were answered, for those who ask again."},
	{"fleet", "Several edges that hold the same builds, by sallyport-fleet and etcd."},
	{"announce", "When routers are told of this edge, by BIRD or FRR."},
};

static const char *group_help(const char *group, size_t length)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strlen(groups[i].group) == length && !strncmp(groups[i].group, group, length))
			return groups[i].help;
	return "";
}

/* What a value may be: "a duration from 1s to 366d", "one of "dpdk", "xdp"". */
static void describe(const struct config_option *option, char *text)
{
	char min[32], max[32];
	int at = snprintf(text, TEXT_SIZE, "%s", config_type_name(option->type));

	switch (option->type) {
	case CONFIG_INTEGER:
	case CONFIG_UID:
		if (option->unit)
			at += snprintf(text + at, (size_t)(TEXT_SIZE - at), " of %s", option->unit);
		snprintf(text + at, (size_t)(TEXT_SIZE - at), " from %" PRIu64 " to %" PRIu64,
			 option->min, option->max);
		break;
	case CONFIG_DURATION:
		config_duration_format(option->min, min, sizeof(min));
		config_duration_format(option->max, max, sizeof(max));
		snprintf(text + at, (size_t)(TEXT_SIZE - at), " from %s to %s", min, max);
		break;
	case CONFIG_CHOICE:
		for (const struct config_choice *c = option->choices; c->name; c++)
			at += snprintf(text + at, (size_t)(TEXT_SIZE - at), "%s\"%s\"",
				       c == option->choices ? " " : ", ", c->name);
		break;
	case CONFIG_PREFIX:
	case CONFIG_PORTS:
	case CONFIG_STRING:
		if (option->max_items)
			snprintf(text, TEXT_SIZE, "a list of at most %u %s", option->max_items,
				 option->type == CONFIG_PREFIX	? "networks"
				 : option->type == CONFIG_PORTS ? "ports and ranges"
								: "texts");
		break;
	case CONFIG_GROUPS:
		snprintf(text, TEXT_SIZE, "a list of at most %u groups", option->max_items);
		break;
	default:
		break;
	}
}

/* The default as a file would say it, "" where there is none to be named. */
static void describe_default(const struct config_option *option, char *text)
{
	bool bare = option->type == CONFIG_BOOL || option->type == CONFIG_INTEGER;

	if (!option->fallback)
		snprintf(text, TEXT_SIZE, "required");
	else if (option->type == CONFIG_UID || !option->fallback[0])
		text[0] = '\0';
	else if (option->max_items)
		snprintf(text, TEXT_SIZE, "[ \"%s\" ]", option->fallback);
	else
		snprintf(text, TEXT_SIZE, bare ? "%s" : "\"%s\"", option->fallback);
}

static void print_manual_option(FILE *stream, const struct config_option *option, const char *key)
{
	char value[TEXT_SIZE], fallback[TEXT_SIZE];

	describe(option, value);
	describe_default(option, fallback);
	fprintf(stream, "*%s*: %s\n\t%s", key, value, option->help);
	if (!option->fallback)
		fprintf(stream, " Required.");
	else if (fallback[0])
		fprintf(stream, " Default: %s.", fallback);
	if (option->apply)
		fprintf(stream, " A change needs a %s.", config_apply_name(option->apply));
	fprintf(stream, "\n\n");
}

static const char manual_head[] =
	"sallyport.conf(5)\n"
	"\n"
	"; SPDX-License-Identifier: BSD-3-Clause\n"
	"\n"
	"# NAME\n"
	"\n"
	"sallyport.conf - configuration of a sallyport edge\n"
	"\n"
	"# SYNOPSIS\n"
	"\n"
	"_/etc/sallyport/sallyport.conf_\n"
	"\n"
	"# DESCRIPTION\n"
	"\n"
	"One file, read by *sallyportd*(8) and *sallyport-dp*(8). It is made of groups of "
	"options:\n"
	"\n"
	"```\n"
	"public: {\n"
	"	interface = \"eth0\";\n"
	"	addresses = ( { bind = \"192.0.2.1\"; ports = [ \"64535-65535\" ]; } );\n"
	"};\n"
	"builds: { interface = \"eth1\"; networks = [ \"10.0.0.0/16\" ]; };\n"
	"```\n"
	"\n"
	"This is a whole configuration: everything else has a default. A comment reaches from a\n"
	"hash sign or two slashes to the end of its line. A key that is not known is an error. To\n"
	"see everything that is wrong with a file, run *sallyportd --check* _FILE_.\n"
	"\n"
	"A _duration_ is a text such as \"30m\" or \"1h30m\", with the units d, h, m, s, ms and "
	"us\n"
	"from the largest to the smallest, or a number of seconds,\n"
	"which *--check* asks about. A _rate_ is \"10/s\", with the\n"
	"units s, m and h, or \"0\" for none. _Ports_ are \"22\", 22, or a range "
	"\"64535-65535\", mixed\n"
	"as you like. A whole number is decimal or, behind 0x, hexadecimal; it counts as it is "
	"written,\n"
	"with or without an L behind it. One that begins with 0 is refused, since some programs "
	"take it for\n"
	"octal. A list of networks or ports has a comma between any two items, and none at its "
	"end.\n"
	"\n"
	"After a change, SIGHUP makes sallyportd apply the whole file or nothing of it. Where an\n"
	"option needs a restart this is said below; a restart cuts no session.\n"
	"\n"
	"# OPTIONS\n"
	"\n";

static const char manual_foot[] =
	"# EXAMPLES\n"
	"\n"
	"Behind a cloud's address translation, on few ports, for a group of\n"
	"operators and the orchestrator's user:\n"
	"\n"
	"```\n"
	"public: {\n"
	"	interface = \"eth0\";\n"
	"	addresses = ( {\n"
	"		bind = \"172.31.4.9\"; advertise = \"54.224.97.243\";\n"
	"		ports = [ 443, 8443, \"64535-65535\" ];\n"
	"	} );\n"
	"};\n"
	"builds: { interface = \"eth1\"; networks = [ \"10.0.0.0/16\" ]; };\n"
	"api: { group = \"sallyport\"; roles = (\n"
	"	{ user = \"ci\"; role = \"orchestrator\"; },\n"
	"	{ group = \"adm\"; role = \"operator\"; }\n"
	"); };\n"
	"```\n"
	"\n"
	"Both families, sessions of an hour that end if nobody comes, and DPDK:\n"
	"\n"
	"```\n"
	"public: {\n"
	"	interface = \"eth0\";\n"
	"	addresses = ( { bind = \"192.0.2.1\"; }, { bind = \"2001:db8::1\"; } );\n"
	"};\n"
	"builds: {\n"
	"	interface = \"eth1\";\n"
	"	networks = [ \"10.0.0.0/16\", \"2001:db8:2::/64\" ];\n"
	"};\n"
	"leases: { max_lifetime = \"1h\"; connect_within = \"10m\"; };\n"
	"dataplane: { engine = \"dpdk\"; };\n"
	"```\n"
	"\n"
	"# FILES\n"
	"\n"
	"_/etc/sallyport/sallyport.conf_\n"
	"\n"
	"# SEE ALSO\n"
	"\n"
	"*sallyport*(1), *sallyportd*(8), *sallyport-dp*(8)\n";

void config_doc_manual(FILE *stream)
{
	char key[CONFIG_KEY_SIZE];
	size_t group_length = 0;
	const char *group = "";

	fputs(manual_head, stream);
	for (const struct config_option *option = config_options; option->key; option++) {
		if (strncmp(option->key, group, group_length + 1) != 0 || group_length == 0) {
			group = option->key;
			group_length = strcspn(group, ".");
			fprintf(stream, "## %.*s\n\n%s\n\n", (int)group_length, group,
				group_help(group, group_length));
		}
		print_manual_option(stream, option, option->key);
		for (const struct config_option *member = option->members; member && member->key;
		     member++) {
			snprintf(key, sizeof(key), "%s[].%s", option->key, member->key);
			print_manual_option(stream, member, key);
		}
	}
	fputs(manual_foot, stream);
}

static void print_markdown_option(FILE *stream, const struct config_option *option, const char *key)
{
	char value[TEXT_SIZE], fallback[TEXT_SIZE];
	const char *tick;

	describe(option, value);
	describe_default(option, fallback);
	tick = option->fallback && fallback[0] ? "`" : "";
	fprintf(stream, "| `%s` | %s | %s%s%s | %s | %s |\n", key, value, tick, fallback, tick,
		config_apply_name(option->apply), option->help);
}

void config_doc_markdown(FILE *stream)
{
	char key[CONFIG_KEY_SIZE];

	fputs("<!-- SPDX-License-Identifier: BSD-3-Clause -->\n"
	      "<!-- Made from the table in bpf/host/config/options.c. -->\n"
	      "# Options of sallyport.conf\n"
	      "\n"
	      "| option | value | default | after a change | meaning |\n"
	      "|---|---|---|---|---|\n",
	      stream);
	for (const struct config_option *option = config_options; option->key; option++) {
		print_markdown_option(stream, option, option->key);
		for (const struct config_option *member = option->members; member && member->key;
		     member++) {
			snprintf(key, sizeof(key), "%s[].%s", option->key, member->key);
			print_markdown_option(stream, member, key);
		}
	}
}
