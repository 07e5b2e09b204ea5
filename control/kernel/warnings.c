// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void kernel_warnings_add(struct warnings *warnings, const char *format, ...)
{
	char sentence[KERNEL_SENTENCE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	for (unsigned int i = 0; i < warnings->nr; i++)
		if (strcmp(warnings->sentence[i], sentence) == 0)
			return;
	if (warnings->nr == KERNEL_WARNINGS_MAX)
		warnings->nr--;
	memcpy(warnings->sentence[warnings->nr++], sentence, sizeof(sentence));
}
