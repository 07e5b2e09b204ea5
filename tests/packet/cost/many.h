/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a packet costs in the XDP program, as it is loaded in production, when it is one of 40,000
 * leases at random: towards VMs and back, IPv4 and IPv6.
 */
#pragma once

#include "engine/network.h"

/*
 * Measures and prints it. reference is the object file of another build, measured in turn with this
 * one, or NULL. Result: 0, or -errno once it is said what for.
 */
int many_measure(const struct network *network, const char *reference, int rounds);
