/* SPDX-License-Identifier: BSD-3-Clause */
/* sallyport-hooks: tells executables and a webhook of each event, at least once and in order. */
#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "hooks/check.h"
#include "hooks/cursor.h"
#include "hooks/follow.h"
#include "hooks/options.h"
#include "hooks/redeliver.h"
#include "hooks/stop.h"
#include "host/log.h"
#include "host/seq_file.h"

#define LOCK_TRIES    50
#define LOCK_PAUSE_NS 20000000

static int fail(const char *sentence, const char *file, int error)
{
	log_write(LOG_ERR, sentence, log_string("file", file), log_error("error", error));
	return error;
}

/* What was killed may have left a child that is about to run a hook, and has the lock until then.
 */
static int lock(const struct options *options)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	int fd = hooks_cursor_lock(options->cursor);

	for (int i = 0; fd == -EWOULDBLOCK && i < LOCK_TRIES; i++) {
		nanosleep(&pause, NULL);
		fd = hooks_cursor_lock(options->cursor);
	}
	if (fd == -EWOULDBLOCK)
		return fail("Another sallyport-hooks goes by this cursor.", options->cursor, fd);
	return fd < 0 ? fail("The cursor cannot be locked.", options->cursor, fd) : fd;
}

static int run(const struct options *options, const struct stop *stop, struct passed_over *passed)
{
	struct follow follow = {.options = options, .stop = stop, .passed = passed};
	int error = seq_file_read(options->cursor, &follow.cursor);

	if (error && error != -ENOENT)
		return fail("The cursor cannot be read: put it right, or remove it to begin with "
			    "the oldest event.",
			    options->cursor, error);
	follow.has_cursor = !error;
	sd_notify(0, "READY=1");
	error = hooks_follow_run(&follow);
	sd_notify(0, "STOPPING=1");
	return error;
}

int main(int argc, char **argv)
{
	enum arguments_action action;
	struct passed_over passed = {0};
	struct options options;
	struct stop stop;
	int lock_fd, error;

	action = hooks_options_parse(argv, &options);
	if (action != ARGUMENTS_RUN)
		return action == ARGUMENTS_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
	log_open("sallyport-hooks", LOG_INFO);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return EXIT_FAILURE;
	if (hooks_check(&options, &passed))
		return EXIT_FAILURE;
	lock_fd = options.redeliver ? -1 : lock(&options);
	error = lock_fd < 0 && !options.redeliver ? lock_fd : hooks_stop_open(&stop);
	if (!error) {
		error = options.redeliver ? hooks_redeliver_run(&options, &stop)
					  : run(&options, &stop, &passed);
		hooks_stop_close(&stop);
	}
	if (lock_fd >= 0)
		close(lock_fd);
	directory_passed_over_clear(&passed);
	curl_global_cleanup();
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
