/* SPDX-License-Identifier: BSD-3-Clause */
#include "announce/decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW 1000

struct row {
	const char *what;
	struct announce_known known;
	enum announce_state state;
	const char *why;
};

static const struct row rows[] = {
	{"alone and well", {.has_last_resort = true}, ANNOUNCE_ANNOUNCED, NULL},
	{"carries nothing", {.ill = "ill"}, ANNOUNCE_WITHDRAWN, "ill"},
	{"drained and ill",
	 {.ill = "ill", .has_last_resort = true, .drained = true, .drained_until_ns = NOW + 1},
	 ANNOUNCE_WITHDRAWN,
	 "ill"},
	{"being drained",
	 {.has_last_resort = true, .drained = true, .drained_until_ns = NOW + 1},
	 ANNOUNCE_LAST_RESORT,
	 "it is drained"},
	{"being drained without another device",
	 {.drained = true, .drained_until_ns = NOW + 1},
	 ANNOUNCE_WITHDRAWN,
	 "it is drained"},
	{"drained",
	 {.has_last_resort = true, .drained = true, .drained_until_ns = NOW},
	 ANNOUNCE_WITHDRAWN,
	 "it is drained"},
	{"drained, and as the store",
	 {.has_last_resort = true,
	  .drained = true,
	  .in_fleet = true,
	  .current_until_ns = NOW + 1,
	  .behind = ""},
	 ANNOUNCE_WITHDRAWN,
	 "it is drained"},
	{"as the store",
	 {.has_last_resort = true, .in_fleet = true, .current_until_ns = NOW + 1, .behind = ""},
	 ANNOUNCE_ANNOUNCED,
	 NULL},
	{"no word of the store",
	 {.has_last_resort = true, .in_fleet = true, .current_until_ns = NOW, .behind = ""},
	 ANNOUNCE_LAST_RESORT,
	 "sallyport-fleet does not say that the store is followed"},
	{"behind the store",
	 {.has_last_resort = true, .in_fleet = true, .behind = "behind"},
	 ANNOUNCE_LAST_RESORT,
	 "behind"},
	{"behind the store without another device",
	 {.in_fleet = true, .behind = "behind"},
	 ANNOUNCE_WITHDRAWN,
	 "behind"},
	{"behind the store, and shall withdraw",
	 {.has_last_resort = true,
	  .in_fleet = true,
	  .behind = "behind",
	  .withdraws_without_store = true},
	 ANNOUNCE_WITHDRAWN,
	 "behind"},
};

static void test_state_follows_from_what_is_known(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct announce_known known = rows[i].known;
		const char *why = "untouched";

		known.now_ns = NOW;
		print_message("# %s\n", rows[i].what);
		assert_int_equal(announce_decide(&known, &why), rows[i].state);
		if (rows[i].why)
			assert_string_equal(why, rows[i].why);
		else
			assert_null(why);
	}
}

static void test_drain_is_over_when_its_time_is(void **state)
{
	struct announce_known known = {.now_ns = NOW, .drained_until_ns = NOW + 1};

	assert_int_equal(announce_decide_drain(&known), ANNOUNCE_NOT_DRAINED);
	known.drained = true;
	assert_int_equal(announce_decide_drain(&known), ANNOUNCE_DRAINING);
	known.now_ns++;
	assert_int_equal(announce_decide_drain(&known), ANNOUNCE_DRAINED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state_follows_from_what_is_known),
		cmocka_unit_test(test_drain_is_over_when_its_time_is),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
