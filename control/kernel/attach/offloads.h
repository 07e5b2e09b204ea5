/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What devices do to packets before a program sees them: tags that a NIC takes off (rxvlan) make
 * frames of other VLANs look like its own, and what is merged below a generic program (GRO, LRO) is
 * longer than any MTU. Both are turned off, kept in a file of state_dir, and put back by --detach.
 */
#pragma once

struct attach_outcome;
struct attach_plan;

/*
 * Turns rxvlan off on each interface of a plan. Result: 0, or -errno and *ret_reason, a sentence:
 * -EOPNOTSUPP where it is fixed on.
 */
int attach_offloads_keep_tags(const char *state_dir, const struct attach_plan *plan,
			      char **ret_reason);

/*
 * Turns device_merges off on what is below an interface whose program is generic. Result: 0, or the
 * first -errno, which costs uploads and no start.
 */
int attach_offloads_stop_merging(const char *state_dir, const struct attach_plan *plan,
				 const struct attach_outcome *outcomes);

/* Turns on again what is kept of this boot, and forgets it. Result: 0 or -errno. */
int attach_offloads_restore(const char *state_dir);
