/* SPDX-License-Identifier: BSD-3-Clause */
/* What leases that are kept need of the table, beyond what the configuration gives to new ones. */
#pragma once

#include <stdint.h>

struct kernel_kept {
	uint32_t nr_outside; /* public ports outside the configured ones */
	uint32_t nr_lists;   /* allow-lists in use */
};
