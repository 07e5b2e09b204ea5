/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/describe/problems.h"

#include <stdio.h>

#include "answer/answer.h"
#include "api/describe/answers.h"
#include "json/problem.h"
#include "json/shape.h"

/* An example of what detail says; a type without its own says its title there. */
static const char *const details[PROBLEM_TYPES_NR] = {
	[PROBLEM_MALFORMED] = "The body is no JSON: line 1, column 9: '}' expected.",
	[PROBLEM_FORBIDDEN] = "This call needs the role orchestrator; uid 1001 has viewer.",
	[PROBLEM_NOT_FOUND] = "There is no build 48121.",
	[PROBLEM_BAD_METHOD] = "PATCH does not go with this path.",
	[PROBLEM_ENDPOINT_IN_USE] = "Another build holds this VM endpoint.",
	[PROBLEM_PORT_IN_USE] = "The public port is not free.",
	[PROBLEM_BUILD_ENDED] = "Build 48121 has ended (cancelled).",
	[PROBLEM_STALE_SYNC] = "The generation 6 is not above 7.",
	[PROBLEM_COMPACTED] = "These events are no longer kept: the oldest kept is 1204.",
	[PROBLEM_PRECONDITION] = "The build is running and at \"17-3\" now.",
	[PROBLEM_OVER_EXTENSION] = "The session can be extended by at most 600 s, until "
				   "2026-11-23T12:34:56Z: extensions add at most "
				   "leases.max_extension.",
	[PROBLEM_TOO_MANY] = "32 streams are open already, 24 of them of uid 1001.",
	[PROBLEM_NO_PORTS] = "Every public port of pool default is used or in quarantine.",
};

/* What is common to all, with the type's own values; a holder where there is one. */
static void add_type(json_t *schemas, enum problem_type type, const char *name)
{
	char uri[128], status[16];
	struct json_shape_member members[ANSWER_PROBLEM_MEMBERS + 1] = {0};
	const struct json_shape shape = {name, json_problem_title(type), members};
	unsigned int nr = 0;

	snprintf(uri, sizeof(uri), ANSWER_PROBLEM_URI "%s", json_problem_slug(type));
	snprintf(status, sizeof(status), "%u", json_problem_status(type));
	for (unsigned int i = 0; i < ANSWER_PROBLEM_MEMBERS; i++) {
		const struct json_shape_member *member = &answer_problem_members[i];

		if (member->shape == &answer_holder_shape && type != PROBLEM_ENDPOINT_IN_USE)
			continue;
		members[nr] = *member;
		members[nr++].optional = member->shape == &answer_error_shape;
	}
	members[0].values = uri;
	members[1].example = json_problem_title(type);
	members[2].values = status;
	members[3].example = details[type] ? details[type] : json_problem_title(type);
	describe_answers_add(schemas, &shape);
}

static void add_choice(json_t *schemas, unsigned int status, const char *uri, const char *name)
{
	char text[DESCRIBE_NAME_BYTES] = "Problem";
	json_t *choice;

	if (status)
		snprintf(text, sizeof(text), "Problem%u", status);
	choice = json_object_get(schemas, text);
	if (!choice) {
		choice = describe_answers_choice();
		json_object_set_new(schemas, text, choice);
	}
	describe_answers_choose(choice, uri, name);
}

void describe_problems_add(json_t *schemas)
{
	for (enum problem_type type = PROBLEM_NONE + 1; type < PROBLEM_TYPES_NR; type++) {
		const char *slug = json_problem_slug(type);
		char name[DESCRIBE_NAME_BYTES], uri[128];

		snprintf(uri, sizeof(uri), ANSWER_PROBLEM_URI "%s", slug);
		describe_answers_name(slug, "Problem", name);
		add_type(schemas, type, name);
		add_choice(schemas, 0, uri, name);
		add_choice(schemas, json_problem_status(type), uri, name);
	}
}
