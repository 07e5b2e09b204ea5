/* SPDX-License-Identifier: BSD-3-Clause */
/* What a spec may say, whatever else there is. Part of the edge. */
#pragma once

struct build_spec;
struct edge;
struct problem;

/*
 * Checks every field against the settings, and addresses against this host's own. pointers in the
 * problem begin with prefix. Result: 0, or -EINVAL with all that is wrong (at most
 * PROBLEM_ERRORS_MAX) in the problem.
 */
int put_spec_check(const struct edge *edge, const struct build_spec *spec, const char *prefix,
		   struct problem *problem);
