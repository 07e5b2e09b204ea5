/* SPDX-License-Identifier: BSD-3-Clause */
/* Who had a VM before: builds that have ended, and that other edges may carry still. */
#pragma once

#include <stdint.h>

struct fleet;
struct record;

/* Result: the newest revision by which a build has ended that had a VM of this record and that not
 * all edges have removed; 0: there is none, as far as the store still tells. */
int64_t state_former_find(const struct fleet *fleet, const struct record *record);
