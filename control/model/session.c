/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/session.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum answer {
	REFUSED, /* what a hole in the tables means */
	NOTHING,
	MOVES,
};

struct row {
	enum answer answer;
	struct session_move move;
};

/* clang-format off */
#define MOVE(to, actions)      { MOVES, { SESSION_##to, SESSION_NO_REASON, actions } }
#define END(reason)            { MOVES, { SESSION_ENDED, SESSION_##reason, SESSION_CLOSE } }
#define STAY                   { NOTHING, { 0, 0, 0 } }
#define DEADLINE               SESSION_SET_DEADLINE

/* A build that is over stays finished, whatever is bound to it later. */
static const struct row moves[SESSION_STATES_NR][SESSION_EVENTS_NR] = {
	[SESSION_RESERVED] = {
		[SESSION_BIND]        = MOVE(RUNNING, 0),
		[SESSION_UNBIND]      = STAY,
		[SESSION_FINISH]      = MOVE(FINISHED, DEADLINE),
		[SESSION_EXTEND]      = MOVE(RESERVED, DEADLINE),
		[SESSION_EXPIRE]      = END(LIFETIME),
		[SESSION_CANCEL]      = END(CANCELLED),
		[SESSION_STAY_UNUSED] = END(UNUSED),
		[SESSION_SUPERSEDE]   = END(SUPERSEDED),
	},
	[SESSION_RUNNING] = {
		[SESSION_BIND]        = STAY,
		[SESSION_UNBIND]      = MOVE(RESERVED, 0),
		[SESSION_FINISH]      = MOVE(FINISHED, DEADLINE),
		[SESSION_EXTEND]      = MOVE(RUNNING, DEADLINE),
		[SESSION_EXPIRE]      = END(LIFETIME),
		[SESSION_CANCEL]      = END(CANCELLED),
		[SESSION_STAY_UNUSED] = END(UNUSED),
		[SESSION_SUPERSEDE]   = END(SUPERSEDED),
	},
	[SESSION_FINISHED] = {
		[SESSION_BIND]        = STAY,
		[SESSION_UNBIND]      = STAY,
		[SESSION_FINISH]      = STAY,
		[SESSION_EXTEND]      = MOVE(FINISHED, DEADLINE),
		[SESSION_EXPIRE]      = END(EXPIRED),
		[SESSION_CANCEL]      = END(CANCELLED),
		[SESSION_STAY_UNUSED] = END(UNUSED),
		[SESSION_SUPERSEDE]   = END(SUPERSEDED),
	},
	[SESSION_ENDED] = {
		[SESSION_FINISH]      = STAY,
		[SESSION_EXPIRE]      = STAY,
		[SESSION_CANCEL]      = STAY,
		[SESSION_STAY_UNUSED] = STAY,
		[SESSION_SUPERSEDE]   = STAY,
	},
};

static const struct {
	enum answer answer;
	enum node_state state;
} node_moves[NODE_STATES_NR][NODE_EVENTS_NR] = {
	[NODE_RESERVED] = {
		[NODE_BIND]    = { MOVES, NODE_PENDING },
	},
	[NODE_PENDING] = {
		[NODE_BIND]    = { NOTHING, 0 },
		[NODE_ANSWER]  = { MOVES, NODE_READY },
		[NODE_SILENCE] = { NOTHING, 0 },
	},
	[NODE_READY] = {
		[NODE_BIND]    = { NOTHING, 0 },
		[NODE_ANSWER]  = { NOTHING, 0 },
		[NODE_SILENCE] = { MOVES, NODE_UNREACHABLE },
	},
	[NODE_UNREACHABLE] = {
		[NODE_BIND]    = { NOTHING, 0 },
		[NODE_ANSWER]  = { MOVES, NODE_READY },
		[NODE_SILENCE] = { NOTHING, 0 },
	},
};
/* clang-format on */

static const char *const state_names[SESSION_STATES_NR] = {
	[SESSION_RESERVED] = "reserved",
	[SESSION_RUNNING] = "running",
	[SESSION_FINISHED] = "finished",
	[SESSION_ENDED] = "ended",
};

static const char *const reason_names[SESSION_REASONS_NR] = {
	[SESSION_EXPIRED] = "expired",	     [SESSION_CANCELLED] = "cancelled",
	[SESSION_UNUSED] = "unused",	     [SESSION_LIFETIME] = "lifetime",
	[SESSION_SUPERSEDED] = "superseded",
};

static const char *const node_names[NODE_STATES_NR] = {
	[NODE_RESERVED] = "reserved",
	[NODE_PENDING] = "pending",
	[NODE_READY] = "ready",
	[NODE_UNREACHABLE] = "unreachable",
};

static int answer_error(enum answer answer)
{
	return answer == NOTHING ? -EALREADY : -EPERM;
}

int model_session_next(enum session_state state, enum session_event event,
		       struct session_move *ret_move)
{
	const struct row *row = &moves[state][event];

	if (row->answer != MOVES)
		return answer_error(row->answer);
	*ret_move = row->move;
	return 0;
}

int model_session_node_next(enum node_state state, enum node_event event,
			    enum node_state *ret_state)
{
	if (node_moves[state][event].answer != MOVES)
		return answer_error(node_moves[state][event].answer);
	*ret_state = node_moves[state][event].state;
	return 0;
}

static int parse_name(const char *const *names, int nr_names, const char *name)
{
	for (int i = 0; i < nr_names; i++)
		if (names[i] && strcmp(names[i], name) == 0)
			return i;
	return -EINVAL;
}

const char *model_session_state_name(enum session_state state)
{
	return state_names[state];
}

int model_session_state_parse(const char *name, enum session_state *ret_state)
{
	int index = parse_name(state_names, SESSION_STATES_NR, name);

	if (index < 0)
		return index;
	*ret_state = (enum session_state)index;
	return 0;
}

const char *model_session_reason_name(enum session_reason reason)
{
	return reason_names[reason];
}

int model_session_reason_parse(const char *name, enum session_reason *ret_reason)
{
	int index = parse_name(reason_names, SESSION_REASONS_NR, name);

	if (index < 0)
		return index;
	*ret_reason = (enum session_reason)index;
	return 0;
}

const char *model_session_node_state_name(enum node_state state)
{
	return node_names[state];
}

int model_session_node_state_parse(const char *name, enum node_state *ret_state)
{
	int index = parse_name(node_names, NODE_STATES_NR, name);

	if (index < 0)
		return index;
	*ret_state = (enum node_state)index;
	return 0;
}
