/* SPDX-License-Identifier: BSD-3-Clause */
#include "edge/put/put.h"

#include <stdarg.h>
#include <stdio.h>

void put_wrong(const struct put *put, enum problem_type type, const char *pointer,
	       const char *format, ...)
{
	char whole[sizeof(put->txn->problem->errors[0].pointer)];
	char detail[sizeof(put->txn->problem->errors[0].detail)];
	va_list args;

	snprintf(whole, sizeof(whole), "%s%s", put->prefix, pointer);
	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	json_problem_add(put->txn->problem, type, whole, "%s", detail);
}

struct build *put_edit(struct put *put)
{
	if (!put->copy) {
		put->copy = txn_edit(put->txn, put->build, "put");
		if (put->copy)
			txn_mark_whole(put->txn, put->copy);
	}
	return put->copy;
}
