/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/bundle/redact/redact.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bundle/redact/pseudonyms.h"

struct filter {
	struct pseudonyms *pseudonyms;
	const struct redact_rules *rules;
};

static json_t *apply(const struct filter *filter, enum redact_kind kind, const json_t *value);

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	while (words && *words) {
		size_t here = strcspn(words, " ");

		if (here == len && memcmp(words, word, len) == 0)
			return true;
		words += here;
		words += strspn(words, " ");
	}
	return false;
}

/* Result: the kind of a member, REDACT_KINDS_NR if nobody has thought of it. */
static enum redact_kind kind_of(const struct redact_rules *rules, const char *name)
{
	enum redact_kind kind = 0;

	while (kind < REDACT_KINDS_NR && !has_word(rules->names[kind], name))
		kind++;
	return kind;
}

static json_t *left_out(void)
{
	return json_string(REDACT_LEFT_OUT);
}

static json_t *keep(const json_t *value)
{
	return json_is_string(value) || json_is_number(value) || json_is_boolean(value)
		       ? json_deep_copy(value)
		       : left_out();
}

static json_t *redact_inside(const struct filter *filter, const json_t *object)
{
	json_t *result = json_object(), *value;
	json_int_t unknown = 0;
	const char *name;

	if (!json_is_object(object)) {
		json_decref(result);
		return left_out();
	}
	json_object_foreach ((json_t *)object, name, value) {
		enum redact_kind kind = kind_of(filter->rules, name);

		if (kind == REDACT_KINDS_NR)
			unknown++;
		else
			json_object_set_new(result, name, apply(filter, kind, value));
	}
	if (unknown)
		json_object_set_new(result, REDACT_UNKNOWN, json_integer(unknown));
	return result;
}

static bool are_figures(const json_t *value)
{
	const char *name;
	json_t *member;

	if (!json_is_object(value))
		return json_is_number(value);
	json_object_foreach ((json_t *)value, name, member)
		if (!json_is_number(member))
			return false;
	return true;
}

/* Takes a text that was made for this. */
static json_t *take(char *text)
{
	json_t *string = text ? json_string(text) : NULL;

	free(text);
	return string;
}

static json_t *redact_address(struct pseudonyms *pseudonyms, const char *text)
{
	char name[PSEUDONYM_BYTES];
	struct sp_prefix prefix;
	struct sp_addr addr;

	if (strcmp(text, "default") == 0 || strcmp(text, "all") == 0)
		return json_string(text);
	if (addr_parse(text, &addr) == 0)
		return json_string(redact_pseudonyms_address(pseudonyms, &addr, name));
	if (addr_prefix_parse(text, &prefix) == 0)
		return json_string(redact_pseudonyms_prefix(pseudonyms, &prefix, name));
	return left_out();
}

static json_t *redact_text(struct pseudonyms *pseudonyms, enum redact_kind kind, const char *text)
{
	char name[PSEUDONYM_BYTES];

	switch (kind) {
	case REDACT_SENTENCE:
		return take(redact_sentence(pseudonyms, text));
	case REDACT_LOG:
		return take(redact_log(pseudonyms, text));
	case REDACT_ADDRESS:
		return redact_address(pseudonyms, text);
	case REDACT_LINK:
		return json_string(redact_pseudonyms_link(pseudonyms, text, name));
	default:
		return left_out();
	}
}

static json_t *apply_each(const struct filter *filter, enum redact_kind kind, const json_t *array)
{
	json_t *result = json_array(), *item;
	size_t i;

	json_array_foreach (array, i, item)
		json_array_append_new(result, apply(filter, kind, item));
	return result;
}

static json_t *apply(const struct filter *filter, enum redact_kind kind, const json_t *value)
{
	if (json_is_null(value))
		return json_null();
	if (json_is_array(value))
		return apply_each(filter, kind, value);
	if (kind == REDACT_INSIDE)
		return redact_inside(filter, value);
	if (kind == REDACT_PLAIN)
		return keep(value);
	if (kind == REDACT_FIGURES)
		return are_figures(value) ? json_deep_copy(value) : left_out();
	return json_is_string(value)
		       ? redact_text(filter->pseudonyms, kind, json_string_value(value))
		       : left_out();
}

json_t *redact_json(struct pseudonyms *pseudonyms, const struct redact_rules *rules,
		    const json_t *value)
{
	const struct filter filter = {.pseudonyms = pseudonyms, .rules = rules};

	return apply(&filter, REDACT_INSIDE, value);
}
