/* SPDX-License-Identifier: BSD-3-Clause */
/* Allow-lists as the table holds them, made of prefixes. */
#pragma once

#include <sallyport/table.h>

/*
 * Makes the record of a list. Prefixes are masked, at most SP_ALLOW_PREFIXES, in any order, and may
 * lie within one another: lists of the same addresses become the same record.
 */
void allow_make(struct sp_allow *ret_allow, const struct sp_prefix *prefixes,
		unsigned int nr_prefixes);
