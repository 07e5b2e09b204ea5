/* SPDX-License-Identifier: BSD-3-Clause */
/* One value of one option: its type, its limits, and what to say when they do not fit. */
#include "host/config_table.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/addr.h"
#include "host/boottime.h"
#include "host/log.h"

static const struct {
	const char *name;
	const char *example; /* as it stands in a file */
} types[] = {
	[CONFIG_STRING] = {"a text", "\"edge-1\""},
	[CONFIG_NAME] = {"a name", "\"sallyport\""},
	[CONFIG_PATH] = {"an absolute path", "\"/run/sallyport\""},
	[CONFIG_INTERFACE] = {"the name of an interface", "\"eth0\""},
	[CONFIG_HOST] = {"an address or a host name", "\"ssh.example.org\""},
	[CONFIG_BOOL] = {"true or false", NULL},
	[CONFIG_INTEGER] = {"a whole number", NULL},
	[CONFIG_UID] = {"a whole number", NULL},
	[CONFIG_DURATION] = {"a duration", "\"1h30m\""},
	[CONFIG_RATE] = {"a rate", "\"10/s\""},
	[CONFIG_CHOICE] = {"one of", NULL},
	[CONFIG_ADDRESS] = {"an address", "\"192.0.2.1\""},
	[CONFIG_LISTEN] = {"an address and a port", "\"127.0.0.1:9464\""},
	[CONFIG_PREFIX] = {"a network", "\"10.0.0.0/16\""},
	[CONFIG_PORTS] = {"ports", "\"64535-65535\" or \"22\""},
	[CONFIG_GROUPS] = {"a list of groups", "( { … } )"},
};

static const char *const forms[] = {
	[CONFIG_FORM_STRING] = "a text",  [CONFIG_FORM_NUMBER] = "a number",
	[CONFIG_FORM_BOOL] = "a boolean", [CONFIG_FORM_FLOAT] = "a decimal number",
	[CONFIG_FORM_LIST] = "a list",	  [CONFIG_FORM_GROUP] = "a group",
};

const char *config_type_name(enum config_type type)
{
	return types[type].name;
}

const char *config_quote(const char *text, char ret_text[CONFIG_QUOTE_SIZE])
{
	char escaped[CONFIG_QUOTE_SIZE - 2];

	log_escape(text, escaped, sizeof(escaped));
	snprintf(ret_text, CONFIG_QUOTE_SIZE, escaped[0] == '"' ? "%s" : "\"%s\"", escaped);
	return ret_text;
}

static int __attribute__((format(printf, 2, 3))) say(char *ret_problem, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_problem, CONFIG_PROBLEM_SIZE, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* Adds what was probably meant to what is said of a text, if that can be guessed. */
static int add_guess(const struct config_option *option, const char *text, char *ret_problem)
{
	char meant[CONFIG_QUOTE_SIZE];
	size_t length = strlen(ret_problem);

	if (config_meant(option, text, meant))
		snprintf(ret_problem + length, CONFIG_PROBLEM_SIZE - length,
			 "; did you mean \"%s\"?", meant);
	return -EINVAL;
}

/* "x" is not …, such as …. */
static int say_malformed(const struct config_option *option, const char *text, char *ret_problem)
{
	char quoted[CONFIG_QUOTE_SIZE];

	say(ret_problem, "%s is not %s such as %s", config_quote(text, quoted),
	    types[option->type].name, types[option->type].example);
	return add_guess(option, text, ret_problem);
}

static void list_choices(const struct config_choice *choices, char *ret_text, size_t size_bytes)
{
	size_t at = 0;

	for (; choices->name && at < size_bytes; choices++)
		at += (size_t)snprintf(ret_text + at, size_bytes - at, "\"%s\"%s", choices->name,
				       choices[1].name ? ", " : "");
}

static int say_form(const struct config_option *option, const struct config_value *value,
		    char *ret_problem)
{
	const char *example = types[option->type].example;
	char choices[CONFIG_QUOTE_SIZE], meant[CONFIG_QUOTE_SIZE];

	if (option->type == CONFIG_CHOICE) {
		list_choices(option->choices, choices, sizeof(choices));
		return say(ret_problem, "must be one of %s, not %s", choices, forms[value->form]);
	}
	if (option->type == CONFIG_INTEGER && value->form == CONFIG_FORM_STRING &&
	    config_meant(option, value->string, meant))
		return say(ret_problem, "must be %s%s%s, not a text; did you mean %s?",
			   types[option->type].name, option->unit ? " of " : "",
			   option->unit ? option->unit : "", meant);
	return say(ret_problem, "must be %s%s%s%s%s, not %s", types[option->type].name,
		   option->unit ? " of " : "", option->unit ? option->unit : "",
		   example ? " such as " : "", example ? example : "", forms[value->form]);
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

/* What every text must be. */
static int check_text(const struct config_option *option, const char *text, char *ret_problem)
{
	char quoted[CONFIG_QUOTE_SIZE];

	if (!text[0] && !option->optional_text)
		return say(ret_problem, "must not be empty");
	if (strlen(text) >= option->size)
		return say(ret_problem, "is %zu characters long, at most %zu are possible",
			   strlen(text), option->size - 1);
	if (!is_printable(text))
		return say(ret_problem, "%s has a control character", config_quote(text, quoted));
	return 0;
}

/* A user, a group, a part of a host name: nothing that any program could mistake. */
static bool is_word(const char *text, const char *marks)
{
	if (!isalnum((unsigned char)text[0]) && text[0] != '_')
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(marks, *text))
			return false;
	return true;
}

static bool is_host(const char *text)
{
	struct sp_addr addr;

	if (addr_parse(text, &addr) == 0)
		return true;
	/* All digits and dots: an address with a slip, not a name. */
	if (strspn(text, "0123456789.") == strlen(text) || strstr(text, ".."))
		return false;
	return is_word(text, "-.") && text[strlen(text) - 1] != '.';
}

static bool is_interface(const char *text)
{
	return strcmp(text, ".") != 0 && strcmp(text, "..") != 0 && !strpbrk(text, " /:%\"'");
}

static int check_path(const char *text, char *ret_problem)
{
	char quoted[CONFIG_QUOTE_SIZE];

	if (text[0] != '/')
		return say(ret_problem, "%s is not an absolute path", config_quote(text, quoted));
	if (strstr(text, "/../") || strstr(text, "//") ||
	    (strlen(text) >= 3 && strcmp(text + strlen(text) - 3, "/..") == 0))
		return say(ret_problem, "%s has an empty part or \"..\" in it",
			   config_quote(text, quoted));
	return 0;
}

static int parse_text(const struct config_option *option, const char *text, void *ret_value,
		      char *ret_problem)
{
	int r = check_text(option, text, ret_problem);

	if (r == 0 && text[0] && option->type == CONFIG_PATH)
		r = check_path(text, ret_problem);
	if (r < 0)
		return r;
	if (text[0] && ((option->type == CONFIG_NAME && !is_word(text, "-_.")) ||
			(option->type == CONFIG_HOST && !is_host(text)) ||
			(option->type == CONFIG_INTERFACE && !is_interface(text))))
		return say_malformed(option, text, ret_problem);
	memset(ret_value, 0, option->size);
	strcpy(ret_value, text);
	return 0;
}

static int parse_choice(const struct config_option *option, const char *text, void *ret_value,
			char *ret_problem)
{
	char names[CONFIG_QUOTE_SIZE], quoted[CONFIG_QUOTE_SIZE];

	for (const struct config_choice *choice = option->choices; choice->name; choice++) {
		if (strcmp(choice->name, text) != 0)
			continue;
		memcpy(ret_value, &choice->value, sizeof(choice->value));
		return 0;
	}
	list_choices(option->choices, names, sizeof(names));
	say(ret_problem, "%s is not one of %s", config_quote(text, quoted), names);
	return add_guess(option, text, ret_problem);
}

/* Result: how much of a number, as it is written, a message shows. */
static int written_length(const struct config_value *value)
{
	return value->written_length < 40 ? (int)value->written_length : 40;
}

static int parse_number(const struct config_option *option, const struct config_value *value,
			void *ret_value, char *ret_problem)
{
	int64_t number = value->number;
	bool absent = option->type == CONFIG_UID && !value->written;
	uint32_t narrow = (uint32_t)number;

	if (!absent &&
	    (number < 0 || (uint64_t)number < option->min || (uint64_t)number > option->max))
		return say(ret_problem, "is %.*s, but must be from %" PRIu64 " to %" PRIu64,
			   written_length(value), value->written, option->min, option->max);
	if (option->type == CONFIG_UID)
		memcpy(ret_value, &number, sizeof(number));
	else
		memcpy(ret_value, &narrow, sizeof(narrow));
	return 0;
}

static int parse_duration(const struct config_option *option, const struct config_value *value,
			  void *ret_value, char *ret_problem)
{
	char text[32], min[32], max[32], quoted[CONFIG_QUOTE_SIZE];
	uint64_t ns;
	int r = 0;

	if (value->form == CONFIG_FORM_STRING) {
		r = config_duration_parse(value->string, &ns);
		config_quote(value->string, quoted);
	} else {
		snprintf(text, sizeof(text), "%" PRId64 "s", value->number);
		r = config_duration_parse(text, &ns);
		snprintf(quoted, sizeof(quoted), "%.*s seconds", written_length(value),
			 value->written);
	}
	if (r < 0) {
		say(ret_problem,
		    "%s is not a duration such as \"1h30m\" (d, h, m, s, ms, us), of at most %s",
		    quoted, config_duration_format(option->max, max, sizeof(max)));
		return value->form == CONFIG_FORM_STRING
			       ? add_guess(option, value->string, ret_problem)
			       : -EINVAL;
	}
	if (ns < option->min || ns > option->max)
		return say(ret_problem, "is %s, but must be from %s to %s",
			   config_duration_format(ns, text, sizeof(text)),
			   config_duration_format(option->min, min, sizeof(min)),
			   config_duration_format(option->max, max, sizeof(max)));
	memcpy(ret_value, &ns, sizeof(ns));
	return 0;
}

static int parse_prefix(const struct config_option *option, const char *text, void *ret_value,
			char *ret_problem)
{
	char quoted[CONFIG_QUOTE_SIZE], meant[ADDR_PREFIX_BYTES];
	struct sp_prefix prefix;
	int r = addr_prefix_parse(text, &prefix);

	if (r == -EDOM)
		return say(ret_problem, "%s has bits set beyond its length; did you mean \"%s\"?",
			   config_quote(text, quoted), addr_prefix_format(&prefix, meant));
	if (r < 0)
		return say_malformed(option, text, ret_problem);
	if (!strchr(text, '/'))
		return say(ret_problem,
			   "%s has no length: a network is such as \"10.0.0.0/16\", one address "
			   "alone is \"%s\"",
			   config_quote(text, quoted), addr_prefix_format(&prefix, meant));
	memcpy(ret_value, &prefix, sizeof(prefix));
	return 0;
}

/* An address, or with its length the prefix of sessions' own. */
static int parse_address(const struct config_option *option, const char *text, void *ret_value,
			 char *ret_problem)
{
	char quoted[CONFIG_QUOTE_SIZE];
	struct sp_prefix prefix;
	unsigned int length;

	if (addr_prefix_parse(text, &prefix) < 0 ||
	    (strchr(text, '/') && addr_family(&prefix.addr) == 4))
		return say_malformed(option, text, ret_problem);
	length = addr_prefix_length(&prefix);
	if (strchr(text, '/') &&
	    (length < CONFIG_PREFIX_BITS_MIN || length > CONFIG_PREFIX_BITS_MAX))
		return say(ret_problem,
			   "%s has %u bits: a prefix of which each session has an address has %u "
			   "to %u, and one address is written without a length",
			   config_quote(text, quoted), length, CONFIG_PREFIX_BITS_MIN,
			   CONFIG_PREFIX_BITS_MAX);
	memcpy(ret_value, &prefix, sizeof(prefix));
	return 0;
}

static int parse_rate(const struct config_option *option, const char *text, void *ret_value,
		      char *ret_problem)
{
	if (config_rate_parse(text, ret_value) < 0)
		return say_malformed(option, text, ret_problem);
	return 0;
}

static int parse_listen(const struct config_option *option, const char *text, void *ret_value,
			char *ret_problem)
{
	if (config_listen_parse(text, ret_value) < 0)
		return say_malformed(option, text, ret_problem);
	return 0;
}

/* Ports may also be one number without quotes. */
static int parse_ports(const struct config_option *option, const struct config_value *value,
		       void *ret_value, char *ret_problem)
{
	const char *text = value->string;
	char number[64], quoted[CONFIG_QUOTE_SIZE];
	int r;

	if (value->form == CONFIG_FORM_NUMBER) {
		snprintf(number, sizeof(number), "%" PRId64, value->number);
		r = config_ports_parse(number, ret_value);
		snprintf(number, sizeof(number), "%.*s", written_length(value), value->written);
		text = number;
	} else {
		r = config_ports_parse(text, ret_value);
	}
	if (r < 0) {
		say(ret_problem,
		    "%s is not a port or a range such as \"64535-65535\", from 1 to 65535",
		    config_quote(text, quoted));
		return add_guess(option, text, ret_problem);
	}
	return 0;
}

static int parse_bool(const struct config_value *value, void *ret_value)
{
	bool flag = value->number != 0;

	memcpy(ret_value, &flag, sizeof(flag));
	return 0;
}

static bool form_fits(enum config_type type, enum config_form form)
{
	switch (type) {
	case CONFIG_BOOL:
		return form == CONFIG_FORM_BOOL;
	case CONFIG_INTEGER:
	case CONFIG_UID:
		return form == CONFIG_FORM_NUMBER;
	case CONFIG_DURATION:
	case CONFIG_PORTS:
		return form == CONFIG_FORM_NUMBER || form == CONFIG_FORM_STRING;
	case CONFIG_GROUPS:
		return false;
	default:
		return form == CONFIG_FORM_STRING;
	}
}

int config_value_parse(const struct config_option *option, const struct config_value *value,
		       void *ret_value, char ret_problem[CONFIG_PROBLEM_SIZE])
{
	if (!form_fits(option->type, value->form))
		return say_form(option, value, ret_problem);
	switch (option->type) {
	case CONFIG_STRING:
	case CONFIG_NAME:
	case CONFIG_PATH:
	case CONFIG_INTERFACE:
	case CONFIG_HOST:
		return parse_text(option, value->string, ret_value, ret_problem);
	case CONFIG_BOOL:
		return parse_bool(value, ret_value);
	case CONFIG_INTEGER:
	case CONFIG_UID:
		return parse_number(option, value, ret_value, ret_problem);
	case CONFIG_DURATION:
		return parse_duration(option, value, ret_value, ret_problem);
	case CONFIG_RATE:
		return parse_rate(option, value->string, ret_value, ret_problem);
	case CONFIG_CHOICE:
		return parse_choice(option, value->string, ret_value, ret_problem);
	case CONFIG_ADDRESS:
		return parse_address(option, value->string, ret_value, ret_problem);
	case CONFIG_LISTEN:
		return parse_listen(option, value->string, ret_value, ret_problem);
	case CONFIG_PREFIX:
		return parse_prefix(option, value->string, ret_value, ret_problem);
	case CONFIG_PORTS:
		return parse_ports(option, value, ret_value, ret_problem);
	case CONFIG_GROUPS:
		break;
	}
	return -EINVAL;
}

struct config_value config_value_fallback(const struct config_option *option)
{
	struct config_value value = {.form = CONFIG_FORM_STRING, .string = option->fallback};

	if (form_fits(option->type, CONFIG_FORM_STRING))
		return value;
	value.form = option->type == CONFIG_BOOL ? CONFIG_FORM_BOOL : CONFIG_FORM_NUMBER;
	value.number = option->type == CONFIG_BOOL ? strcmp(option->fallback, "true") == 0
						   : strtoll(option->fallback, NULL, 10);
	return value;
}
