/* SPDX-License-Identifier: BSD-3-Clause */
/* Moves of one build that several calls make. Part of the edge. */
#pragma once

#include <stdint.h>

#include "edge_txn.h"

/* Finishes a copy that is reserved or running, with its event. Result: 0 or -ENOMEM. */
int change_finish(struct txn *txn, struct build *copy, uint64_t finished_wall_ns);

/* Moves a copy's deadline later, within its cap, with its event. Result: 0 or -ENOMEM. */
int change_extend(struct txn *txn, struct build *copy, uint64_t deadline_ns);
