/* SPDX-License-Identifier: BSD-3-Clause */
/* One reading of a file: what is wrong with it, and where its values stand. */
#include "host/config_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void config_key(char ret_key[CONFIG_KEY_SIZE], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(ret_key, CONFIG_KEY_SIZE, format, arguments) >= CONFIG_KEY_SIZE)
		strcpy(ret_key + CONFIG_KEY_SIZE - 4, "...");
	va_end(arguments);
}

/* Keeps errors in the order of lines, and those of one line in the order they were found. */
static void insert(struct config_errors *errors, struct config_error error)
{
	unsigned int at = errors->nr++;

	for (; at > 0 && errors->error[at - 1].line > error.line; at--)
		errors->error[at] = errors->error[at - 1];
	errors->error[at] = error;
}

/* Result: "file:line: key: problem", to be freed, or NULL. */
static char *compose(const char *file, unsigned int line, const char *key, const char *problem)
{
	char where[32] = "", *text;

	if (line > 0)
		snprintf(where, sizeof(where), ":%u", line);
	if (asprintf(&text, "%s%s: %s%s%s", file, where, key ? key : "", key ? ": " : "", problem) <
	    0)
		return NULL;
	return text;
}

void config_reading_fail(struct config_reading *reading, unsigned int line, const char *key,
			 const char *format, ...)
{
	struct config_errors *errors = reading->errors;
	char problem[CONFIG_PROBLEM_SIZE];
	struct config_error *grown;
	va_list arguments;
	char *text;

	if (errors->nr >= CONFIG_ERRORS_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(problem, sizeof(problem), format, arguments);
	va_end(arguments);
	text = compose(reading->file, line, key, problem);
	grown = realloc(errors->error, (errors->nr + 1) * sizeof(*grown));
	if (grown)
		errors->error = grown;
	if (!text || !grown) {
		free(text);
		reading->no_memory = true;
		return;
	}
	insert(errors, (struct config_error){.line = line, .text = text});
}

void config_reading_place(struct config_reading *reading, const struct config_place *place)
{
	struct config_place *grown;

	/* Doubled at powers of two. */
	if ((reading->nr_places & (reading->nr_places - 1)) == 0) {
		size_t room = reading->nr_places ? 2 * (size_t)reading->nr_places : 1;

		grown = realloc(reading->places, room * sizeof(*grown));
		if (!grown) {
			reading->no_memory = true;
			return;
		}
		reading->places = grown;
	}
	reading->places[reading->nr_places++] = *place;
}

static const struct config_place *find(const struct config_reading *reading, const void *value,
				       bool group)
{
	for (unsigned int i = 0; i < reading->nr_places; i++)
		if (reading->places[i].value == value && reading->places[i].group == group)
			return &reading->places[i];
	return NULL;
}

const struct config_place *config_reading_find(const struct config_reading *reading,
					       const void *value)
{
	return find(reading, value, false);
}

const struct config_place *config_reading_find_group(const struct config_reading *reading,
						     const void *item)
{
	return find(reading, item, true);
}

void config_reading_swap(struct config_reading *reading, const void *one, const void *other)
{
	for (unsigned int i = 0; i < reading->nr_places; i++) {
		struct config_place *place = &reading->places[i];

		if (place->value == one)
			place->value = other;
		else if (place->value == other)
			place->value = one;
	}
}

void config_errors_print(const struct config_errors *errors, FILE *stream)
{
	for (unsigned int i = 0; i < errors->nr; i++)
		fprintf(stream, "%s\n", errors->error[i].text);
	if (errors->nr == CONFIG_ERRORS_MAX)
		fprintf(stream, "There may be more errors.\n");
}

void config_errors_free(struct config_errors *errors)
{
	for (unsigned int i = 0; i < errors->nr; i++)
		free(errors->error[i].text);
	free(errors->error);
	*errors = (struct config_errors){0};
}
