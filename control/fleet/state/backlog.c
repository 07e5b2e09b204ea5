/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/state/backlog.h"

#include <errno.h>
#include <stdbool.h>

#include "fleet/state/epoch.h"
#include "fleet/state/fleet.h"
#include "fleet/store/mirror.h"
#include "fleet/store/record.h"

int state_backlog_init(struct backlog *backlog, struct fleet *fleet)
{
	*backlog =
		(struct backlog){fleet, json_object(), json_object(), json_object(), json_object()};
	return backlog->ends && backlog->ids && backlog->refused && backlog->alone ? 0 : -ENOMEM;
}

void state_backlog_clear(struct backlog *backlog)
{
	json_decref(backlog->ends);
	json_decref(backlog->ids);
	json_decref(backlog->refused);
	json_decref(backlog->alone);
}

/* Result: the task of one that waits. */
struct roll_task state_backlog_task(const struct backlog *backlog, const char *id)
{
	struct roll_task task = {-1, -1};
	const json_t *value = json_object_get(backlog->ends, id);

	if (!value)
		value = json_object_get(backlog->ids, id);
	json_unpack((json_t *)value, "[i, i]", &task.build, &task.end);
	return task;
}

/* One that waits is begun again by another: the one that began first lasts. Result: that. */
static int keep_first(int first, int *second)
{
	int kept = first >= 0 ? first : *second;

	if (first < 0)
		*second = -1;
	return kept;
}

/* Result: the task of one that was refused, which belongs to it no more. */
static struct roll_task take_refused(struct backlog *backlog, const char *id)
{
	struct roll_task task = {-1, -1};
	json_t *value = json_object_get(backlog->refused, id);

	if (!json_is_array(value))
		return task;
	json_unpack(value, "[i, i]", &task.build, &task.end);
	json_object_set_new(backlog->refused, id, json_true());
	return task;
}

void state_backlog_put(struct backlog *backlog, const char *id, struct roll_task task)
{
	const struct record *record = store_mirror_find(backlog->fleet->mirror, id);
	struct roll_task other = state_backlog_task(backlog, id), over = {-1, -1};
	struct roll_task refused = take_refused(backlog, id);
	bool end = !record || record->ended_ns;

	if (refused.build >= 0) /* it is not at work then */
		task = refused;
	task.build = keep_first(task.build, &other.build);
	task.end = keep_first(task.end, &other.end);
	if (!end) {
		over.end = task.end;
		task.end = -1;
	}
	state_roll_add(backlog->fleet, &task, end);
	json_object_del(end ? backlog->ids : backlog->ends, id);
	json_object_set_new(end ? backlog->ends : backlog->ids, id,
			    json_pack("[i, i]", task.build, task.end));
	state_roll_finish(backlog->fleet, other);
	state_roll_finish(backlog->fleet, over);
}

/* What ends goes first; what is new waits until the whole store is known. */
json_t *state_backlog_next(const struct backlog *backlog)
{
	json_t *from = json_object_size(backlog->ends) ? backlog->ends : backlog->ids;

	if (!json_object_size(from) || state_epoch_lack(backlog->fleet) ||
	    (from == backlog->ids && backlog->fleet->reading))
		return NULL;
	return from;
}

size_t state_backlog_count(const struct backlog *backlog)
{
	return json_object_size(backlog->ends) + json_object_size(backlog->ids);
}
