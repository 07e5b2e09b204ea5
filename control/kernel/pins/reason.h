/* SPDX-License-Identifier: BSD-3-Clause */
/* The one sentence that says why something of the kernel cannot be had. */
#pragma once

/*
 * Puts a printf-like sentence into *ret_reason, replacing one that is there; without memory
 * *ret_reason becomes NULL. ret_reason may be NULL. Result: error, for `return
 * pins_reason_give(…)`.
 */
int pins_reason_give(char **ret_reason, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
