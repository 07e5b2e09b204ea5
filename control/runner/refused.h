/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests that were refused since the last look: a line of the log for each VM and reason, with
 * how often, so that a VM that asks without end fills no log.
 */
#pragma once

#include <stdint.h>

#include <sallyport/addr.h>

#include "runner/label.h"
#include "runner/sessions.h"

#define RUNNER_REFUSED_ROWS	   16 /* a look; of others it is told how many */
#define RUNNER_REFUSED_LABEL_BYTES 128

struct refused_row {
	struct sp_addr vm;
	enum said said;
	uint64_t nr;
	char label[RUNNER_REFUSED_LABEL_BYTES]; /* of the latest */
	char build[RUNNER_LABEL_ID_BYTES];	/* that the VM has, "" if none is known */
	char detail[RUNNER_SESSIONS_TEXT_BYTES];
};

struct refused {
	unsigned int nr_rows;
	uint64_t nr_others;
	struct refused_row row[RUNNER_REFUSED_ROWS];
};

/* label NULL: not said; build: whoever has the VM, or "". */
void runner_refused_note(struct refused *refused, const struct sp_addr *vm, const char *label,
			 const char *build, const struct reply *reply);

/* Logs what was noted, and begins anew. */
void runner_refused_tell(struct refused *refused);
