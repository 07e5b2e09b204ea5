/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/deliver.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "hooks/daemon.h"
#include "hooks/dead_letters.h"
#include "hooks/directory/list.h"
#include "hooks/notice.h"
#include "hooks/options.h"
#include "hooks/script.h"
#include "hooks/stop.h"
#include "hooks/webhook/post.h"
#include "host/log.h"

#define TYPE_FAILED "delivery.failed" /* model/event.h has the types */

/* One event on its way. */
struct delivery {
	const struct options *options;
	const struct notice *notice;
	const struct stop *stop;
	char reason[WEBHOOK_REASON_BYTES]; /* why the last attempt failed */
};

/* Tries once to deliver to one place. Result: 0, or anything else for "not acknowledged". */
typedef int attempt(struct delivery *delivery, const char *name);

static uint64_t longer(const struct options *options, uint64_t pause_ns)
{
	return 2 * pause_ns < options->retry_max_ns ? 2 * pause_ns : options->retry_max_ns;
}

static int note_failure(struct delivery *delivery, int result, const char *reason)
{
	if (result > 0)
		snprintf(delivery->reason, sizeof(delivery->reason), "status %d", result);
	else
		snprintf(delivery->reason, sizeof(delivery->reason), "%s",
			 *reason ? reason : strerror(-result));
	return result;
}

static int try_script(struct delivery *delivery, const char *name)
{
	const struct notice *notice = delivery->notice;
	int result = hooks_script_run(delivery->options->directory, name, notice,
				      delivery->options->time_limit_ns);

	if (result > 0)
		log_write(LOG_WARNING, "A hook failed.", log_string("hook", name),
			  log_number("status", result), log_number("seq", (int64_t)notice->seq));
	else if (result < 0)
		log_write(LOG_WARNING, "A hook failed.", log_string("hook", name),
			  log_error("error", result), log_number("seq", (int64_t)notice->seq));
	return result ? note_failure(delivery, result, "") : 0;
}

static int try_webhook(struct delivery *delivery, const char *name)
{
	const struct notice *notice = delivery->notice;
	const struct options *options = delivery->options;
	char id[HOOKS_NOTICE_ID_BYTES], reason[WEBHOOK_REASON_BYTES];
	const struct webhook_post post = {
		.url = options->webhook,
		.headers = options->headers,
		.keys = options->keys,
		.id = hooks_notice_id(notice, id),
		.seq = notice->seq,
		.body = notice->line,
		.limit_ns = options->time_limit_ns,
		.stop_fd = delivery->stop->fd,
	};
	int result = webhook_post_send(&post, reason);

	if (result > 0)
		log_write(LOG_WARNING, "The webhook refused an event.",
			  log_number("status", result), log_number("seq", (int64_t)notice->seq));
	else if (result < 0 && result != -EINTR)
		log_write(LOG_WARNING, "The webhook could not be reached.",
			  log_string("reason", reason), log_number("seq", (int64_t)notice->seq));
	return result ? note_failure(delivery, result, reason) : 0;
}

/*
 * Makes an event of it, unless it is one of these itself: else there would be no end. Without
 * sallyportd there are no further events either, so this may wait for it. Result: 0 or -EINTR.
 */
static int tell(const struct delivery *delivery, const struct dead_letter *letter)
{
	const struct options *options = delivery->options;
	const struct notice *notice = delivery->notice;
	uint64_t pause_ns = options->retry_min_ns;
	int result;

	if (strcmp(hooks_notice_text(notice, "type"), TYPE_FAILED) == 0)
		return 0;
	while ((result = hooks_daemon_tell(options->socket, letter, notice)) < 0) {
		log_write(LOG_WARNING, "sallyportd cannot be told of a dead letter yet.",
			  log_number("seq", (int64_t)notice->seq));
		if (hooks_stop_wait(delivery->stop, pause_ns))
			return -EINTR;
		pause_ns = longer(options, pause_ns);
	}
	if (result > 0)
		log_write(LOG_WARNING, "sallyportd does not want to be told of a dead letter.",
			  log_number("status", result), log_number("seq", (int64_t)notice->seq));
	return 0;
}

/* Result: 0 if the event is kept as a dead letter, -EAGAIN: try again, or -EINTR. */
static int give_up(const struct delivery *delivery, const char *name, uint64_t nr_tries)
{
	const char *file = delivery->options->dead_letters;
	const struct dead_letter letter = {name, delivery->reason, nr_tries};
	int error = hooks_dead_letters_add(file, &letter, delivery->notice);

	if (error) {
		log_write(LOG_ERR, "A dead letter cannot be kept: the event is tried again.",
			  log_string("file", file), log_error("error", error));
		return -EAGAIN;
	}
	log_write(LOG_ERR, "An event is given up; it is among the dead letters.",
		  log_string("hook", name), log_number("seq", (int64_t)delivery->notice->seq),
		  log_number("tries", (int64_t)nr_tries), log_string("reason", delivery->reason),
		  log_string("file", file));
	return tell(delivery, &letter);
}

/* max_tries 0: for as long as it takes. */
static int try_again(struct delivery *delivery, attempt *try, const char *name, uint64_t max_tries)
{
	const struct options *options = delivery->options;
	uint64_t pause_ns = options->retry_min_ns;

	for (uint64_t nr_tries = 1;; nr_tries++) {
		int result = -EAGAIN;

		if (hooks_stop_asked(delivery->stop))
			return -EINTR;
		if (!try(delivery, name))
			return 0;
		if (hooks_stop_asked(delivery->stop))
			return -EINTR;
		if (max_tries && nr_tries >= max_tries)
			result = give_up(delivery, name, nr_tries);
		if (result != -EAGAIN)
			return result;
		if (hooks_stop_wait(delivery->stop, pause_ns))
			return -EINTR;
		pause_ns = longer(options, pause_ns);
	}
}

/* Result: 0, or an error that was logged. */
static int list_hooks(const struct delivery *delivery, struct directory_list *list)
{
	const char *directory = delivery->options->directory;
	int error = directory_list_hooks(directory, list);

	if (error == -ENOENT && delivery->options->may_lack_directory) {
		*list = (struct directory_list){0};
		return 0;
	}
	if (error)
		log_write(LOG_WARNING, "The hooks cannot be listed.",
			  log_string("directory", directory), log_error("error", error));
	return error;
}

/* A hook that was removed is no longer waited for. */
static int try_present(struct delivery *delivery, const char *name)
{
	struct directory_list list;
	int error = list_hooks(delivery, &list);
	bool present;

	if (error)
		return note_failure(delivery, error, "");
	present = directory_list_has(&list, name);
	directory_list_clear(&list);
	return present ? try_script(delivery, name) : 0;
}

static int try_list(struct delivery *delivery, const char *name)
{
	struct directory_list list;
	int result = list_hooks(delivery, &list);

	if (result)
		return result;
	for (unsigned int i = 0; i < list.nr && !result; i++)
		result = try_again(delivery, try_present, list.name[i], delivery->options->tries);
	directory_list_clear(&list);
	return result;
}

int hooks_deliver(const struct options *options, const struct notice *notice,
		  const struct stop *stop)
{
	struct delivery delivery = {.options = options, .notice = notice, .stop = stop};
	int result = try_again(&delivery, try_list, NULL, 0);

	if (!result && options->webhook)
		result = try_again(&delivery, try_webhook, HOOKS_WEBHOOK, options->tries);
	return result;
}

int hooks_deliver_once(const struct options *options, const struct notice *notice,
		       const struct stop *stop, const char *name,
		       char ret_reason[HOOKS_REASON_BYTES])
{
	struct delivery delivery = {.options = options, .notice = notice, .stop = stop};
	bool posted = options->webhook && strcmp(name, HOOKS_WEBHOOK) == 0;
	int result = posted ? try_webhook(&delivery, name) : try_script(&delivery, name);

	if (result && hooks_stop_asked(stop))
		return -EINTR;
	snprintf(ret_reason, HOOKS_REASON_BYTES, "%s", delivery.reason);
	return result;
}
