/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether this host can do what sallyportd asks of it. Features are tried, never versions. */
#pragma once

#include <stdbool.h>
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

/* What the programs need of the kernel, alone. Result as above. */
int attach_probe_features(char **ret_reason);

/* Result: whether what would be made at that path lies on a BPF file system. */
bool attach_probe_is_bpffs(const char *bpf_dir);

/* Result: where to mount one for a bpf_dir: the usual place, if that is within it. */
const char *attach_probe_bpffs_mount(const char *bpf_dir);
