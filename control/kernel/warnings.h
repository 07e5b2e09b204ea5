/* SPDX-License-Identifier: BSD-3-Clause */
/* What status has to say of this host since the start, each thing once. */
#pragma once

#include "kernel/pins/names.h"

struct warnings {
	unsigned int nr;
	char sentence[KERNEL_WARNINGS_MAX][KERNEL_SENTENCE_SIZE];
};

/* Notes a warning, once; beyond the last place the newest takes the place of the one before. */
void kernel_warnings_add(struct warnings *warnings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
