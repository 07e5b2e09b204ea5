// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/attach/desired.h"

enum desired_problem attach_desired_compare(uint32_t wanted_prog_id,
					    const struct desired_seen *seen)
{
	if (!seen->present)
		return DESIRED_NO_INTERFACE;
	if (!seen->prog_id)
		return DESIRED_NO_PROGRAM;
	if (!seen->by_our_link)
		return DESIRED_FOREIGN;
	if (seen->prog_id != wanted_prog_id)
		return DESIRED_OTHER_ON_OUR_LINK;
	return seen->up ? DESIRED_WELL : DESIRED_DOWN;
}

/* Somebody else's program is in the way until its owner takes it off. */
static bool can_attach(enum desired_problem problem)
{
	return problem == DESIRED_NO_PROGRAM || problem == DESIRED_OTHER_ON_OUR_LINK;
}

enum desired_action attach_desired_look(struct desired *desired, const struct desired_seen *seen,
					uint64_t now_ns)
{
	enum desired_problem problem = attach_desired_compare(desired->wanted_prog_id, seen);

	if (problem != desired->problem) {
		if (desired->problem == DESIRED_WELL)
			desired->since_ns = now_ns;
		desired->problem = problem;
		desired->tries = 0;
		desired->next_try_ns = now_ns;
	}
	return can_attach(problem) && now_ns >= desired->next_try_ns ? DESIRED_ATTACH
								     : DESIRED_REST;
}

void attach_desired_failed(struct desired *desired, uint64_t now_ns)
{
	uint64_t pause_ns = DESIRED_PAUSE_NS;

	for (unsigned int i = 0; i < desired->tries && pause_ns < DESIRED_PAUSE_MAX_NS; i++)
		pause_ns *= 2;
	if (pause_ns > DESIRED_PAUSE_MAX_NS)
		pause_ns = DESIRED_PAUSE_MAX_NS;
	desired->tries++;
	desired->next_try_ns = now_ns + pause_ns;
}

void attach_desired_hurry(struct desired *desired, uint64_t now_ns)
{
	uint64_t least_ns = now_ns + DESIRED_PAUSE_NS;

	desired->tries = 0;
	if (desired->next_try_ns > least_ns)
		desired->next_try_ns = least_ns;
}

const char *attach_desired_text(enum desired_problem problem)
{
	switch (problem) {
	case DESIRED_WELL:
		break;
	case DESIRED_NO_INTERFACE:
		return "is not there";
	case DESIRED_DOWN:
		return "is down or has no carrier";
	case DESIRED_NO_PROGRAM:
		return "has no XDP program";
	case DESIRED_OTHER_ON_OUR_LINK:
		return "has another XDP program on the link of sallyport";
	case DESIRED_FOREIGN:
		return "has somebody else's XDP program";
	}
	return "has its program";
}
