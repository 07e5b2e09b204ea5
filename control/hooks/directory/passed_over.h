/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of the hooks' directory that look like hooks and are none: each is told of once. */
#pragma once

#include "hooks/directory/list.h"

/* Those that were told of; all zero is none. */
struct passed_over {
	struct directory_list told;
};

/*
 * Logs a warning of each that was not told of yet, with the reason; one that was put right or
 * removed meanwhile is told of anew. A directory that cannot be read has none: others say so.
 */
void directory_passed_over_tell(struct passed_over *passed, const char *directory);
void directory_passed_over_clear(struct passed_over *passed);
