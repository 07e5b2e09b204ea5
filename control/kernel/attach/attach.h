/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The XDP programs on the interfaces and the pinned links that hold them there. A program of ours
 * is kept if it is the one that would be loaded, replaced in place if not; somebody else's is never
 * touched.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/attach/desired.h"
#include "kernel/attach/maps.h"
#include "kernel/pins/names.h"

#define ATTACH_MAX 2

struct attach_target {
	const char *key; /* of the config, for sentences; static */
	char name[KERNEL_NAME_SIZE];
	uint32_t ifindex;
	uint32_t role; /* enum sp_role */
	uint32_t public_vlan, builds_vlan;
	bool exception; /* it is a port's exception interface */
};

/* What to attach: the programs for these interfaces, over these maps. */
struct attach_plan {
	const char *bpf_dir;
	const struct maps *maps;
	struct attach_target targets[ATTACH_MAX];
	unsigned int nr_targets;
	bool again;	   /* not all targets of this edge: links of others are left alone */
	bool generic;	   /* with again: the mode of the others */
	bool keep_sockets; /* the xsks maps that are pinned are those of these interfaces */
};

struct attach_outcome {
	enum kernel_attachment how;
	bool native;
	uint32_t prog_id;
	char why[KERNEL_SENTENCE_SIZE]; /* it was made generic, else empty */
};

/*
 * Puts a program of ours on every interface of the plan, all in one mode: natively, or generically
 * if one of the drivers refuses that, or takes no packets from another driver. Two steps may fail:
 * everything is looked at and loaded before anything is changed, and a change that fails is undone
 * together with those before it. Result: 0 and one outcome a target, or -errno and *ret_reason, a
 * sentence.
 */
int attach_all(const struct attach_plan *plan, struct attach_outcome *ret_outcomes,
	       char **ret_reason);

/*
 * Does the same for one target of a plan that was carried out before, in the mode that ret_outcome
 * has from then, which is the others'. same_device: the interface is still the one it was then, so
 * that AF_XDP sockets bound to it go on. Result as above.
 */
int attach_again(const struct attach_plan *plan, unsigned int target, bool same_device,
		 struct attach_outcome *ret_outcome, char **ret_reason);
