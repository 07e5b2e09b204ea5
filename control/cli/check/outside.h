/* SPDX-License-Identifier: BSD-3-Clause */
/* Open builds that a new configuration leaves outside: they stay, and nothing else says so first.
 */
#pragma once

#include <jansson.h>

struct config;

struct check_outside {
	unsigned int networks; /* lead elsewhere than to builds.networks */
	unsigned int ports;    /* have a public port that is no longer one */
	unsigned int ending;   /* have a public address that is no longer one: they end */
};

/* Counts among builds, as the API lists them, while before is in force. */
void check_outside_count(const json_t *builds, const struct config *before,
			 const struct config *after, struct check_outside *ret_outside);
