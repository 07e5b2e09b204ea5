/* SPDX-License-Identifier: BSD-3-Clause */
/* Moves of one build that several calls make. Part of the edge. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "edge/txn/txn.h"

/* Finishes a copy that is reserved or running, with its event. Result: 0 or -ENOMEM. */
int txn_change_finish(struct txn *txn, struct build *copy, uint64_t finished_wall_ns);

/* Result: whether the deadline of an open build has passed, though the clock was not asked yet. */
bool txn_change_is_overdue(const struct txn *txn, const struct build *build);

/* Moves a copy's deadline later, within its cap, with its event. Result: 0 or -ENOMEM. */
int txn_change_extend(struct txn *txn, struct build *copy, uint64_t deadline_ns);
