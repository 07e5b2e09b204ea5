/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration as it counts, for people: an option a line, with what nobody said. */
#include "host/config_table.h"

#include <inttypes.h>
#include <string.h>

#include "host/addr.h"
#include "host/boottime.h"

/* What is printed beside keys and values. */
struct style {
	bool all;			      /* free texts too */
	const struct config_reading *reading; /* where each value stands; NULL: whether it does */
};

static bool is_free_text(const struct config_option *option)
{
	return option->type == CONFIG_STRING || option->type == CONFIG_NAME;
}

static void print_duration(FILE *stream, const void *value)
{
	char text[32];
	uint64_t ns;

	memcpy(&ns, value, sizeof(ns));
	fprintf(stream, "\"%s\"", config_duration_format(ns, text, sizeof(text)));
}

static void print_rate(FILE *stream, const struct config_rate *rate)
{
	const char *unit = rate->period_ns == NS_PER_S	      ? "s"
			   : rate->period_ns == 60 * NS_PER_S ? "m"
							      : "h";

	if (rate->count == 0)
		fputs("\"0\"", stream);
	else
		fprintf(stream, "\"%" PRIu64 "/%s\"", rate->count, unit);
}

static void print_choice(FILE *stream, const struct config_option *option, const void *value)
{
	int number;

	memcpy(&number, value, sizeof(number));
	for (const struct config_choice *choice = option->choices; choice->name; choice++)
		if (choice->value == number)
			fprintf(stream, "\"%s\"", choice->name);
}

static void print_listen(FILE *stream, const struct config_listen *listen)
{
	char text[ADDR_TEXT_BYTES];
	bool v6 = addr_family(&listen->addr) == 6;

	if (!listen->enabled)
		fputs("\"\"", stream);
	else
		fprintf(stream, v6 ? "\"[%s]:%u\"" : "\"%s:%u\"", addr_format(&listen->addr, text),
			listen->port);
}

static void print_number(FILE *stream, enum config_type type, const void *value)
{
	int64_t wide;
	uint32_t narrow;

	if (type == CONFIG_UID) {
		memcpy(&wide, value, sizeof(wide));
		fprintf(stream, "%" PRId64, wide);
	} else {
		memcpy(&narrow, value, sizeof(narrow));
		fprintf(stream, "%" PRIu32, narrow);
	}
}

static void print_ports(FILE *stream, const struct config_range *range)
{
	fprintf(stream, range->first == range->last ? "\"%u\"" : "\"%u-%u\"", range->first,
		range->last);
}

static void print_address(FILE *stream, const struct sp_prefix *value)
{
	char text[ADDR_PREFIX_BYTES];

	if (value->mask.word_be[3])
		addr_format(&value->addr, text);
	else
		addr_prefix_format(value, text);
	fprintf(stream, "\"%s\"", text);
}

static void print_value(FILE *stream, const struct config_option *option, const void *value)
{
	char text[ADDR_PREFIX_BYTES];

	switch (option->type) {
	case CONFIG_STRING:
	case CONFIG_NAME:
	case CONFIG_PATH:
	case CONFIG_INTERFACE:
	case CONFIG_HOST:
		fprintf(stream, "\"%s\"", (const char *)value);
		break;
	case CONFIG_BOOL:
		fputs(*(const bool *)value ? "true" : "false", stream);
		break;
	case CONFIG_INTEGER:
	case CONFIG_UID:
		print_number(stream, option->type, value);
		break;
	case CONFIG_DURATION:
		print_duration(stream, value);
		break;
	case CONFIG_RATE:
		print_rate(stream, value);
		break;
	case CONFIG_CHOICE:
		print_choice(stream, option, value);
		break;
	case CONFIG_ADDRESS:
		print_address(stream, value);
		break;
	case CONFIG_LISTEN:
		print_listen(stream, value);
		break;
	case CONFIG_PREFIX:
		fprintf(stream, "\"%s\"", addr_prefix_format(value, text));
		break;
	case CONFIG_PORTS:
		print_ports(stream, value);
		break;
	case CONFIG_GROUPS:
		break;
	}
}

static void print_source(FILE *stream, const struct style *style, const void *value, bool given)
{
	const struct config_place *place =
		style->reading ? config_reading_find(style->reading, value) : NULL;

	if (place)
		fprintf(stream, "  # %s:%u\n", style->reading->file, place->line);
	else
		fputs(given && !style->reading ? "\n" : "  # default\n", stream);
}

static void print_line(FILE *stream, const struct config_option *option, const void *value,
		       const char *key, bool given, const struct style *style)
{
	fprintf(stream, "%s = ", key);
	if (!style->all && is_free_text(option) && !option->harmless && *(const char *)value)
		fputs(CONFIG_LEFT_OUT, stream);
	else
		print_value(stream, option, value);
	print_source(stream, style, value, given);
}

static void print_item(FILE *stream, const struct config_option *option, const void *item,
		       const char *key, bool given, const struct style *style);

static void print_list(FILE *stream, const struct config_option *option, const void *base,
		       const char *key, bool given, const struct style *style)
{
	const char *items = (const char *)base + option->offset;
	char item_key[2 * CONFIG_KEY_SIZE];
	uint32_t nr;

	memcpy(&nr, (const char *)base + option->nr_offset, sizeof(nr));
	if (nr == 0)
		fprintf(stream, "%s = [ ]%s", key, given ? "\n" : "  # default\n");
	for (uint32_t i = 0; i < nr; i++) {
		snprintf(item_key, sizeof(item_key), "%s[%u]", key, i);
		if (option->members)
			print_item(stream, option, items + i * option->size, item_key, given,
				   style);
		else
			print_line(stream, option, items + i * option->size, item_key, given,
				   style);
	}
}

static void print_option(FILE *stream, const struct config_option *option, const void *base,
			 const char *key, bool given, const struct style *style)
{
	if (option->max_items)
		print_list(stream, option, base, key, given, style);
	else
		print_line(stream, option, (const char *)base + option->offset, key, given, style);
}

static void print_item(FILE *stream, const struct config_option *option, const void *item,
		       const char *key, bool given, const struct style *style)
{
	char member_key[3 * CONFIG_KEY_SIZE];

	for (const struct config_option *member = option->members; member->key; member++) {
		snprintf(member_key, sizeof(member_key), "%s.%s", key, member->key);
		print_option(stream, member, item, member_key, given, style);
	}
}

static void print_all(const struct config *config, FILE *stream, const struct style *style)
{
	for (unsigned int i = 0; config_options[i].key; i++)
		print_option(stream, &config_options[i], config, config_options[i].key,
			     config->given[i], style);
}

void config_print(const struct config *config, FILE *stream)
{
	print_all(config, stream, &(struct style){0});
}

void config_print_read(const struct config_reading *reading, FILE *stream)
{
	print_all(reading->config, stream, &(struct style){.all = true, .reading = reading});
}

void config_print_key(const struct config *config, const char *key, FILE *stream)
{
	int i = config_option_find(key);

	if (i >= 0)
		print_option(stream, &config_options[i], config, key, true,
			     &(struct style){.all = true});
}
