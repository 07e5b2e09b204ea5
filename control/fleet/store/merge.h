/* SPDX-License-Identifier: BSD-3-Clause */
/* A PUT becomes a record: merged into what was declared before, with a public port for each. */
#pragma once

#include <stdint.h>

#include <jansson.h>

struct config;
struct mirror;
struct problem;
struct record;

struct store_merge {
	const struct config *config;
	const struct mirror *mirror;
	const json_t *avoid; /* an object whose keys are of ports that shall not be chosen */
	const char *id;
	const struct record *before; /* NULL: none */
	const json_t *body;	     /* as it came */
	uint64_t now_ns;
};

/*
 * Result: 0 and a record to be freed, without its change; -EINVAL or -ENOSPC with the problem set;
 * -E2BIG if fleet.txn_ops is too low for it; or -ENOMEM.
 */
int store_merge_make(const struct store_merge *merge, struct record **ret_record,
		     struct problem *problem);
