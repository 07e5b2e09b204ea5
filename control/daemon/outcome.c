// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/outcome.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>

#include "host/boottime.h"
#include "host/config.h"
#include "host/log.h"

#define PATH_BYTES    (CONFIG_PATH_SIZE + sizeof("/reloaded.new"))
#define PATIENCE_NS   (30 * NS_PER_S)
#define LOOK_AGAIN_MS 10

/* The moment tells one reload from the next; a pid tells nothing. */
struct outcome {
	uint64_t done_ns;
	int applied;
};

static void name_file(const struct config *config, const char *name, char ret_path[PATH_BYTES])
{
	snprintf(ret_path, PATH_BYTES, "%s/%s", config->edge.run_dir, name);
}

int daemon_outcome_tell(const struct config *config, bool applied)
{
	char path[PATH_BYTES], new_path[PATH_BYTES];
	FILE *file;
	int r;

	name_file(config, "reloaded", path);
	name_file(config, "reloaded.new", new_path);
	file = fopen(new_path, "we");
	if (!file)
		return -errno;
	r = fprintf(file, "%" PRIu64 " %d\n", boottime_now_ns(), applied) < 0 ? -EIO : 0;
	if (fclose(file) != 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(new_path, path) < 0)
		r = -errno;
	return r;
}

/* No file, or none that can be read: no reload yet. */
static struct outcome look(const struct config *config)
{
	struct outcome outcome = {0}, found;
	char path[PATH_BYTES];
	FILE *file;

	name_file(config, "reloaded", path);
	file = fopen(path, "re");
	if (!file)
		return outcome;
	if (fscanf(file, "%" SCNu64 " %d", &found.done_ns, &found.applied) == 2)
		outcome = found;
	fclose(file);
	return outcome;
}

int daemon_outcome_ask(const struct config *config, pid_t pid)
{
	const struct outcome before = look(config);
	uint64_t limit_ns = boottime_now_ns() + PATIENCE_NS;
	struct outcome now = before;

	if (kill(pid, SIGHUP) < 0)
		return -errno;
	while (now.done_ns == before.done_ns) {
		if (boottime_now_ns() > limit_ns)
			return -ETIMEDOUT;
		poll(NULL, 0, LOOK_AGAIN_MS);
		if (kill(pid, 0) < 0)
			return -errno;
		now = look(config);
	}
	return now.applied ? 0 : -ECANCELED;
}

/* Result: whether an option is said that a reload cannot change. */
static bool say_needs(const struct config_changes *changes)
{
	bool said = false;

	for (unsigned int i = 0; i < changes->nr; i++) {
		const struct config_change *change = &changes->change[i];

		if (change->apply == CONFIG_APPLY_RELOAD)
			continue;
		log_write(LOG_ERR, "Nothing was applied: a change needs more than a reload.",
			  log_string("key", change->key),
			  log_string("needs", config_apply_name(change->apply)));
		said = true;
	}
	return said;
}

void daemon_outcome_explain(const struct config *config)
{
	char path[CONFIG_PATH_SIZE + sizeof("/" CONFIG_RUNNING_NAME)];
	struct config_errors errors = {0};
	struct config_changes changes;
	struct config *running;
	bool said = false;

	snprintf(path, sizeof(path), "%s/" CONFIG_RUNNING_NAME, config->edge.run_dir);
	if (config_load(path, &running, &errors) == 0) {
		config_diff(running, config, &changes);
		said = !config_can_reload(&changes) && say_needs(&changes);
		config_free(running);
	}
	config_errors_free(&errors);
	if (!said)
		log_write(LOG_ERR, "Nothing was applied: sallyportd's log says why.");
}
