/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/audit_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "journal/journal.h"

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

int journal_audit_file_open(const char *path, struct journal **ret_audit, char **ret_reason)
{
	int result = journal_open_audit(path, ret_audit, ret_reason);
	char *again = NULL;

	if (result != -EBADMSG || put_aside(path) < 0)
		return result;
	result = journal_open_audit(path, ret_audit, &again);
	if (result == 0)
		return 1;
	free(*ret_reason);
	*ret_reason = again;
	return result;
}
