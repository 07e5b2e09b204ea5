/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/deadline.h"

#include <assert.h>

#include "model/build.h"
#include "model/settings.h"

const uint64_t model_deadline_warnings_s[DEADLINE_WARNINGS] = {600, 300, 60};

static uint64_t earlier(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

uint32_t model_deadline_count_warnings(uint64_t left_ns)
{
	uint32_t count = 0;

	while (count < DEADLINE_WARNINGS &&
	       left_ns <= model_deadline_warnings_s[count] * CLOCK_SECOND_NS)
		count++;
	return count;
}

void model_deadline_move(struct build *build, uint64_t deadline_ns, uint64_t now_ns)
{
	uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

	build->deadline_ns = deadline_ns;
	build->nr_warned = model_deadline_count_warnings(left_ns);
	model_deadline_check(build);
}

void model_deadline_begin(struct build *build, const struct model_settings *settings,
			  uint64_t now_ns)
{
	build->lifetime_end_ns = now_ns + build->max_lifetime_ns;
	build->hard_end_ns = now_ns + settings->max_lifetime_ns;
	build->max_extension_ns = settings->max_extension_ns;
	build->cap_ns =
		earlier(build->lifetime_end_ns + build->max_extension_ns, build->hard_end_ns);
	build->base_ns = build->lifetime_end_ns;
	model_deadline_move(build, build->base_ns, now_ns);
}

void model_deadline_finish(struct build *build, uint64_t finished_ns, uint64_t now_ns)
{
	model_deadline_shorten(build, finished_ns + build->linger_ns, now_ns);
}

void model_deadline_shorten(struct build *build, uint64_t most_ns, uint64_t now_ns)
{
	uint64_t deadline_ns = earlier(build->deadline_ns, most_ns);

	build->cap_ns = earlier(build->cap_ns, deadline_ns + build->max_extension_ns);
	build->base_ns = deadline_ns;
	model_deadline_move(build, deadline_ns, now_ns);
}

void model_deadline_end(struct build *build, uint64_t quarantine_ns, uint64_t now_ns)
{
	build->deadline_ns = earlier(build->deadline_ns, now_ns);
	build->gone_ns = now_ns + quarantine_ns;
	build->connect_by_ns = 0;
}

uint64_t model_deadline_due_ns(const struct build *build)
{
	uint64_t due_ns = build->deadline_ns, warning_ns;

	if (!build_is_open(build))
		return build->gone_ns;
	if (build->connect_by_ns)
		due_ns = earlier(due_ns, build->connect_by_ns);
	if (build->nr_warned < DEADLINE_WARNINGS) {
		warning_ns = model_deadline_warnings_s[build->nr_warned] * CLOCK_SECOND_NS;
		if (build->deadline_ns > warning_ns)
			due_ns = earlier(due_ns, build->deadline_ns - warning_ns);
	}
	return due_ns;
}

/* Far beyond any date, and two of them can be added. */
#define SANE_MAX_NS (1ULL << 61)

bool model_deadline_is_sane(const struct build *build)
{
	const uint64_t all[] = {
		build->deadline_ns,	 build->base_ns,	   build->cap_ns,
		build->lifetime_end_ns,	 build->hard_end_ns,	   build->connect_by_ns,
		build->gone_ns,		 build->linger_ns,	   build->max_lifetime_ns,
		build->max_extension_ns, build->connect_within_ns,
	};

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] > SANE_MAX_NS)
			return false;
	if (build->nr_warned > DEADLINE_WARNINGS)
		return false;
	return !build_is_open(build) ||
	       (build->deadline_ns <= build->cap_ns && build->cap_ns <= build->hard_end_ns);
}

void model_deadline_check(const struct build *build)
{
	assert(build->deadline_ns <= build->cap_ns);
	assert(build->cap_ns <= build->hard_end_ns);
}

/* 0 stays 0, which means "none"; the past is cut to 1. */
static uint64_t rebase(uint64_t at_ns, uint64_t lost_ns, const struct instant *then,
		       const struct instant *now)
{
	uint64_t left_ns = clock_left_ns(then, at_ns);

	if (at_ns == 0)
		return 0;
	if (left_ns <= lost_ns)
		return now->boot_ns > lost_ns - left_ns ? now->boot_ns - (lost_ns - left_ns) : 1;
	return now->boot_ns + (left_ns - lost_ns);
}

void model_deadline_rebase(struct build *build, const struct instant *then,
			   const struct instant *now)
{
	bool known = now->wall_ns >= then->wall_ns;
	uint64_t lost_ns = known ? now->wall_ns - then->wall_ns : UINT64_MAX;

	build->deadline_ns = rebase(build->deadline_ns, lost_ns, then, now);
	build->base_ns = rebase(build->base_ns, lost_ns, then, now);
	build->cap_ns = rebase(build->cap_ns, lost_ns, then, now);
	build->lifetime_end_ns = rebase(build->lifetime_end_ns, lost_ns, then, now);
	build->hard_end_ns = rebase(build->hard_end_ns, lost_ns, then, now);
	build->connect_by_ns = rebase(build->connect_by_ns, lost_ns, then, now);
	build->gone_ns = rebase(build->gone_ns, known ? lost_ns : 0, then, now);
}
