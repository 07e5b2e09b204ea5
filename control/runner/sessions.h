/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One VM's session: begun, found again, finished, ended. A VM has one at a time, and a new one ends
 * the one before, so that nobody who was let into one job is still there in the next.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runner/label.h"

struct runner;
struct vm;

/* X(NAME, status, host shown where nothing but host:port may be said, sentence) */
#define RUNNER_SAID(X)                                                                             \
	X(OK, 200, "", "")                                                                         \
	X(AWAY, 503, "sallyport-is-away.invalid", "sallyportd does not answer.")                   \
	X(FULL, 503, "sallyport-is-full.invalid", "There is no room for another session.")         \
	X(OFTEN, 429, "too-many-sessions-of-this-vm.invalid",                                      \
	  "This VM asks too often: wait some minutes.")                                            \
	X(TAKEN, 409, "this-vm-has-another-build.invalid",                                         \
	  "A build that was not declared here has this VM.")                                       \
	X(NONE, 404, "no-session.invalid", "There is no session of this job.")                     \
	X(FORBIDDEN, 503, "sallyport-runner-may-not.invalid",                                      \
	  "sallyport-runner may not declare builds: see api.group and api.roles of the edge.")     \
	X(REFUSED, 422, "sallyport-refuses.invalid", "The edge refuses it.")

enum said {
#define X(NAME, status, host, sentence) SAID_##NAME,
	RUNNER_SAID(X)
#undef X
};

#define RUNNER_SESSIONS_TEXT_BYTES 512

struct reply {
	enum said said;
	char holder[RUNNER_LABEL_ID_BYTES];	 /* of TAKEN: the build that has the VM, or "" */
	char detail[RUNNER_SESSIONS_TEXT_BYTES]; /* of a refusal, one line, or "" */
	char at[RUNNER_SESSIONS_TEXT_BYTES];	 /* host:port, for people to dial */
};

/* Result: what is told of it, "" of OK. */
const char *runner_sessions_sentence(enum said said);

/* What a job wants; any text may be any bytes, or NULL if it is not said. */
struct wish {
	const char *label;
	const char *title;
	const char *user;
	uint16_t port;
	uint64_t young_ms; /* a session of the label older than that is another's */
};

/* Finds the VM's session of this label, or begins one. */
void runner_sessions_start(struct runner *runner, struct vm *vm, const struct wish *wish,
			   struct reply *ret_reply);

/* The job is over: the countdown begins. label NULL: whatever session there is. */
void runner_sessions_finish(struct runner *runner, struct vm *vm, const char *label,
			    struct reply *ret_reply);

/* Ends it at once; the same of label. */
void runner_sessions_end(struct runner *runner, struct vm *vm, const char *label,
			 struct reply *ret_reply);

/* Result: what people are to be shown of the VM's session, view "enable" or "wait", or "". It is
 * good until the next call of the daemon. */
const char *runner_sessions_words(struct runner *runner, const struct vm *vm, const char *view);

/* Ends a build at once. Result: whether it has ended. */
bool runner_sessions_cancel(struct runner *runner, const char *id, struct reply *ret_reply);
