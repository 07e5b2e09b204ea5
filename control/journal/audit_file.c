/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/audit_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal/audit.h"
#include "journal/journal.h"
#include "journal/sql.h"

#define MEMORY ":memory:"

#define NAME_BYTES (PATH_MAX + 32)

/* The log goes first: what it belongs to, alone, is an older moment of the same; it, alone, is not.
 */
static int put_aside(const char *path)
{
	static const char *const tails[] = {"-wal", "-shm", ""};
	char from[NAME_BYTES], to[NAME_BYTES];

	for (unsigned int i = 0; i < 3; i++) {
		snprintf(from, sizeof(from), "%s%s", path, tails[i]);
		snprintf(to, sizeof(to), "%s.damaged%s", path, tails[i]);
		if (rename(from, to) == 0)
			continue;
		if (errno != ENOENT || (unlink(to) < 0 && errno != ENOENT))
			return -errno;
	}
	return 0;
}

/* Whatever is, or is not, in its place. Without memory for the path it stays there. */
static int open_in_memory(const char *path, struct journal **ret_audit, char **ret_reason)
{
	char *reason = NULL;
	int result = journal_open_audit(MEMORY, ret_audit, &reason);

	if (result == 0) {
		free(reason);
		(*ret_audit)->wanted = strdup(path);
		return JOURNAL_AUDIT_IN_MEMORY;
	}
	free(*ret_reason);
	*ret_reason = reason;
	return result;
}

/* Puts it aside for another. Result: 0; or -errno, and why if there is more to say. */
static int replace(const char *path, struct journal **ret_audit, char **ret_reason)
{
	char *again = NULL;
	int result = put_aside(path);

	if (result == 0)
		result = journal_open_audit(path, ret_audit, &again);
	if (again) {
		free(*ret_reason);
		*ret_reason = again;
	}
	return result;
}

static int open_anew(const char *path, struct journal **ret_audit, char **ret_reason)
{
	return replace(path, ret_audit, ret_reason) == 0
		       ? JOURNAL_AUDIT_ANEW
		       : open_in_memory(path, ret_audit, ret_reason);
}

int journal_audit_file_open(const char *path, struct journal **ret_audit, char **ret_reason)
{
	int result = journal_open_audit(path, ret_audit, ret_reason);

	if (result == 0)
		return 0;
	return result == -EBADMSG ? open_anew(path, ret_audit, ret_reason)
				  : open_in_memory(path, ret_audit, ret_reason);
}

static bool has_moved(const struct journal *audit)
{
	int moved = 0;

	sqlite3_file_control(audit->database, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return moved != 0;
}

bool journal_audit_file_is_lost(const struct journal *audit)
{
	return audit->damaged || has_moved(audit);
}

/* All who hold the audit hold the fresh one from then on. */
static void swap(struct journal *audit, struct journal *fresh)
{
	struct journal old = *audit;

	*audit = *fresh;
	audit->dropped = old.dropped;
	audit->renewed = old.renewed;
	*fresh = old;
}

/* What was put aside SQLite neither writes back nor removes when it is closed: it has moved. */
int journal_audit_file_renew(struct journal *audit, char **ret_reason)
{
	const char *path = audit->wanted ? audit->wanted : audit->path;
	struct journal *fresh;
	int result;

	*ret_reason = strdup(audit->damaged	? "it is damaged"
			     : has_moved(audit) ? "it was removed"
						: "it fails");
	result = journal_audit_file_is_lost(audit) && !audit->in_memory
			 ? open_anew(audit->path, &fresh, ret_reason)
			 : open_in_memory(path, &fresh, ret_reason);
	if (result < 0)
		return result;
	swap(audit, fresh);
	audit->renewed++;
	journal_close(fresh);
	return result;
}

/* Of the file, which is sound, or put aside for a new one. */
static int open_wanted(const char *path, struct journal **ret_audit)
{
	char *reason = NULL;
	int result = journal_open_audit(path, ret_audit, &reason);

	if (result == -EBADMSG)
		result = replace(path, ret_audit, &reason);
	free(reason);
	return result;
}

bool journal_audit_file_is_wanted(const struct journal *audit)
{
	return audit->wanted != NULL;
}

int journal_audit_file_return(struct journal *audit, struct journal **ret_memory)
{
	struct journal *fresh;
	int result = open_wanted(audit->wanted, &fresh);

	if (result < 0)
		return result;
	result = journal_audit_copy_open(fresh, audit);
	if (result < 0) {
		journal_close(fresh);
		return result;
	}
	swap(audit, fresh);
	*ret_memory = fresh;
	return 0;
}
