// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <systemd/sd-journal.h>

#define MESSAGE_MAX 2048

static int highest_level = LOG_INFO;

void log_set_level(int level)
{
	highest_level = level;
}

/* systemd says by device and inode which stream is the journal's (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long device, inode;
	struct stat status;

	return stream && sscanf(stream, "%lu:%lu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

static const char *level_name(int level)
{
	static const char *const names[] = {"emergency", "alert",  "critical", "error",
					    "warning",	 "notice", "info",     "debug"};

	return names[level & 7];
}

static void escape(const char *text, char *ret_text, size_t size_bytes)
{
	size_t at = 0;

	for (; *text && at + 5 < size_bytes; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < 0x20 || byte == 0x7f)
			at += (size_t)snprintf(ret_text + at, size_bytes - at, "\\x%02x", byte);
		else
			ret_text[at++] = *text;
	}
	ret_text[at] = '\0';
}

void log_write(int level, const char *format, ...)
{
	char raw[MESSAGE_MAX], message[2 * MESSAGE_MAX];
	va_list arguments;

	if (level > highest_level)
		return;
	va_start(arguments, format);
	vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	escape(raw, message, sizeof(message));
	if (stderr_is_journal())
		sd_journal_send("MESSAGE=%s", message, "PRIORITY=%d", level, NULL);
	else
		fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, level_name(level),
			message);
}
