/* SPDX-License-Identifier: BSD-3-Clause */
/* From libconfig's tree, by the table of options, into struct config. */
#include "host/config_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "host/addr.h"
#include "host/config_syntax.h"

static unsigned int line_of(const config_setting_t *setting)
{
	return (unsigned int)config_setting_source_line(setting);
}

/* Where a value itself stands; of items libconfig may say where the next token does. */
static unsigned int line_of_value(const config_setting_t *setting)
{
	const struct config_literal *literal = config_setting_get_hook(setting);

	return literal ? literal->line : line_of(setting);
}

/* Numbers are read as they are written: libconfig cuts them to 32 bits. */
static struct config_value number_of(const config_setting_t *setting)
{
	const struct config_literal *literal = config_setting_get_hook(setting);

	return (struct config_value){.form = CONFIG_FORM_NUMBER,
				     .number = literal->number,
				     .written = literal->at,
				     .written_length = literal->length};
}

static struct config_value value_of(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_STRING:
		return (struct config_value){.form = CONFIG_FORM_STRING,
					     .string = config_setting_get_string(setting)};
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return number_of(setting);
	case CONFIG_TYPE_BOOL:
		return (struct config_value){.form = CONFIG_FORM_BOOL,
					     .number = config_setting_get_bool(setting)};
	case CONFIG_TYPE_FLOAT:
		return (struct config_value){.form = CONFIG_FORM_FLOAT};
	case CONFIG_TYPE_GROUP:
		return (struct config_value){.form = CONFIG_FORM_GROUP};
	default:
		return (struct config_value){.form = CONFIG_FORM_LIST};
	}
}

static void parse_value(struct config_reading *reading, const struct config_option *option,
			void *target, const config_setting_t *setting, const char *key)
{
	struct config_place place = {.value = target, .line = line_of_value(setting)};
	struct config_value value = value_of(setting);
	char problem[CONFIG_PROBLEM_SIZE];

	if (config_value_parse(option, &value, target, problem) < 0) {
		config_reading_fail(reading, place.line, key, "%s", problem);
		return;
	}
	config_key(place.key, "%s", key);
	config_reading_place(reading, &place);
}

/* Gives a value its default; a list has one item then, or none where the default is empty. */
static void fall_back(const struct config_option *option, void *base)
{
	struct config_value value = config_value_fallback(option);
	char problem[CONFIG_PROBLEM_SIZE];
	uint32_t nr = option->fallback[0] != '\0';

	if (option->max_items)
		memcpy((char *)base + option->nr_offset, &nr, sizeof(nr));
	if (option->max_items && nr == 0)
		return;
	config_value_parse(option, &value, (char *)base + option->offset, problem);
}

static void parse_option(struct config_reading *reading, const struct config_option *option,
			 void *base, const config_setting_t *setting, const char *key);

static void fail_unknown(struct config_reading *reading, const struct config_option *options,
			 const char *prefix, const config_setting_t *setting, const char *key)
{
	char suggestion[CONFIG_KEY_SIZE];

	if (config_suggest(options, prefix, config_setting_name(setting), suggestion))
		config_reading_fail(reading, line_of(setting), key,
				    "is not a known key; did you mean %s?", suggestion);
	else
		config_reading_fail(reading, line_of(setting), key, "is not a known key");
}

/* Gives each member that the group lacks its default, or says that it is required. */
static void complete_item(struct config_reading *reading, const struct config_option *members,
			  void *item, const config_setting_t *setting, const char *key)
{
	char member_key[CONFIG_KEY_SIZE];

	for (; members->key; members++) {
		if (config_setting_get_member(setting, members->key))
			continue;
		if (members->fallback) {
			fall_back(members, item);
			continue;
		}
		config_key(member_key, "%s.%s", key, members->key);
		config_reading_fail(reading, line_of(setting), member_key, "is required");
	}
}

static const struct config_option *find_member(const struct config_option *members,
					       const char *name)
{
	for (; members->key; members++)
		if (strcmp(members->key, name) == 0)
			return members;
	return NULL;
}

/* One group of a list of groups. */
static void parse_item(struct config_reading *reading, const struct config_option *option,
		       void *item, const config_setting_t *setting, const char *key)
{
	struct config_place place = {.value = item, .group = true, .line = line_of(setting)};
	char child_key[CONFIG_KEY_SIZE];

	if (!config_setting_is_group(setting)) {
		config_reading_fail(reading, line_of_value(setting), key, "must be a group { … }");
		return;
	}
	config_key(place.key, "%s", key);
	config_reading_place(reading, &place);
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *child = config_setting_get_elem(setting, (unsigned int)i);
		const struct config_option *member =
			find_member(option->members, config_setting_name(child));

		config_key(child_key, "%s.%s", key, config_setting_name(child));
		if (member)
			parse_option(reading, member, item, child, child_key);
		else
			fail_unknown(reading, option->members, "", child, child_key);
	}
	complete_item(reading, option->members, item, setting, key);
}

static bool is_list(const config_setting_t *setting)
{
	return config_setting_is_array(setting) || config_setting_is_list(setting);
}

static void parse_list(struct config_reading *reading, const struct config_option *option,
		       void *base, const config_setting_t *setting, const char *key)
{
	uint32_t nr = is_list(setting) ? (uint32_t)config_setting_length(setting) : 0;
	char item_key[CONFIG_KEY_SIZE];

	if (!is_list(setting)) {
		config_reading_fail(reading, line_of(setting), key, "must be a list %s",
				    option->type == CONFIG_GROUPS ? "of groups ( { … } )"
								  : "in brackets [ … ]");
		return;
	}
	if (nr < option->min_items)
		config_reading_fail(reading, line_of(setting), key, "must have at least one item");
	if (nr > option->max_items) {
		config_reading_fail(reading, line_of(setting), key,
				    "has %u items, at most %u are possible", nr, option->max_items);
		nr = option->max_items;
	}
	for (uint32_t i = 0; i < nr; i++) {
		const config_setting_t *child = config_setting_get_elem(setting, i);
		void *item = (char *)base + option->offset + i * option->size;

		config_key(item_key, "%s[%u]", key, i);
		if (option->type == CONFIG_GROUPS)
			parse_item(reading, option, item, child, item_key);
		else
			parse_value(reading, option, item, child, item_key);
	}
	memcpy((char *)base + option->nr_offset, &nr, sizeof(nr));
}

static void parse_option(struct config_reading *reading, const struct config_option *option,
			 void *base, const config_setting_t *setting, const char *key)
{
	if (option->max_items)
		parse_list(reading, option, base, setting, key);
	else
		parse_value(reading, option, (char *)base + option->offset, setting, key);
}

static bool is_in(const struct config_option *option, const char *group)
{
	size_t length = strlen(group);

	return strncmp(option->key, group, length) == 0 && option->key[length] == '.';
}

static bool is_group(const char *key)
{
	for (unsigned int i = 0; config_options[i].key; i++)
		if (is_in(&config_options[i], key))
			return true;
	return false;
}

static void block(struct config_reading *reading, const char *group)
{
	for (unsigned int i = 0; config_options[i].key; i++)
		if (is_in(&config_options[i], group))
			reading->blocked[i] = true;
}

/* Result: whether a duration stands there as a number, which has no unit; 0 needs none. */
static bool is_bare(const struct config_option *option, const config_setting_t *setting)
{
	struct config_value value = value_of(setting);

	return option->type == CONFIG_DURATION && value.form == CONFIG_FORM_NUMBER &&
	       value.number != 0;
}

/* A group of the file. Recursion ends with the groups that the table knows. */
static void parse_group(struct config_reading *reading, const config_setting_t *group,
			const char *prefix)
{
	char key[CONFIG_KEY_SIZE], deeper[CONFIG_KEY_SIZE];

	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *child = config_setting_get_elem(group, (unsigned int)i);
		int index;

		config_key(key, "%s%s", prefix, config_setting_name(child));
		index = config_option_find(key);
		if (index >= 0) {
			reading->config->given[index] = true;
			reading->config->bare[index] = is_bare(&config_options[index], child);
			parse_option(reading, &config_options[index], reading->config, child, key);
		} else if (!is_group(key)) {
			fail_unknown(reading, config_options, prefix, child, key);
		} else if (config_setting_is_group(child)) {
			config_key(deeper, "%s.", key);
			parse_group(reading, child, deeper);
		} else {
			block(reading, key);
			config_reading_fail(reading, line_of(child), key, "must be a group { … }");
		}
	}
}

/* Result: the line of the group that an absent key belongs in, 1 if that is absent too. */
static unsigned int line_of_group(const config_t *tree, const char *key)
{
	char group[CONFIG_KEY_SIZE];
	const config_setting_t *setting;

	config_key(group, "%.*s", (int)strcspn(key, "."), key);
	setting = config_lookup(tree, group);
	return setting ? line_of(setting) : 1;
}

/* Gives each option that the file lacks its default, or says that it is required. */
static void complete(struct config_reading *reading, const config_t *tree)
{
	for (unsigned int i = 0; config_options[i].key; i++) {
		const struct config_option *option = &config_options[i];

		if (reading->config->given[i] || reading->blocked[i])
			continue;
		if (option->fallback)
			fall_back(option, reading->config);
		else
			config_reading_fail(reading, line_of_group(tree, option->key), option->key,
					    "is required");
	}
}

/* People are told the address that packets carry, unless the file says another. */
static void complete_advertise(struct config *config)
{
	for (uint32_t i = 0; i < config->public.nr_addresses; i++) {
		struct config_public *address = &config->public.addresses[i];

		struct sp_prefix prefix = config_prefix(address);

		if (address->advertise[0])
			continue;
		if (config_is_prefix(address))
			addr_prefix_format(&prefix, address->advertise);
		else
			addr_format(&address->bind, address->advertise);
	}
}

/* Hangs each literal at the setting that it is the value of. Result: the first that is left. */
static unsigned int hang(config_setting_t *setting, const struct config_syntax *syntax,
			 unsigned int at)
{
	if (!config_setting_is_aggregate(setting)) {
		if (at < syntax->nr_literals)
			config_setting_set_hook(setting, &syntax->literals[at]);
		return at + 1;
	}
	for (int i = 0; i < config_setting_length(setting); i++)
		at = hang(config_setting_get_elem(setting, (unsigned int)i), syntax, at);
	return at;
}

static void parse_tree(struct config_reading *reading, const struct config_syntax *syntax,
		       config_t *tree)
{
	/* Both must have seen the same; whatever else libconfig may find. */
	if (!config_read_string(tree, syntax->text)) {
		config_reading_fail(reading, (unsigned int)config_error_line(tree), NULL, "%s",
				    config_error_text(tree));
		return;
	}
	if (hang(config_root_setting(tree), syntax, 0) != syntax->nr_literals) {
		config_reading_fail(reading, 0, NULL,
				    "libconfig reads other values than stand here");
		return;
	}
	parse_group(reading, config_root_setting(tree), "");
	complete(reading, tree);
	complete_advertise(reading->config);
}

void config_parse(struct config_reading *reading, const char *text)
{
	struct config_syntax syntax;
	config_t tree;

	if (config_syntax_read(reading, text, &syntax) < 0)
		return;
	config_init(&tree);
	parse_tree(reading, &syntax, &tree);
	config_destroy(&tree);
	config_syntax_free(&syntax);
}
