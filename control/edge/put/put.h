/* SPDX-License-Identifier: BSD-3-Clause */
/* One spec being worked in, and the passes that do it. */
#pragma once

#include <sallyport/table.h>

#include "edge/txn/txn.h"

struct build_spec;

struct put {
	struct txn *txn;
	const struct build_spec *spec;
	const char *prefix;
	struct build *build;			   /* as it is; NULL: new */
	struct build *copy;			   /* as it will be; NULL until something differs */
	struct sp_prefix allow[SP_ALLOW_PREFIXES]; /* the spec's, sorted without doubles */
	unsigned int nr_allow;
};

/* check.c: what of a spec a build that exists cannot become. Result: 0 or -EEXIST. */
int put_check(struct put *put);

/* merge.c: makes the copy say what the spec says. Result: 0 or -ENOMEM. */
int put_merge(struct put *put);

/* Result: the copy, made now if need be; NULL without memory. */
struct build *put_edit(struct put *put);

/* claim.c: takes ports, endpoints and counts for what is new. Result: 0 or -errno. */
int put_claim(struct put *put);

/* Records a problem at a pointer below the prefix. */
void put_wrong(const struct put *put, enum problem_type type, const char *pointer,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));
