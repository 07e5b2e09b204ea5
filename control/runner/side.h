/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether VMs reach an address that sallyport-runner listens on. */
#pragma once

#include <stdbool.h>

#include <sallyport/addr.h>

struct config;

/*
 * Result: whether an address lies in builds.networks or is one of builds.interface; with
 * builds.vlan, whose interface may have any name, one that is neither the public interface's nor
 * the loopback's.
 */
bool runner_side_has(const struct config *config, const struct sp_addr *addr);
