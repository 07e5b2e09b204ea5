/* SPDX-License-Identifier: BSD-3-Clause */
/* What kernel_next_change() has to tell, oldest first, kept until it has been told. */
#pragma once

#include "kernel/pins/names.h"

#define CHANGES_MAX 16

struct changes {
	struct kernel_change change[CHANGES_MAX]; /* from first on, round the end */
	unsigned int first, nr;
};

/* Adds one. When there is no room the oldest is forgotten. */
void kernel_changes_add(struct changes *changes, enum kernel_change_type type, uint64_t value,
			const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Result: the oldest, or NULL. */
struct kernel_change *kernel_changes_oldest(struct changes *changes);

/* Forgets the oldest. */
void kernel_changes_done(struct changes *changes);
