/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a build's session, and of its nodes, as two pure tables: state x event -> state. */
#pragma once

#include <stdint.h>

enum session_state {
	SESSION_RESERVED, /* public ports promised, some VM unknown yet */
	SESSION_RUNNING,
	SESSION_FINISHED, /* the build is over, the way in lingers */
	SESSION_ENDED,
	SESSION_STATES_NR
};

enum session_event {
	SESSION_BIND,	/* every node has its VM now */
	SESSION_UNBIND, /* a node without a VM was added */
	SESSION_FINISH,
	SESSION_EXTEND,
	SESSION_EXPIRE, /* the deadline has passed */
	SESSION_CANCEL,
	SESSION_STAY_UNUSED, /* nobody connected within the time for it */
	SESSION_SUPERSEDE,
	SESSION_EVENTS_NR
};

enum session_reason {
	SESSION_NO_REASON,
	SESSION_EXPIRED, /* the linger after the build's end, extensions included */
	SESSION_CANCELLED,
	SESSION_UNUSED,
	SESSION_LIFETIME,   /* the build never finished within its lifetime */
	SESSION_SUPERSEDED, /* a later build named one of its VM endpoints */
	SESSION_REASONS_NR
};

/* What a move asks the caller to do, bits. */
enum session_action {
	SESSION_SET_DEADLINE = 1, /* recompute or move the deadline */
	SESSION_CLOSE = 2,	  /* end every slot, quarantine every port */
};

struct session_move {
	enum session_state state;
	enum session_reason reason;
	uint32_t actions;
};

/*
 * Looks up one move. Result: 0 and *ret_move; -EALREADY if the event changes nothing in that state
 * (a second finish, a cancel of what has ended); -EPERM if that state refuses it (extending or
 * binding what has ended). Pure.
 */
int model_session_next(enum session_state state, enum session_event event,
		       struct session_move *ret_move);

/* Result: the name as the API and the journal spell it; NULL for SESSION_NO_REASON. */
const char *model_session_state_name(enum session_state state);
const char *model_session_reason_name(enum session_reason reason);

/* Parses the above. Result: 0 or -EINVAL. */
int model_session_state_parse(const char *name, enum session_state *ret_state);
int model_session_reason_parse(const char *name, enum session_reason *ret_reason);

enum node_state {
	NODE_RESERVED,
	NODE_PENDING, /* bound, not seen answering yet */
	NODE_READY,
	NODE_UNREACHABLE,
	NODE_STATES_NR
};

enum node_event {
	NODE_BIND,
	NODE_ANSWER,  /* a TCP connect to its port succeeded */
	NODE_SILENCE, /* one failed */
	NODE_EVENTS_NR
};

/* Like model_session_next(): 0 and *ret_state, -EALREADY, or -EPERM. */
int model_session_node_next(enum node_state state, enum node_event event,
			    enum node_state *ret_state);

const char *model_session_node_state_name(enum node_state state);
int model_session_node_state_parse(const char *name, enum node_state *ret_state);
