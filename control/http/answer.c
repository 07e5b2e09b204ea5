/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/answer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int http_answer_header(struct http_answer *answer, const char *name, const char *format, ...)
{
	struct http_header *header = &answer->header[answer->nr_headers];
	va_list args;
	char *value;
	int written;

	if (answer->nr_headers == HTTP_ANSWER_HEADERS)
		return -ENOSPC;
	va_start(args, format);
	written = vasprintf(&value, format, args);
	va_end(args);
	if (written < 0)
		return -ENOMEM;
	*header = (struct http_header){.name = name, .value = value};
	answer->nr_headers++;
	return 0;
}

void http_answer_clear(struct http_answer *answer)
{
	for (unsigned int i = 0; i < answer->nr_headers; i++)
		free(answer->header[i].value);
	free(answer->body);
	memset(answer, 0, sizeof(*answer));
}
