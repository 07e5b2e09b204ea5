/* SPDX-License-Identifier: BSD-3-Clause */
#include "page/files.h"

#include <string.h>

const struct page_file *page_files_find(const char *name)
{
	for (const struct page_file *file = page_files_all; file->name; file++)
		if (strcmp(file->name, name) == 0)
			return file;
	return NULL;
}
