/* SPDX-License-Identifier: BSD-3-Clause */
/* What a build takes for itself: its public ports, and the ports of its VMs. */
#pragma once

#include <stdbool.h>

#include "fleet/store/keys.h"

struct record;

struct store_claim {
	char key[STORE_KEY_BYTES];
	enum store_kind kind; /* STORE_PORTS or STORE_ENDPOINTS */
	char pointer[96];     /* of what asks for it in the body */
};

struct store_claims {
	struct store_claim *claim;
	unsigned int nr;
};

/* Lists the claims of a record whose public ports are given. Result: 0 and what is to be cleared,
 * -EBADMSG for a body without sense, or -ENOMEM. */
int store_claims_list(const char *prefix, const struct record *record,
		      struct store_claims *ret_claims);

void store_claims_clear(struct store_claims *claims);

bool store_claims_has(const struct store_claims *claims, const char *key);
