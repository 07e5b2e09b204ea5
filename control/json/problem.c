/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	unsigned int status;
	const char *slug;
	const char *title;
} rows[PROBLEM_TYPES_NR] = {
#define PROBLEM_ROW(name, status, slug, title) [PROBLEM_##name] = {status, slug, title},
	PROBLEM_TYPES(PROBLEM_ROW)
#undef PROBLEM_ROW
};

unsigned int json_problem_status(enum problem_type type)
{
	return rows[type].status;
}

const char *json_problem_slug(enum problem_type type)
{
	return rows[type].slug;
}

const char *json_problem_title(enum problem_type type)
{
	return rows[type].title;
}

/* The records are large and mostly unused: only what is looked at is cleared. */
void json_problem_clear(struct problem *problem)
{
	problem->type = PROBLEM_NONE;
	problem->detail[0] = '\0';
	problem->retry_after_s = 0;
	problem->nr_errors = 0;
}

void json_problem_set(struct problem *problem, enum problem_type type, const char *format, ...)
{
	va_list args;

	if (problem_is_set(problem))
		return;
	problem->type = type;
	va_start(args, format);
	vsnprintf(problem->detail, sizeof(problem->detail), format, args);
	va_end(args);
}

void json_problem_add(struct problem *problem, enum problem_type type, const char *pointer,
		      const char *format, ...)
{
	struct problem_error *error;
	va_list args;

	json_problem_set(problem, type, "%s.", json_problem_title(type));
	if (problem->nr_errors == PROBLEM_ERRORS_MAX)
		return;
	error = &problem->errors[problem->nr_errors++];
	snprintf(error->pointer, sizeof(error->pointer), "%s", pointer);
	va_start(args, format);
	vsnprintf(error->detail, sizeof(error->detail), format, args);
	va_end(args);
}
