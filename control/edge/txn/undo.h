/* SPDX-License-Identifier: BSD-3-Clause */
/* What txn.c collects and commit.c carries out. */
#pragma once

#include <stdint.h>

#include "model/build.h"
#include "table/endpoints.h"
#include "table/publish.h"

enum txn_undo_kind {
	TXN_PORT_TAKEN,
	TXN_HELD,
	TXN_COUNTED,
	TXN_UNCOUNTED,
	TXN_ALLOW_TAKEN,
};

struct txn_undo {
	enum txn_undo_kind kind;
	uint32_t ordinal;
	uint16_t allow_index;
	char what;
	const char *name; /* a build's, which outlives the transaction */
	struct endpoint endpoint;
	uint64_t serial; /* the holder before; 0: nobody */
};

/* A prepared lease; allow list and deadline are the build's at the commit. */
struct txn_lease {
	const struct build *build;
	struct lease lease;
};

struct txn;

/* Frees the transaction's own memory. */
void txn_release(struct txn *txn);
