/* SPDX-License-Identifier: BSD-3-Clause */
#include "runner/refused.h"

#include <stdio.h>
#include <string.h>

#include "host/addr.h"
#include "host/log.h"

/* Result: the VM's row of that reason, NULL if there is no room for one. */
static struct refused_row *find(struct refused *refused, const struct sp_addr *vm, enum said said)
{
	struct refused_row *row;

	for (unsigned int i = 0; i < refused->nr_rows; i++) {
		row = &refused->row[i];
		if (row->said == said && memcmp(&row->vm, vm, sizeof(*vm)) == 0)
			return row;
	}
	if (refused->nr_rows == RUNNER_REFUSED_ROWS)
		return NULL;
	row = &refused->row[refused->nr_rows++];
	*row = (struct refused_row){.vm = *vm, .said = said};
	return row;
}

void runner_refused_note(struct refused *refused, const struct sp_addr *vm, const char *label,
			 const char *build, const struct reply *reply)
{
	struct refused_row *row = find(refused, vm, reply->said);

	if (!row) {
		refused->nr_others++;
		return;
	}
	row->nr++;
	runner_label_text(label ? label : "", row->label, sizeof(row->label));
	snprintf(row->build, sizeof(row->build), "%s", build);
	snprintf(row->detail, sizeof(row->detail), "%s", reply->detail);
}

static void tell(const struct refused_row *row)
{
	char vm[ADDR_TEXT_BYTES], reason[2 * RUNNER_SESSIONS_TEXT_BYTES];

	snprintf(reason, sizeof(reason), "%s%s%s", runner_sessions_sentence(row->said),
		 row->detail[0] ? " " : "", row->detail);
	log_write(LOG_WARNING, "Requests of a VM were refused.",
		  log_string("vm", addr_format(&row->vm, vm)),
		  log_string("job", row->label[0] ? row->label : NULL),
		  log_string("build", row->build[0] ? row->build : NULL),
		  log_number("requests", (int64_t)row->nr), log_string("reason", reason));
}

void runner_refused_tell(struct refused *refused)
{
	for (unsigned int i = 0; i < refused->nr_rows; i++)
		tell(&refused->row[i]);
	if (refused->nr_others)
		log_write(LOG_WARNING, "Requests of more VMs were refused.",
			  log_number("requests", (int64_t)refused->nr_others));
	refused->nr_rows = 0;
	refused->nr_others = 0;
}
