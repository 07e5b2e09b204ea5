/* SPDX-License-Identifier: BSD-3-Clause */
/* Mistakes in what sallyport-hooks is to go by, told at its start and not at the first event. */
#pragma once

struct options;

/* Result: 0, or -errno, logged: to go on would lose events, or deliver none. */
int hooks_check(const struct options *options);
