// SPDX-License-Identifier: BSD-3-Clause
#include "facts/files.h"

#include <stdarg.h>
#include <string.h>

#include "facts/fact.h"

#define PATH_SIZE 512

FILE *facts_files_open(const struct fact_look *look, const char *path)
{
	const char *root = look->site->root ? look->site->root : "";
	char whole[PATH_SIZE];

	if ((size_t)snprintf(whole, sizeof(whole), "%s%s", root, path) >= sizeof(whole))
		return NULL;
	return fopen(whole, "re");
}

long facts_files_number(const struct fact_look *look, const char *format, ...)
{
	char path[PATH_SIZE];
	va_list arguments;
	long number = -1;
	FILE *in;

	va_start(arguments, format);
	vsnprintf(path, sizeof(path), format, arguments);
	va_end(arguments);
	in = facts_files_open(look, path);
	if (!in)
		return -1;
	if (fscanf(in, "%ld", &number) != 1)
		number = -1;
	fclose(in);
	return number;
}

bool facts_files_line(const struct fact_look *look, const char *path, char *ret, size_t size)
{
	FILE *in = facts_files_open(look, path);
	bool read;

	if (!in)
		return false;
	read = fgets(ret, (int)size, in);
	fclose(in);
	if (read)
		ret[strcspn(ret, "\n")] = '\0';
	return read;
}
