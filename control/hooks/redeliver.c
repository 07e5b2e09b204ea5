/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/redeliver.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "hooks/cursor.h"
#include "hooks/dead_letters.h"
#include "hooks/deliver.h"
#include "hooks/notice.h"
#include "hooks/options.h"
#include "host/log.h"

struct round {
	const struct options *options;
	const struct stop *stop;
	unsigned int nr_delivered, nr_left;
};

/* A letter as its file has it. */
struct read_letter {
	json_t *object;
	char *event; /* printed */
	const char *hook;
	uint64_t nr_tries;
	struct notice notice;
};

static void clear(struct read_letter *letter)
{
	hooks_notice_clear(&letter->notice);
	free(letter->event);
	json_decref(letter->object);
}

/* Result: 0, to be cleared, or -EBADMSG. */
static int read_letter(const char *line, struct read_letter *ret_letter)
{
	struct read_letter letter = {.object = json_loads(line, 0, NULL)};
	const char *edge = json_string_value(json_object_get(letter.object, "edge"));

	letter.hook = json_string_value(json_object_get(letter.object, "hook"));
	letter.nr_tries = (uint64_t)json_integer_value(json_object_get(letter.object, "tries"));
	letter.event = json_dumps(json_object_get(letter.object, "event"), JSON_COMPACT);
	if (!letter.hook || strchr(letter.hook, '/') || !letter.event ||
	    hooks_notice_parse(letter.event, &letter.notice) < 0) {
		free(letter.event);
		json_decref(letter.object);
		return -EBADMSG;
	}
	letter.notice.edge = edge ? edge : "";
	*ret_letter = letter;
	return 0;
}

/* Result: 0, -EINTR, or -errno if it could not be kept. */
static int deliver(struct round *round, const struct read_letter *read)
{
	const struct options *options = round->options;
	char reason[HOOKS_REASON_BYTES];
	struct dead_letter letter = {read->hook, reason, read->nr_tries + 1};
	int result = hooks_deliver_once(options, &read->notice, round->stop, read->hook, reason);

	if (result == -EINTR)
		return result;
	if (result == 0) {
		round->nr_delivered++;
		log_write(LOG_INFO, "A dead letter is delivered.", log_string("hook", read->hook),
			  log_number("seq", (int64_t)read->notice.seq));
		return 0;
	}
	round->nr_left++;
	result = hooks_dead_letters_add(options->dead_letters, &letter, &read->notice);
	if (result < 0)
		log_write(LOG_ERR, "A dead letter cannot be kept again.",
			  log_error("error", result));
	return result;
}

static int deliver_line(struct round *round, char *line)
{
	struct read_letter letter;
	int result;

	line[strcspn(line, "\n")] = '\0';
	if (read_letter(line, &letter) < 0) {
		log_write(LOG_ERR, "A line among the dead letters is none: it is left out.",
			  log_string("line", line));
		return 0;
	}
	result = deliver(round, &letter);
	clear(&letter);
	return result;
}

static int deliver_all(struct round *round, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int result = file ? 0 : -errno;

	while (file && result == 0 && getline(&line, &room, file) >= 0)
		result = deliver_line(round, line);
	if (file && result == 0 && ferror(file))
		result = -EIO;
	free(line);
	if (file)
		fclose(file);
	if (result == 0 && unlink(path) < 0)
		result = -errno;
	return result;
}

/* Result: as hooks_redeliver_run(). */
static int run_locked(struct round *round, const char *taken)
{
	int result = hooks_dead_letters_take(round->options->dead_letters, taken);

	if (result == -ENOENT) {
		log_write(LOG_NOTICE, "There are no dead letters.",
			  log_string("file", round->options->dead_letters));
		return 0;
	}
	if (result == 0)
		result = deliver_all(round, taken);
	if (result < 0 && result != -EINTR)
		log_write(LOG_ERR, "Dead letters cannot be delivered.", log_string("file", taken),
			  log_error("error", result));
	log_write(LOG_NOTICE, "Dead letters were delivered once more.",
		  log_number("delivered", round->nr_delivered),
		  log_number("not_taken", round->nr_left));
	return result == 0 && round->nr_left ? -EBUSY : result;
}

int hooks_redeliver_run(const struct options *options, const struct stop *stop)
{
	struct round round = {.options = options, .stop = stop};
	char taken[PATH_MAX];
	int fd, result;

	if (snprintf(taken, sizeof(taken), "%s.again", options->dead_letters) >= (int)sizeof(taken))
		return -ENAMETOOLONG;
	fd = hooks_cursor_lock(taken);
	if (fd < 0) {
		log_write(LOG_ERR, "The dead letters cannot be taken.", log_string("file", taken),
			  log_error("error", fd));
		return fd;
	}
	result = run_locked(&round, taken);
	close(fd);
	return result;
}
