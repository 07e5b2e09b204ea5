/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two interfaces' drivers say of themselves, and what the kernel said of them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bundle/bundle.h"
#include "cli/bundle/redact/redact.h"
#include "host/config.h"

#define DMESG_FILE  "dmesg.json"
#define DMESG_LINES 500

/* A look by ethtool: driver, offloads, channels. */
static const struct look {
	const char *file;
	const char *option;
	bool builds;
	bool sections; /* a line without a value is a heading */
} looks[] = {
	{"public_driver.json", "-i", false, false},  {"public_features.json", "-k", false, false},
	{"public_channels.json", "-l", false, true}, {"builds_driver.json", "-i", true, false},
	{"builds_features.json", "-k", true, false}, {"builds_channels.json", "-l", true, true},
};

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* Adds "NAME: VALUE", below a heading if there was one. */
static void take_line(json_t *object, const struct look *look, char *line, char heading[64])
{
	char *colon = strchr(line, ':'), key[128];

	if (!colon)
		return;
	*colon++ = '\0';
	colon = trim(colon);
	line = trim(line);
	if (look->sections && !*colon) {
		snprintf(heading, 64, "%.60s: ", strstr(line, " for ") ? "" : line);
		return;
	}
	snprintf(key, sizeof(key), "%s%.60s", look->sections ? heading : "", line);
	json_object_set_new(object, key, json_string(colon));
}

static void gather_look(struct bundle *bundle, const struct look *look)
{
	const char *const argv[] = {
		"ethtool", look->option,
		look->builds ? bundle->config->builds.interface : bundle->config->public.interface,
		NULL};
	char *text = bundle_run(bundle, look->file, argv), *rest = text, *line, heading[64] = "";
	json_t *object;

	if (!text)
		return;
	object = json_object();
	while ((line = strsep(&rest, "\n")))
		take_line(object, look, line, heading);
	free(text);
	bundle_add_text(bundle, look->file, object ? json_dumps(object, JSON_INDENT(1)) : NULL);
	json_decref(object);
}

/* Result: whether a line of the kernel is about one of the interfaces, or programs in general. */
static bool is_about(const struct config *config, const char *line)
{
	return strstr(line, config->public.interface) || strstr(line, config->builds.interface) ||
	       strcasestr(line, "xdp") || strcasestr(line, "bpf") || strcasestr(line, "sallyport");
}

static void gather_dmesg(struct bundle *bundle)
{
	static const char *const argv[] = {"dmesg", NULL};
	char *text = bundle_run(bundle, DMESG_FILE, argv), *rest = text, *line;
	json_t *lines;

	if (!text)
		return;
	lines = json_array();
	while ((line = strsep(&rest, "\n"))) {
		char *seen = is_about(bundle->config, line) ? redact_log(bundle->pseudonyms, line)
							    : NULL;

		if (seen)
			json_array_append_new(lines, json_string(seen));
		free(seen);
		if (json_array_size(lines) > DMESG_LINES)
			json_array_remove(lines, 0);
	}
	free(text);
	bundle_add_text(bundle, DMESG_FILE, lines ? json_dumps(lines, JSON_INDENT(1)) : NULL);
	json_decref(lines);
}

void bundle_devices_gather(struct bundle *bundle)
{
	if (!bundle->config)
		return;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		gather_look(bundle, &looks[i]);
	gather_dmesg(bundle);
}
