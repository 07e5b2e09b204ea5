/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/session.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The whole table once more, as it is promised: result, state, reason. */
static const struct {
	int result;
	enum session_state state;
	enum session_reason reason;
} promised[SESSION_STATES_NR][SESSION_EVENTS_NR] = {
	[SESSION_RESERVED] =
		{
			[SESSION_BIND] = {0, SESSION_RUNNING, 0},
			[SESSION_UNBIND] = {-EALREADY, 0, 0},
			[SESSION_FINISH] = {0, SESSION_FINISHED, 0},
			[SESSION_EXTEND] = {0, SESSION_RESERVED, 0},
			[SESSION_EXPIRE] = {0, SESSION_ENDED, SESSION_LIFETIME},
			[SESSION_CANCEL] = {0, SESSION_ENDED, SESSION_CANCELLED},
			[SESSION_STAY_UNUSED] = {0, SESSION_ENDED, SESSION_UNUSED},
			[SESSION_SUPERSEDE] = {0, SESSION_ENDED, SESSION_SUPERSEDED},
		},
	[SESSION_RUNNING] =
		{
			[SESSION_BIND] = {-EALREADY, 0, 0},
			[SESSION_UNBIND] = {0, SESSION_RESERVED, 0},
			[SESSION_FINISH] = {0, SESSION_FINISHED, 0},
			[SESSION_EXTEND] = {0, SESSION_RUNNING, 0},
			[SESSION_EXPIRE] = {0, SESSION_ENDED, SESSION_LIFETIME},
			[SESSION_CANCEL] = {0, SESSION_ENDED, SESSION_CANCELLED},
			[SESSION_STAY_UNUSED] = {0, SESSION_ENDED, SESSION_UNUSED},
			[SESSION_SUPERSEDE] = {0, SESSION_ENDED, SESSION_SUPERSEDED},
		},
	[SESSION_FINISHED] =
		{
			[SESSION_BIND] = {-EALREADY, 0, 0},
			[SESSION_UNBIND] = {-EALREADY, 0, 0},
			[SESSION_FINISH] = {-EALREADY, 0, 0},
			[SESSION_EXTEND] = {0, SESSION_FINISHED, 0},
			[SESSION_EXPIRE] = {0, SESSION_ENDED, SESSION_EXPIRED},
			[SESSION_CANCEL] = {0, SESSION_ENDED, SESSION_CANCELLED},
			[SESSION_STAY_UNUSED] = {0, SESSION_ENDED, SESSION_UNUSED},
			[SESSION_SUPERSEDE] = {0, SESSION_ENDED, SESSION_SUPERSEDED},
		},
	[SESSION_ENDED] =
		{
			[SESSION_BIND] = {-EPERM, 0, 0},
			[SESSION_UNBIND] = {-EPERM, 0, 0},
			[SESSION_FINISH] = {-EALREADY, 0, 0},
			[SESSION_EXTEND] = {-EPERM, 0, 0},
			[SESSION_EXPIRE] = {-EALREADY, 0, 0},
			[SESSION_CANCEL] = {-EALREADY, 0, 0},
			[SESSION_STAY_UNUSED] = {-EALREADY, 0, 0},
			[SESSION_SUPERSEDE] = {-EALREADY, 0, 0},
		},
};

static void test_next_when_any_event_then_as_promised(void **state)
{
	for (unsigned int from = 0; from < SESSION_STATES_NR; from++)
		for (unsigned int event = 0; event < SESSION_EVENTS_NR; event++) {
			struct session_move move = {0};

			assert_int_equal(model_session_next(from, event, &move),
					 promised[from][event].result);
			assert_int_equal(move.state, promised[from][event].state);
			assert_int_equal(move.reason, promised[from][event].reason);
		}
}

static void test_next_when_it_ends_then_it_closes_with_a_reason(void **state)
{
	for (unsigned int from = 0; from < SESSION_STATES_NR; from++)
		for (unsigned int event = 0; event < SESSION_EVENTS_NR; event++) {
			struct session_move move;

			if (model_session_next(from, event, &move) < 0)
				continue;
			assert_int_equal(move.state == SESSION_ENDED,
					 move.reason != SESSION_NO_REASON);
			assert_int_equal(move.state == SESSION_ENDED,
					 (move.actions & SESSION_CLOSE) != 0);
		}
}

static void test_node_next_when_any_event_then_as_promised(void **state)
{
	static const int promised_nodes[NODE_STATES_NR][NODE_EVENTS_NR] = {
		[NODE_RESERVED] = {NODE_PENDING, -EPERM, -EPERM},
		[NODE_PENDING] = {-EALREADY, NODE_READY, -EALREADY},
		[NODE_READY] = {-EALREADY, -EALREADY, NODE_UNREACHABLE},
		[NODE_UNREACHABLE] = {-EALREADY, NODE_READY, -EALREADY},
	};

	for (unsigned int from = 0; from < NODE_STATES_NR; from++)
		for (unsigned int event = 0; event < NODE_EVENTS_NR; event++) {
			enum node_state to = NODE_STATES_NR;
			int result = model_session_node_next(from, event, &to);

			assert_int_equal(result < 0 ? result : (int)to,
					 promised_nodes[from][event]);
		}
}

static void test_names_when_parsed_then_the_same(void **state)
{
	enum session_reason reason;
	enum session_state session;
	enum node_state node;

	for (unsigned int i = 0; i < SESSION_STATES_NR; i++) {
		assert_int_equal(model_session_state_parse(model_session_state_name(i), &session),
				 0);
		assert_int_equal(session, i);
	}
	for (unsigned int i = 1; i < SESSION_REASONS_NR; i++) {
		assert_int_equal(model_session_reason_parse(model_session_reason_name(i), &reason),
				 0);
		assert_int_equal(reason, i);
	}
	for (unsigned int i = 0; i < NODE_STATES_NR; i++) {
		assert_int_equal(
			model_session_node_state_parse(model_session_node_state_name(i), &node), 0);
		assert_int_equal(node, i);
	}
	assert_null(model_session_reason_name(SESSION_NO_REASON));
	assert_int_equal(model_session_state_parse("lost", &session), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next_when_any_event_then_as_promised),
		cmocka_unit_test(test_next_when_it_ends_then_it_closes_with_a_reason),
		cmocka_unit_test(test_node_next_when_any_event_then_as_promised),
		cmocka_unit_test(test_names_when_parsed_then_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
