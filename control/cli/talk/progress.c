/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/talk/progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "host/boottime.h"

#define PAUSE_NS (100 * NS_PER_MS)

static bool quiet, shown;
static uint64_t said_ns;

void talk_progress(const char *format, ...)
{
	uint64_t now_ns = boottime_now_ns();
	va_list args;

	if (quiet || now_ns - said_ns < PAUSE_NS || !isatty(STDERR_FILENO))
		return;
	said_ns = now_ns;
	shown = true;
	fputs("\r\033[K", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fflush(stderr);
}

void talk_progress_end(void)
{
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}

void talk_progress_be_quiet(void)
{
	quiet = true;
}
