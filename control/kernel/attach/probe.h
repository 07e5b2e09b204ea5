/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether this host can do what sallyportd asks of it. Features are tried, never versions. */
#pragma once

#include <stdint.h>

struct config;

struct probe_interfaces {
	uint32_t public_ifindex;
	uint32_t builds_ifindex; /* may be the same */
};

/*
 * Looks for capabilities, bpffs at edge.bpf_dir, both interfaces, and what the programs need of the
 * kernel. Result: 0 and *ret_interfaces, or -errno and *ret_reason, a sentence about the first
 * thing that is missing and what to do about it.
 */
int attach_probe_host(const struct config *config, struct probe_interfaces *ret_interfaces,
		      char **ret_reason);

/* The parts of it that --detach needs: capabilities and bpffs. Result as above. */
int attach_probe_rights(const struct config *config, char **ret_reason);
