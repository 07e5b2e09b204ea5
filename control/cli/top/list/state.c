/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/top/list/state.h"

#include <stdio.h>
#include <string.h>

#include "host/boottime.h"

static void clear_detail(struct top_detail *detail)
{
	for (unsigned int i = 0; i < TOP_PARTS_NR; i++)
		json_decref(detail->part[i]);
	*detail = (struct top_detail){0};
}

uint64_t list_state_silent(const struct top *top)
{
	if (*top->lost)
		return top->lost_ns;
	return top->called_ns && top->now_ns >= top->called_ns + NS_PER_S ? top->called_ns : 0;
}

void list_state_open(struct top *top, const char *id)
{
	clear_detail(&top->detail);
	snprintf(top->detail.id, sizeof(top->detail.id), "%s", id);
	top->mode = TOP_SHOW;
}

void list_state_refused(struct top_detail *detail, const json_t *event)
{
	struct top_refusal *refusal;

	if (detail->nr_refusals == TOP_REFUSALS_MAX) {
		memmove(detail->refusal, detail->refusal + 1,
			sizeof(detail->refusal) - sizeof(detail->refusal[0]));
		detail->nr_refusals--;
	}
	refusal = &detail->refusal[detail->nr_refusals++];
	snprintf(refusal->time, sizeof(refusal->time), "%s", talk_text(event, "time"));
	snprintf(refusal->detail, sizeof(refusal->detail), "%s", talk_text(event, "detail"));
	refusal->packets = (uint64_t)talk_number(event, "packets");
}

void list_state_free(struct top *top)
{
	clear_detail(&top->detail);
	list_edge_free(&top->edge);
	list_view_free(&top->view);
	list_rows_clear(&top->rows);
}
