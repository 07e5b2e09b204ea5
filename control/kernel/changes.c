// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/changes.h"

#include <stdarg.h>
#include <stdio.h>

void kernel_changes_add(struct changes *changes, enum kernel_change_type type, uint64_t value,
			const char *format, ...)
{
	struct kernel_change *change;
	va_list arguments;

	if (changes->nr == CHANGES_MAX)
		kernel_changes_done(changes);
	change = &changes->change[(changes->first + changes->nr++) % CHANGES_MAX];
	*change = (struct kernel_change){.type = type, .value = value};
	va_start(arguments, format);
	vsnprintf(change->what, sizeof(change->what), format, arguments);
	va_end(arguments);
}

struct kernel_change *kernel_changes_oldest(struct changes *changes)
{
	return changes->nr ? &changes->change[changes->first] : NULL;
}

void kernel_changes_done(struct changes *changes)
{
	if (!changes->nr)
		return;
	changes->first = (changes->first + 1) % CHANGES_MAX;
	changes->nr--;
}
