/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A managed neighbour of IPv6 is asked for from the interface's link-local address alone: without
 * one the kernel never asks, says nothing, and such a VM or gateway stays unresolved.
 */
#pragma once

#include "kernel/pins/names.h"

struct mirror_interface;

/*
 * Writes a sentence for each of the two interfaces that is up and has no link-local address of
 * IPv6, at most max. Result: how many.
 */
unsigned int kernel_link_local_warn(const struct mirror_interface *interfaces,
				    char (*ret_what)[KERNEL_SENTENCE_SIZE], unsigned int max);
