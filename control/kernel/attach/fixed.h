/* SPDX-License-Identifier: BSD-3-Clause */
/* What of the configuration a running sallyportd cannot change. */
#pragma once

struct config;
struct kernel_kept;

/*
 * Result: 0 if a reload can go from now to then, or -EBUSY and *ret_reason, which names the keys
 * that need a restart.
 */
int attach_fixed_check(const struct config *now, const struct config *then,
		       const struct kernel_kept *kept, char **ret_reason);
