/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/webhook/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

/* Result: 0 or -errno. */
static int check_mode(FILE *file, const char *path, char *ret_reason)
{
	struct stat status;

	if (fstat(fileno(file), &status) == 0 && !(status.st_mode & S_IRWXO))
		return 0;
	snprintf(ret_reason, WEBHOOK_REASON_BYTES, "%s: it is open to others: chmod o= it", path);
	return -EACCES;
}

static int take_lines(FILE *file, const char *path, webhook_secret_taker *take, void *context,
		      char *ret_reason)
{
	const char *wrong = NULL;
	unsigned int number = 0;
	char *line = NULL;
	size_t room = 0;

	while (!wrong && getline(&line, &room, file) >= 0) {
		number++;
		line[strcspn(line, "\r\n")] = '\0';
		if (*line && *line != '#')
			wrong = take(context, line);
	}
	if (wrong)
		snprintf(ret_reason, WEBHOOK_REASON_BYTES, "%s:%u: %s", path, number, wrong);
	else if (ferror(file))
		snprintf(ret_reason, WEBHOOK_REASON_BYTES, "%s: it cannot be read", path);
	if (line)
		OPENSSL_cleanse(line, room);
	free(line);
	return wrong ? -EBADMSG : ferror(file) ? -EIO : 0;
}

int webhook_secret_read(const char *path, webhook_secret_taker *take, void *context,
			char ret_reason[WEBHOOK_REASON_BYTES])
{
	FILE *file = fopen(path, "re");
	int result;

	if (!file) {
		result = -errno;
		snprintf(ret_reason, WEBHOOK_REASON_BYTES, "%s: %s", path, strerror(-result));
		return result;
	}
	setvbuf(file, NULL, _IONBF, 0); /* no copy is left in a buffer */
	result = check_mode(file, path, ret_reason);
	if (result == 0)
		result = take_lines(file, path, take, context, ret_reason);
	fclose(file);
	return result;
}
