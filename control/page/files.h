/* SPDX-License-Identifier: BSD-3-Clause */
/* What browsers are given: the files of www/, inside the program. */
#pragma once

#include <stddef.h>

struct page_file {
	const char *name; /* NULL ends the list */
	const char *media_type;
	const unsigned char *data;
	size_t bytes;
};

/* All of them; embed.py writes it. */
extern const struct page_file page_files_all[];

/* Result: the file of that name, NULL if there is none. */
const struct page_file *page_files_find(const char *name);
