/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <sallyport/addr.h>

#include "host/config.h"
#include "host/config_questions.h"
#include "host/log.h"
#include "journal/journal.h"
#include "kernel/pins/kept.h"

struct count {
	const struct config *config;
	struct kernel_kept *kept;
	uint32_t nr_own[SP_PUBLICS_MAX]; /* of each prefix */
};

/* A port of an address that is configured no more gets no record: its build ends. */
static int visit(const struct sp_addr *addr, uint16_t port, uint64_t until_wall_ns, void *context)
{
	struct count *count = context;

	for (uint32_t i = 0; i < count->config->public.nr_addresses; i++) {
		const struct config_public *address = &count->config->public.addresses[i];
		const struct sp_prefix prefix = config_prefix(address);

		count->nr_own[i] += config_is_prefix(address) && sp_prefix_contains(&prefix, addr);
		if (sp_addr_equal(&address->bind, addr) && !config_question_has_port(address, port))
			count->kept->nr_outside++;
	}
	return 0;
}

int daemon_kept_count(const struct config *config, struct journal *journal,
		      struct kernel_kept *ret_kept)
{
	struct count count = {.config = config, .kept = ret_kept};
	int r;

	*ret_kept = (struct kernel_kept){0};
	r = journal_record_load_places(journal, visit, &count);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < config->public.nr_addresses; i++)
		if (count.nr_own[i] > config->public.addresses[i].sessions)
			ret_kept->nr_outside +=
				count.nr_own[i] - config->public.addresses[i].sessions;
	if (ret_kept->nr_outside)
		log_write(
			LOG_NOTICE,
			"Builds keep public ports that the configuration no longer has, until they "
			"end.",
			log_number("ports", ret_kept->nr_outside));
	return journal_build_count_lists(journal, &ret_kept->nr_lists);
}

static bool is_ours(const char *name)
{
	static const char *const beginnings[] = {"journal.db", "audit.db"};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

/* Not by a descriptor: closing it would let go of what SQLite has locked in the same file. */
static void close_file(int dir_fd, const char *dir, const char *name)
{
	struct stat file;
	int error;

	if (fstatat(dir_fd, name, &file, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(file.st_mode) ||
	    !(file.st_mode & S_IRWXO))
		return;
	error = fchmodat(dir_fd, name, file.st_mode & 07777 & ~(mode_t)S_IRWXO, 0) ? -errno : 0;
	if (error)
		log_write(LOG_WARNING, "A file is open to others, and cannot be closed to them.",
			  log_string("state_dir", dir), log_string("file", name),
			  log_error("error", error));
	else
		log_write(LOG_NOTICE, "A file was open to others: it no longer is.",
			  log_string("state_dir", dir), log_string("file", name));
}

void daemon_kept_close_files(const struct config *config)
{
	const char *path = config->edge.state_dir;
	const struct dirent *entry;
	DIR *dir = opendir(path);

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (is_ours(entry->d_name))
			close_file(dirfd(dir), path, entry->d_name);
	closedir(dir);
}

int daemon_kept_open(const char *path, struct journal **ret_journal, char **ret_reason)
{
	int r = journal_open(path, ret_journal, ret_reason);

	if (r < 0)
		return r;
	r = journal_open_thread(*ret_journal);
	if (r < 0)
		log_write(LOG_WARNING, "The journal has no thread: others wait for large changes.",
			  log_error("error", r));
	return 0;
}
