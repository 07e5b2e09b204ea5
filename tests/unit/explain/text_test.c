/* SPDX-License-Identifier: BSD-3-Clause */
#include "explain/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "explain/ssh.h"
#include "world.h"

#define ENDED_WALL_NS (1795005240 * SECOND) /* 2026-11-18 12:34:00 UTC */
#define REBUILD	      " Rebuild with SSH for a new session."
#define OF_BUILD      "SSH for build acme/api#48121 (node 1) "
#define ENDED	      OF_BUILD "ended at 12:34 UTC"
#define BRIEF_ENDED   "The SSH session on this port has ended."

static char title[] = "acme/api#48121";

/* A build with one node, which ended by the reason; allowed is 203.0.113.0/24. */
struct dialled {
	struct build build;
	struct node node;
	struct forward forward;
	struct sp_prefix allow;
	struct instant now;
	struct explain_call call;
	char text[EXPLAIN_TEXT_MAX + 1];
};

static void dial(struct dialled *dialled, enum session_state session, enum session_reason reason)
{
	*dialled = (struct dialled){
		.build = {.id = "48121",
			  .title = title,
			  .state = session,
			  .reason = reason,
			  .ended_wall_ns = ENDED_WALL_NS,
			  .finished_wall_ns = ENDED_WALL_NS - 30 * MINUTE,
			  .connect_within_ns = 10 * MINUTE,
			  .max_lifetime_ns = 6 * HOUR,
			  .nr_allow = 1,
			  .allow = &dialled->allow},
		.allow = world_prefix("203.0.113.0/24"),
		.node = {.index = 1, .has_address = true, .nr_forwards = 1},
		.forward = {.name = "ssh"},
	};
	dialled->call = (struct explain_call){
		.build = &dialled->build,
		.node = &dialled->node,
		.forward = &dialled->forward,
		.client = world_addr("203.0.113.9"),
		.mode = EXPLAIN_FULL,
		.now = &dialled->now,
	};
}

static void expect(struct dialled *dialled, const char *expected)
{
	assert_int_equal(explain_text(&dialled->call, dialled->text, sizeof(dialled->text)), 0);
	assert_string_equal(dialled->text, expected);
}

static void test_text_when_ended_then_when_and_why(void **state)
{
	static const struct {
		enum session_reason reason;
		const char *text;
	} cases[] = {
		{SESSION_EXPIRED, ENDED ", 30 minutes after the build finished." REBUILD},
		{SESSION_CANCELLED, ENDED ": it was cancelled." REBUILD},
		{SESSION_UNUSED, ENDED ": nobody connected within 10 minutes." REBUILD},
		{SESSION_LIFETIME, ENDED ": 6 hours is the longest it may last." REBUILD},
		{SESSION_SUPERSEDED, ENDED ": its VM now serves another build." REBUILD},
		{SESSION_NO_REASON, ENDED "." REBUILD},
	};
	struct dialled dialled;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dial(&dialled, SESSION_ENDED, cases[i].reason);
		expect(&dialled, cases[i].text);
	}
}

static void test_text_when_duration_then_its_largest_good_unit(void **state)
{
	static const struct {
		uint64_t ns;
		const char *words;
	} cases[] = {
		{0, "a moment"},
		{SECOND / 2 - 1, "a moment"},
		{SECOND, "1 second"},
		{45 * SECOND, "45 seconds"},
		{MINUTE, "1 minute"},
		{90 * SECOND, "90 seconds"},
		{MINUTE - 1, "1 minute"},
		{30 * MINUTE + 400000000, "30 minutes"},
		{90 * MINUTE, "90 minutes"},
		{HOUR, "1 hour"},
		{6 * HOUR, "6 hours"},
		{24 * HOUR, "1 day"},
		{48 * HOUR, "2 days"},
	};
	char expected[200];
	struct dialled dialled;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dial(&dialled, SESSION_ENDED, SESSION_UNUSED);
		dialled.build.connect_within_ns = cases[i].ns;
		snprintf(expected, sizeof(expected), ENDED ": nobody connected within %s." REBUILD,
			 cases[i].words);
		expect(&dialled, expected);
	}
}

static void test_text_when_clock_was_set_back_then_no_nonsense(void **state)
{
	struct dialled dialled;

	dial(&dialled, SESSION_ENDED, SESSION_EXPIRED);
	dialled.build.finished_wall_ns = ENDED_WALL_NS + HOUR;
	expect(&dialled, ENDED ", a moment after the build finished." REBUILD);
}

static void test_text_when_reserved_then_not_ready(void **state)
{
	struct dialled dialled;

	dial(&dialled, SESSION_RESERVED, SESSION_NO_REASON);
	dialled.node.has_address = false;
	expect(&dialled, OF_BUILD "is not ready yet: its VM is not known. Try again in a minute.");
	dialled.call.mode = EXPLAIN_BRIEF;
	expect(&dialled, "The SSH session on this port is not ready yet. Try again in a minute.");
}

static void test_text_when_running_then_only_from_outside(void **state)
{
	struct dialled dialled;

	dial(&dialled, SESSION_RUNNING, SESSION_NO_REASON);
	expect(&dialled, OF_BUILD "is open, but only to packets from outside this host.");
	dialled.call.mode = EXPLAIN_BRIEF;
	expect(&dialled,
	       "The SSH session on this port is open only to packets from outside this host.");
}

static void test_text_when_brief_then_nothing_of_the_build(void **state)
{
	struct dialled dialled;

	for (unsigned int reason = 0; reason < SESSION_REASONS_NR; reason++) {
		dial(&dialled, SESSION_ENDED, (enum session_reason)reason);
		dialled.call.mode = EXPLAIN_BRIEF;
		expect(&dialled, BRIEF_ENDED);
	}
}

static void test_text_when_stranger_then_nothing_of_the_build(void **state)
{
	struct dialled dialled;

	for (unsigned int session = 0; session < SESSION_STATES_NR; session++) {
		dial(&dialled, (enum session_state)session, SESSION_CANCELLED);
		dialled.call.client = world_addr("198.51.100.1");
		expect(&dialled, "Your address may not use the SSH session on this port.");
	}
}

static void test_text_when_no_allow_list_then_guests_alone_are_told(void **state)
{
	struct dialled dialled;

	dial(&dialled, SESSION_ENDED, SESSION_CANCELLED);
	dialled.call.client = world_addr("2001:db8::1");
	dialled.build.nr_allow = 0;
	expect(&dialled, BRIEF_ENDED);
	dialled.call.guest = true;
	expect(&dialled, ENDED ": it was cancelled." REBUILD);
}

/* 0.0.0.0/0 is a list, and names nobody. */
static void test_text_when_everybody_is_allowed_then_guests_alone_are_told(void **state)
{
	struct dialled dialled;

	dial(&dialled, SESSION_ENDED, SESSION_CANCELLED);
	dialled.build.allow[0] = world_prefix("0.0.0.0/0");
	expect(&dialled, BRIEF_ENDED);
	dialled.call.guest = true;
	expect(&dialled, ENDED ": it was cancelled." REBUILD);
}

static void test_text_when_no_longer_allowed_then_a_guest_is_told_nothing(void **state)
{
	struct dialled dialled;

	dial(&dialled, SESSION_ENDED, SESSION_CANCELLED);
	dialled.call.client = world_addr("198.51.100.1");
	dialled.call.guest = true;
	expect(&dialled, "Your address may not use the SSH session on this port.");
}

static void test_text_when_a_vm_dials_then_nothing_of_the_build(void **state)
{
	struct dialled dialled;

	dial(&dialled, SESSION_ENDED, SESSION_CANCELLED);
	dialled.call.guest = true;
	dialled.call.vm = true;
	expect(&dialled, BRIEF_ENDED);
}

static void test_text_when_forgotten_then_no_session(void **state)
{
	struct dialled dialled;

	dial(&dialled, SESSION_ENDED, SESSION_CANCELLED);
	dialled.call.build = NULL;
	dialled.call.node = NULL;
	dialled.call.forward = NULL;
	expect(&dialled, "No SSH session is open on this port.");
}

static void test_text_when_off_or_not_ssh_then_nothing(void **state)
{
	struct dialled dialled;

	dial(&dialled, SESSION_ENDED, SESSION_CANCELLED);
	strcpy(dialled.text, "untouched");
	dialled.call.mode = EXPLAIN_OFF;
	assert_int_equal(explain_text(&dialled.call, dialled.text, sizeof(dialled.text)), -ENOENT);
	dialled.call.mode = EXPLAIN_FULL;
	strcpy(dialled.forward.name, "vnc");
	assert_int_equal(explain_text(&dialled.call, dialled.text, sizeof(dialled.text)), -ENOENT);
	assert_string_equal(dialled.text, "untouched");
}

/* The advice at the end must not be what is cut. */
static void test_text_when_title_is_long_then_whole_and_short_enough(void **state)
{
	char longest[BUILD_TEXT_MAX + 1];
	struct dialled dialled;

	memset(longest, 'x', BUILD_TEXT_MAX);
	longest[BUILD_TEXT_MAX] = '\0';
	for (unsigned int reason = 0; reason < SESSION_REASONS_NR; reason++) {
		size_t len;

		dial(&dialled, SESSION_ENDED, (enum session_reason)reason);
		dialled.build.title = longest;
		dialled.node.index = BUILD_NODE_INDEX_MAX;
		assert_int_equal(explain_text(&dialled.call, dialled.text, sizeof(dialled.text)),
				 0);
		len = strlen(dialled.text);
		assert_in_range(len, 1, EXPLAIN_TEXT_MAX - 1);
		assert_string_equal(dialled.text + len - strlen(REBUILD), REBUILD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_when_ended_then_when_and_why),
		cmocka_unit_test(test_text_when_duration_then_its_largest_good_unit),
		cmocka_unit_test(test_text_when_clock_was_set_back_then_no_nonsense),
		cmocka_unit_test(test_text_when_reserved_then_not_ready),
		cmocka_unit_test(test_text_when_running_then_only_from_outside),
		cmocka_unit_test(test_text_when_brief_then_nothing_of_the_build),
		cmocka_unit_test(test_text_when_stranger_then_nothing_of_the_build),
		cmocka_unit_test(test_text_when_no_allow_list_then_guests_alone_are_told),
		cmocka_unit_test(test_text_when_everybody_is_allowed_then_guests_alone_are_told),
		cmocka_unit_test(test_text_when_no_longer_allowed_then_a_guest_is_told_nothing),
		cmocka_unit_test(test_text_when_a_vm_dials_then_nothing_of_the_build),
		cmocka_unit_test(test_text_when_forgotten_then_no_session),
		cmocka_unit_test(test_text_when_off_or_not_ssh_then_nothing),
		cmocka_unit_test(test_text_when_title_is_long_then_whole_and_short_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
