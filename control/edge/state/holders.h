/* SPDX-License-Identifier: BSD-3-Clause */
/* Which build holds a VM's endpoint: one at most. Part of the edge. */
#pragma once

#include <stdint.h>

#include "table/endpoints.h"

struct holders;

/* Result: 0 or -ENOMEM. */
int state_holders_new(struct holders **ret_holders);
void state_holders_free(struct holders *holders);

/* Result: the serial of the build that holds it, 0 if none does. */
uint64_t state_holders_get(const struct holders *holders, const struct endpoint *endpoint);

/* serial 0: nobody any more. Result: 0, or -ENOMEM for an endpoint that had no holder. */
int state_holders_set(struct holders *holders, const struct endpoint *endpoint, uint64_t serial);
