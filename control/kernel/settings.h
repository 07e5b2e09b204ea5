/* SPDX-License-Identifier: BSD-3-Clause */
/* The settings record, written while packets are compared with it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

struct config;
struct mirror_interface;
struct config_rate;

/* Result: whether builds.networks are neither of the two sets, so that one is to be written over.
 */
bool kernel_settings_rewrite_networks(const struct sp_settings *settings,
				      const struct config *config);

/*
 * Result: a rate as the engines read it (sallyport/limit.h): the window is the first power of two
 * that the period fits into, or shorter where the rate is high. Rounded down, but to no less than
 * one in a window.
 */
uint64_t kernel_settings_limit(const struct config_rate *rate);

/*
 * Writes what the config says, each field by one store, and stores only what changes. interfaces:
 * public and builds. Where networks are to be rewritten, every reader has been seen past the last
 * call (quiesce.h).
 */
void kernel_settings_write(struct sp_settings *settings, const struct config *config,
			   const struct mirror_interface *interfaces);
