/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/event.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const names[EVENT_TYPES_NR] = {
#define EVENT_NAME(name, spelling, value, meaning) [EVENT_##name] = spelling,
	EVENT_TYPES(EVENT_NAME)
#undef EVENT_NAME
};

const char *model_event_type_name(enum event_type type)
{
	return names[type];
}

static const char *const meanings[EVENT_TYPES_NR] = {
#define EVENT_MEANING(name, spelling, value, meaning) [EVENT_##name] = meaning,
	EVENT_TYPES(EVENT_MEANING)
#undef EVENT_MEANING
};

const char *model_event_type_meaning(enum event_type type)
{
	return meanings[type];
}

int model_event_type_parse(const char *name, enum event_type *ret_type)
{
	for (unsigned int i = 0; i < EVENT_TYPES_NR; i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*ret_type = (enum event_type)i;
		return 0;
	}
	return -EINVAL;
}

struct event_switch model_event_read_switch(const struct event *event)
{
	struct event_switch change = {0};
	int at = 0;

	sscanf(event->detail, "%7[a-z], after %7[a-z]: %n", change.now, change.before, &at);
	change.why = at ? event->detail + at : NULL;
	return change;
}

void model_event_set_switch(struct event *event, const char *now, const char *before,
			    const char *why)
{
	int at = snprintf(event->detail, sizeof(event->detail), "%.7s, after %.7s: ", now, before);

	snprintf(event->detail + at, sizeof(event->detail) - (size_t)at, "%s", why);
}
