/* SPDX-License-Identifier: BSD-3-Clause */
/* Mistakes in what sallyport-hooks is to go by, told at its start and not at the first event. */
#pragma once

struct options;
struct passed_over;

/*
 * Result: 0, or -errno, logged: to go on would lose events, or deliver none. passed has the files
 * then that were told of.
 */
int hooks_check(const struct options *options, struct passed_over *passed);
