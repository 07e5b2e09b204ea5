/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/follow.h"

#include <errno.h>
#include <string.h>

#include "hooks/cursor.h"
#include "hooks/daemon.h"
#include "hooks/deliver.h"
#include "hooks/notice.h"
#include "hooks/options.h"
#include "hooks/stop.h"
#include "hooks/stream.h"
#include "host/log.h"

#define STATUS_OK	 200
#define STATUS_INVALID	 400
#define STATUS_COMPACTED 410

/* Why a stream is left. */
enum outcome {
	OUTCOME_AGAIN,	 /* ask anew after a pause */
	OUTCOME_AT_ONCE, /* ask anew */
	OUTCOME_STOP,
	OUTCOME_CURSOR, /* it cannot be written */
};

static enum outcome begin_anew(struct follow *follow, const char *sentence)
{
	log_write(LOG_ERR, sentence, log_number("since", (int64_t)follow->cursor));
	follow->has_cursor = false;
	return OUTCOME_AT_ONCE;
}

static enum outcome lose_some(struct follow *follow)
{
	return begin_anew(follow, "Events were compacted before they could be delivered: "
				  "going on with the oldest there is.");
}

/* Result: 0, or an error, that is logged. */
static int write_cursor(struct follow *follow, uint64_t seq)
{
	int error = hooks_cursor_write(follow->options->cursor, seq);

	if (error) {
		log_write(LOG_ERR, "The cursor cannot be written.",
			  log_string("file", follow->options->cursor), log_error("error", error));
		return error;
	}
	follow->has_cursor = true;
	follow->cursor = seq;
	return 0;
}

/* Result: 0, or -EINTR, or an error of the cursor. */
static int take_event(struct follow *follow, const struct notice *notice)
{
	int error;

	directory_passed_over_tell(follow->passed, follow->options->directory);
	error = hooks_deliver(follow->options, notice, follow->stop);
	return error ? error : write_cursor(follow, notice->seq);
}

/* Result: whether to read on; otherwise *ret_outcome. */
static bool take_line(struct follow *follow, const char *line, enum outcome *ret_outcome)
{
	struct notice notice;
	const char *type;
	bool go_on = true;
	int error = 0;

	if (hooks_notice_parse(line, &notice)) {
		log_write(LOG_ERR, "A line of the stream is no event.", log_string("line", line));
		*ret_outcome = OUTCOME_AGAIN;
		return false;
	}
	notice.edge = follow->daemon.edge;
	type = hooks_notice_text(&notice, "type");
	if (strcmp(type, "compacted") == 0) {
		*ret_outcome = lose_some(follow);
		go_on = false;
	} else if (strcmp(type, "heartbeat") != 0 && strcmp(type, "end") != 0) {
		error = take_event(follow, &notice);
		*ret_outcome = error == -EINTR ? OUTCOME_STOP : OUTCOME_CURSOR;
		go_on = !error;
	}
	hooks_notice_clear(&notice);
	return go_on;
}

/* The answer is no stream. */
static enum outcome take_refusal(struct follow *follow, unsigned int status)
{
	if (status == STATUS_COMPACTED && follow->has_cursor)
		return lose_some(follow);
	if (status == STATUS_INVALID && follow->has_cursor)
		return begin_anew(follow, "The cursor is past the newest event, as if it were of "
					  "another edge: going on with the oldest there is.");
	log_write(LOG_WARNING, "The daemon refused the stream of events.",
		  log_number("status", status));
	return OUTCOME_AGAIN;
}

static enum outcome read_stream(struct follow *follow, struct stream *stream, bool *ret_heard)
{
	const char *line, *reason = "";
	enum outcome outcome = OUTCOME_AGAIN;
	int result;

	while ((result = hooks_stream_next(stream, follow->stop, &line, &reason)) == 1) {
		if (hooks_stream_status(stream) != STATUS_OK)
			return take_refusal(follow, hooks_stream_status(stream));
		*ret_heard = true;
		if (!take_line(follow, line, &outcome))
			return outcome;
	}
	if (result == -EINTR)
		return OUTCOME_STOP;
	if (result == 0 && hooks_stream_status(stream) != STATUS_OK)
		return take_refusal(follow, hooks_stream_status(stream));
	log_write(LOG_NOTICE, "The stream of events ended; it is taken up again.",
		  log_string("reason", result == -ETIMEDOUT ? "silence"
				       : result == 0	    ? "closed"
							    : reason));
	return OUTCOME_AGAIN;
}

/* Says when that has changed. Result: whether sallyportd's socket takes connections. */
static bool reach(struct follow *follow)
{
	const char *socket = follow->options->socket;
	int error = hooks_daemon_reach(socket), say = error ? error : FOLLOW_REACHED;

	if (say != follow->said && error)
		log_write(LOG_WARNING,
			  "sallyportd does not answer: its events are followed once it does.",
			  log_string("socket", socket), log_error("error", error));
	else if (say != follow->said)
		log_write(LOG_INFO, "Events are followed.", log_string("socket", socket),
			  log_number("since", follow->has_cursor ? (int64_t)follow->cursor : 0));
	follow->said = say;
	return !error;
}

static enum outcome follow_once(struct follow *follow, bool *ret_heard)
{
	struct stream *stream;
	enum outcome outcome;

	if (!reach(follow))
		return OUTCOME_AGAIN;
	/* What posts are known by, and dead letters. */
	if ((follow->options->webhook || follow->options->tries) &&
	    hooks_daemon_ask(follow->options->socket, &follow->daemon) < 0) {
		log_write(LOG_WARNING, "The daemon does not say which edge it is.",
			  log_string("socket", follow->options->socket));
		return OUTCOME_AGAIN;
	}
	if (hooks_stream_open(follow->options->socket, follow->has_cursor, follow->cursor,
			      &stream)) {
		log_write(LOG_WARNING, "The stream cannot be asked for.",
			  log_error("error", ENOMEM));
		return OUTCOME_AGAIN;
	}
	outcome = read_stream(follow, stream, ret_heard);
	hooks_stream_close(stream);
	return outcome;
}

/* What is there already is passed over, once. Result: 0, -EINTR, or an error of the cursor. */
static int begin_now(struct follow *follow)
{
	const struct options *options = follow->options;
	int error;

	while (!reach(follow) || hooks_daemon_ask(options->socket, &follow->daemon) < 0) {
		if (follow->said == FOLLOW_REACHED)
			log_write(LOG_WARNING, "The newest event cannot be asked for yet.",
				  log_string("socket", options->socket));
		if (hooks_stop_wait(follow->stop, options->retry_max_ns))
			return -EINTR;
	}
	error = write_cursor(follow, follow->daemon.newest);
	if (!error)
		log_write(LOG_NOTICE, "The events before are passed over.",
			  log_number("since", (int64_t)follow->cursor));
	return error;
}

int hooks_follow_run(struct follow *follow)
{
	const struct options *options = follow->options;
	uint64_t pause_ns = options->retry_min_ns;

	if (!follow->has_cursor && strcmp(options->from, "now") == 0) {
		int error = begin_now(follow);

		if (error)
			return error == -EINTR ? 0 : error;
	}
	for (;;) {
		bool heard = false;
		enum outcome outcome = follow_once(follow, &heard);

		if (outcome == OUTCOME_STOP || hooks_stop_asked(follow->stop))
			return outcome == OUTCOME_CURSOR ? -EIO : 0;
		if (outcome == OUTCOME_CURSOR)
			return -EIO;
		if (heard)
			pause_ns = options->retry_min_ns;
		if (outcome == OUTCOME_AT_ONCE)
			continue;
		if (hooks_stop_wait(follow->stop, pause_ns))
			return 0;
		pause_ns =
			2 * pause_ns < options->retry_max_ns ? 2 * pause_ns : options->retry_max_ns;
	}
}
