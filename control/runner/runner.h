/* SPDX-License-Identifier: BSD-3-Clause */
/* What all of sallyport-runner goes by. One thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "runner/refused.h"

struct ask;
struct config;
struct options;
struct vms;

#define RUNNER_LIMIT_NS 4000000000ULL /* for all calls of the daemon that one request needs */

struct runner {
	const struct options *options;
	const struct config *config;
	struct ask *ask;
	struct vms *vms;
	json_t *allow; /* prefixes, NULL for everybody */
	bool known;    /* which VM has which session */
	struct refused refused;
};
