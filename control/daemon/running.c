/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/running.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/config.h"
#include "host/log.h"

#define PATH_BYTES (CONFIG_PATH_SIZE + sizeof("/" CONFIG_RUNNING_NAME ".new"))

static void name_file(const struct config *config, const char *suffix, char ret_path[PATH_BYTES])
{
	snprintf(ret_path, PATH_BYTES, "%s/" CONFIG_RUNNING_NAME "%s", config->edge.run_dir,
		 suffix);
}

static bool says_the_same(const struct config *config, const char *text, size_t bytes)
{
	struct config_errors errors = {0};
	struct config_changes changes;
	struct config *read = NULL;
	bool same = false;

	if (config_load_text("", text, bytes, &read, &errors) == 0) {
		config_diff(config, read, &changes);
		same = changes.nr == 0;
	}
	config_free(read);
	config_errors_free(&errors);
	return same;
}

/* For root alone, since what may be read in the file of the configuration is not ours to say. */
static int write_file(const struct config *config, const char *text, size_t bytes)
{
	char path[PATH_BYTES], new_path[PATH_BYTES];
	int fd, r = 0;

	name_file(config, "", path);
	name_file(config, ".new", new_path);
	fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, bytes) != (ssize_t)bytes)
		r = -EIO;
	close(fd);
	if (r == 0 && rename(new_path, path) < 0)
		r = -errno;
	return r;
}

void daemon_running_tell(const struct config *config, const char *path)
{
	size_t bytes = 0;
	char *text = config_file_text(path, &bytes);
	int r;

	daemon_running_forget(config);
	if (!text || !says_the_same(config, text, bytes)) {
		free(text);
		return;
	}
	r = write_file(config, text, bytes);
	if (r < 0)
		log_write(LOG_WARNING, "The configuration in force cannot be kept for comparison.",
			  log_error("error", r));
	free(text);
}

void daemon_running_forget(const struct config *config)
{
	char path[PATH_BYTES];

	name_file(config, "", path);
	unlink(path);
}
