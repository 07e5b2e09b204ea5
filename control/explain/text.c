// SPDX-License-Identifier: BSD-3-Clause
#include "explain/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sallyport/addr.h>

#include "host/addr.h"
#include "model/build.h"
#include "model/clock.h"

#define WORDS_MAX 64
#define TITLE_MAX 160 /* of a sentence of at most 400 */

static bool allowed(const struct build *build, const struct sp_addr *client)
{
	for (unsigned int i = 0; i < build->nr_allow; i++)
		if (sp_prefix_contains(&build->allow[i], client))
			return true;
	return build->nr_allow == 0;
}

/* A list of everybody names nobody. */
static bool is_named(const struct build *build, const struct sp_addr *client)
{
	for (unsigned int i = 0; i < build->nr_allow; i++) {
		const struct sp_prefix *prefix = &build->allow[i];

		if (addr_prefix_length(prefix) > 0 && sp_prefix_contains(prefix, client))
			return true;
	}
	return false;
}

static bool is_stranger(const struct explain_call *call)
{
	if (call->vm || !allowed(call->build, &call->client))
		return true;
	return !call->guest && !is_named(call->build, &call->client);
}

static void clock_words(uint64_t wall_ns, char *ret_words)
{
	time_t wall_s = (time_t)(wall_ns / CLOCK_SECOND_NS);
	struct tm utc;

	gmtime_r(&wall_s, &utc);
	strftime(ret_words, WORDS_MAX, "%H:%M UTC", &utc);
}

/* "30 minutes", "1 hour", "45 seconds": the largest unit that divides it well enough to be said. */
static void duration_words(uint64_t ns, char *ret_words)
{
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	uint64_t seconds = (ns + CLOCK_SECOND_NS / 2) / CLOCK_SECOND_NS;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t count = seconds / units[i].seconds;

		if (count == 0 || (seconds % units[i].seconds && count < 2))
			continue;
		snprintf(ret_words, WORDS_MAX, "%" PRIu64 " %s%s", count, units[i].name,
			 count == 1 ? "" : "s");
		return;
	}
	snprintf(ret_words, WORDS_MAX, "a moment");
}

/* Why a session ended, to follow "ended at 12:34 UTC". */
static void reason_words(const struct build *build, char *ret_words, size_t size_bytes)
{
	char duration[WORDS_MAX];

	switch (build->reason) {
	case SESSION_EXPIRED:
		duration_words(build->ended_wall_ns > build->finished_wall_ns
				       ? build->ended_wall_ns - build->finished_wall_ns
				       : 0,
			       duration);
		snprintf(ret_words, size_bytes, ", %s after the build finished", duration);
		break;
	case SESSION_CANCELLED:
		snprintf(ret_words, size_bytes, ": it was cancelled");
		break;
	case SESSION_UNUSED:
		duration_words(build->connect_within_ns, duration);
		snprintf(ret_words, size_bytes, ": nobody connected within %s", duration);
		break;
	case SESSION_LIFETIME:
		duration_words(build->max_lifetime_ns, duration);
		snprintf(ret_words, size_bytes, ": %s is the longest it may last", duration);
		break;
	case SESSION_SUPERSEDED:
		snprintf(ret_words, size_bytes, ": its VM now serves another build");
		break;
	case SESSION_NO_REASON:
	case SESSION_REASONS_NR:
		ret_words[0] = '\0';
		break;
	}
}

static void brief(const struct explain_call *call, char *ret_text, size_t size_bytes)
{
	const struct build *build = call->build;

	if (!build)
		snprintf(ret_text, size_bytes,
			 call->own_address ? "No SSH session has this address."
					   : "No SSH session is open on this port.");
	else if (!allowed(build, &call->client))
		snprintf(ret_text, size_bytes,
			 "Your address may not use the SSH session on this port.");
	else if (build->state == SESSION_ENDED)
		snprintf(ret_text, size_bytes, "The SSH session on this port has ended.");
	else if (call->node && call->node->has_address)
		snprintf(ret_text, size_bytes,
			 "The SSH session on this port is open only to packets from outside this "
			 "host.");
	else
		snprintf(ret_text, size_bytes,
			 "The SSH session on this port is not ready yet. Try again in a minute.");
}

static void full(const struct explain_call *call, char *ret_text, size_t size_bytes)
{
	const struct build *build = call->build;
	char ended[WORDS_MAX], reason[2 * WORDS_MAX];

	if (build->state != SESSION_ENDED && call->node->has_address) {
		snprintf(ret_text, size_bytes,
			 "SSH for build %.*s (node %" PRIu32
			 ") is open, but only to packets from outside this host.",
			 TITLE_MAX, build->title, call->node->index);
		return;
	}
	if (build->state != SESSION_ENDED) {
		snprintf(ret_text, size_bytes,
			 "SSH for build %.*s (node %" PRIu32
			 ") is not ready yet: its VM is not known. Try again in a minute.",
			 TITLE_MAX, build->title, call->node->index);
		return;
	}
	clock_words(build->ended_wall_ns, ended);
	reason_words(build, reason, sizeof(reason));
	snprintf(ret_text, size_bytes,
		 "SSH for build %.*s (node %" PRIu32
		 ") ended at %s%s. Rebuild with SSH for a new session.",
		 TITLE_MAX, build->title, call->node->index, ended, reason);
}

int explain_text(const struct explain_call *call, char *ret_text, size_t size_bytes)
{
	if (call->mode == EXPLAIN_OFF)
		return -ENOENT;
	if (call->forward && strcmp(call->forward->name, "ssh") != 0)
		return -ENOENT;
	if (call->mode == EXPLAIN_BRIEF || !call->build || !call->node || is_stranger(call))
		brief(call, ret_text, size_bytes);
	else
		full(call, ret_text, size_bytes);
	return 0;
}
