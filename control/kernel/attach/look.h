/* SPDX-License-Identifier: BSD-3-Clause */
/* What an interface has now. */
#pragma once

#include "kernel/attach/attach.h"

/* Looks what packets of an interface meet. Result: 0 or -errno. */
int attach_look_seen(const char *bpf_dir, const struct attach_target *target,
		     struct desired_seen *ret);

/*
 * Asks the kernel what is on an interface now, and compares it with the link that is pinned for
 * that role. Fills all of *ret but attachment; what cannot be learned is left 0.
 */
void attach_look(const char *bpf_dir, const struct attach_target *target,
		 struct kernel_interface *ret);
