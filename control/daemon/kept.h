/* SPDX-License-Identifier: BSD-3-Clause */
/* What the journal's builds need of the table beyond what the configuration gives to new ones. */
#pragma once

struct config;
struct journal;
struct kernel_kept;

/*
 * Counts their ports outside public.addresses, as those of a pool that was made smaller, and their
 * allow-lists, and logs it. Result: 0 or -errno.
 */
int daemon_kept_count(const struct config *config, struct journal *journal,
		      struct kernel_kept *ret_kept);
