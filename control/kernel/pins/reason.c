// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/pins/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int pins_reason_give(char **ret_reason, int error, const char *format, ...)
{
	char *sentence;
	va_list arguments;

	if (!ret_reason)
		return error;
	va_start(arguments, format);
	if (vasprintf(&sentence, format, arguments) < 0)
		sentence = NULL;
	va_end(arguments);
	free(*ret_reason);
	*ret_reason = sentence;
	return error;
}
