/* SPDX-License-Identifier: BSD-3-Clause */
/* What the host says: versions, settings of the kernel, interfaces, routes, BPF. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <bpf/libbpf.h>

#include "cli/bundle/bundle.h"
#include "host/config.h"

/* A command that prints JSON, and the file that it becomes. */
struct source {
	const char *file;
	const char *argv[10];
	const struct redact_rules *rules;
};

static const struct source sources[] = {
	{"interfaces.json", {"ip", "-j", "-s", "-d", "address", "show"}, &redact_rules_interfaces},
	{"routes4.json", {"ip", "-4", "-j", "route", "show", "table", "all"}, &redact_rules_routes},
	{"routes6.json", {"ip", "-6", "-j", "route", "show", "table", "all"}, &redact_rules_routes},
	{"rules4.json", {"ip", "-4", "-j", "rule", "show"}, &redact_rules_of_routing},
	{"rules6.json", {"ip", "-6", "-j", "rule", "show"}, &redact_rules_of_routing},
	{"neighbours.json", {"ip", "-j", "-s", "neighbour", "show"}, &redact_rules_neighbours},
	{"bpf_net.json", {"bpftool", "-j", "net", "show"}, &redact_rules_bpf},
	{"bpf_links.json", {"bpftool", "-j", "link", "show"}, &redact_rules_bpf},
};

static const char *const package_list[] = {"dpkg-query", "-W", "-f",
					   "${Package} ${Version} ${db:Status-Status}\\n", NULL};

static const char *const packages[] = {"sallyport",	    "dpdk",   "librte-eal",
				       "librte-net-af-xdp", "libbpf", "libxdp"};

static void gather_json(struct bundle *bundle, const struct source *source)
{
	char *text = bundle_run(bundle, source->file, source->argv);
	json_t *json;

	if (!text)
		return;
	/* ip prints nothing at all where there is nothing. */
	json = *text ? json_loads(text, 0, NULL) : json_array();
	free(text);
	if (json)
		bundle_add_json(bundle, source->file, source->rules, json);
	else
		bundle_miss(bundle, source->file, "%s prints no JSON", source->argv[0]);
}

static void add_object(struct bundle *bundle, const char *file, json_t *object)
{
	bundle_add_text(bundle, file, object ? json_dumps(object, JSON_INDENT(1)) : NULL);
	json_decref(object);
}

/* Result: the value of NAME="value" in /etc/os-release, or NULL. */
static json_t *read_system(void)
{
	char line[256], name[128];
	FILE *in = fopen("/etc/os-release", "re");
	json_t *found = json_null();

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "PRETTY_NAME=\"%127[^\"]\"", name) == 1)
			found = json_string(name);
	if (in)
		fclose(in);
	return found;
}

static void gather_versions(struct bundle *bundle)
{
	struct utsname kernel;

	uname(&kernel);
	add_object(bundle, "versions.json",
		   json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "sallyport", SALLYPORT_VERSION,
			     "libbpf", libbpf_version_string(), "kernel", kernel.release,
			     "kernel_version", kernel.version, "machine", kernel.machine, "system",
			     read_system()));
}

static bool is_relevant(const char *package)
{
	for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++)
		if (strncmp(package, packages[i], strlen(packages[i])) == 0)
			return true;
	return false;
}

/* Those that are installed: DPDK's and libxdp's versions are those of their packages. */
static void gather_packages(struct bundle *bundle)
{
	char *text = bundle_run(bundle, "packages.json", package_list), *line, *rest = text;
	char name[128], version[128], status[32];
	json_t *object;

	if (!text)
		return;
	object = json_object();
	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, "%127s %127s %31s", name, version, status) == 3 &&
		    strcmp(status, "installed") == 0 && is_relevant(name))
			json_object_set_new(object, name, json_string(version));
	free(text);
	add_object(bundle, "packages.json", object);
}

/* Adds the first line of a file of /proc/sys, null if there is none. */
static void read_sysctl(json_t *object, const char *name)
{
	char path[128], line[256] = "";
	FILE *in;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	in = fopen(path, "re");
	if (in && !fgets(line, sizeof(line), in))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	json_object_set_new(object, name, in ? json_string(line) : json_null());
	if (in)
		fclose(in);
}

static void read_forwarding(json_t *object, const char *interface)
{
	char name[96];

	for (unsigned int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "net/ipv%c/conf/%s/forwarding", i ? '6' : '4',
			 interface);
		read_sysctl(object, name);
	}
}

/* Those that doctor looks at, and what they are about. */
static void gather_sysctls(struct bundle *bundle)
{
	static const char *const names[] = {"net/ipv4/ip_forward", "net/ipv4/ip_local_port_range",
					    "net/ipv4/ip_local_reserved_ports", "vm/nr_hugepages"};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		read_sysctl(object, names[i]);
	read_forwarding(object, "lo");
	if (bundle->config) {
		read_forwarding(object, bundle->config->public.interface);
		read_forwarding(object, bundle->config->builds.interface);
	}
	add_object(bundle, "sysctls.json", object);
}

void bundle_host_gather(struct bundle *bundle)
{
	gather_versions(bundle);
	gather_packages(bundle);
	gather_sysctls(bundle);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		gather_json(bundle, &sources[i]);
}
