/* SPDX-License-Identifier: BSD-3-Clause */
/* All that `sallyport doctor` finds. */
#pragma once

#include "cli/doctor/finding.h"

struct cli;
struct config;

/*
 * Looks at everything; path is where the configuration was read, for commands. Result: an array of
 * findings, NULL without memory, and the worst grade.
 */
json_t *doctor_findings(struct cli *cli, const char *path, const struct config *config,
			enum doctor_grade *ret_worst);
