/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of the host, /proc and /sys. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct fact_look;

/* Opens one for reading. Result: NULL if that cannot be. */
FILE *facts_files_open(const struct fact_look *look, const char *path);

/* Result: the first whole number in a file whose path is printed so, -1 if there is none. */
long facts_files_number(const struct fact_look *look, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Result: whether the file has a first line, which is then in ret, without its end. */
bool facts_files_line(const struct fact_look *look, const char *path, char *ret, size_t size);
