/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/audit/keeper.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "edge/edge.h"
#include "host/log.h"
#include "journal/audit.h"
#include "journal/audit_file.h"
#include "journal/disk.h"
#include "journal/journal.h"
#include "model/clock.h"
#include "model/settings.h"

#define PERIOD_US    60000000
#define LOOK_US	     1000000
#define PAUSE_MIN_NS CLOCK_SECOND_NS
#define PAUSE_MAX_NS (60 * CLOCK_SECOND_NS)
#define AGAIN_US     5000 /* between two bits: others have their turn */

struct keeper {
	struct edge *edge;
	struct journal *audit;
	sd_event_source *timer;
	uint64_t budget_bytes; /* that is set */
	uint64_t due_us;
	bool failing;
	struct journal *memory; /* what is to be taken over from there; or NULL */
	uint64_t again_ns;	/* when the file is tried again that it is in memory for want of */
	uint64_t pause_ns;
};

static int set_budget(struct keeper *keeper)
{
	uint64_t bytes = edge_settings(keeper->edge)->audit_budget_bytes;
	int result = 0;

	if (bytes != keeper->budget_bytes)
		result = journal_audit_set_budget(keeper->audit, bytes);
	if (result == 0)
		keeper->budget_bytes = bytes;
	return result;
}

void audit_keeper_tell(int result, char *reason)
{
	if (result)
		log_write(LOG_ALERT,
			  result == JOURNAL_AUDIT_ANEW
				  ? "The audit of connections is put aside, and begun anew."
			  : result > 0 ? "The audit of connections is kept in memory, until "
					 "its file can be had."
				       : "The audit of connections cannot be opened.",
			  log_string("reason", reason ? reason : "not known"));
	free(reason);
}

static int renew(struct journal *audit)
{
	char *reason = NULL;
	int result = journal_audit_file_renew(audit, &reason);

	audit_keeper_tell(result, reason);
	return result < 0 ? result : 0;
}

/* Nobody reads or writes it in the middle of a turn of the loop. */
static int renew_lost(struct keeper *keeper)
{
	if (!journal_audit_file_is_lost(keeper->audit))
		return 0;
	keeper->budget_bytes = 0;
	return renew(keeper->audit);
}

/* A full disk, or one that fails, may be well again. */
static void try_file(struct keeper *keeper, const struct instant *now)
{
	if (!journal_audit_file_is_wanted(keeper->audit) || keeper->memory ||
	    now->boot_ns < keeper->again_ns || journal_disk_hangs())
		return;
	if (journal_audit_file_return(keeper->audit, &keeper->memory) < 0) {
		keeper->pause_ns = keeper->pause_ns ? keeper->pause_ns * 2 : PAUSE_MIN_NS;
		if (keeper->pause_ns > PAUSE_MAX_NS)
			keeper->pause_ns = PAUSE_MAX_NS;
		keeper->again_ns = now->boot_ns + keeper->pause_ns;
		return;
	}
	keeper->pause_ns = 0;
	keeper->budget_bytes = 0;
	log_write(LOG_NOTICE, "The audit of connections is in its file again.");
}

/* Result: above 0 if there is more, 0, or -errno. */
static int empty_memory(struct keeper *keeper)
{
	int result = keeper->memory ? journal_audit_take_over(keeper->audit, keeper->memory) : 0;

	if (result == 0) {
		journal_close(keeper->memory);
		keeper->memory = NULL;
	}
	return result;
}

/* Others' records, once there is room: none keeps the audit from its bounds. Result as above. */
static int take_in(struct keeper *keeper)
{
	int result = journal_audit_drop_excess(keeper->audit);

	if (result == 0)
		result = empty_memory(keeper);
	if (result == 0 && !edge_is_busy(keeper->edge))
		result = journal_audit_take_over(keeper->audit, edge_journal(keeper->edge));
	return result;
}

/* Result: above 0 if there is more to be done, 0, or -errno. */
static int step(struct keeper *keeper)
{
	uint64_t kept_ns = edge_settings(keeper->edge)->audit_kept_ns;
	struct instant now;
	int result = renew_lost(keeper);

	model_clock_read(&now);
	if (result == 0)
		try_file(keeper, &now);
	if (result == 0)
		result = set_budget(keeper);
	if (result == 0)
		result = journal_audit_drop_overdue(
			keeper->audit, now.wall_ns > kept_ns ? now.wall_ns - kept_ns : 0);
	if (result == 0)
		result = take_in(keeper);
	if (result == 0)
		result = journal_audit_shrink(keeper->audit);
	return result;
}

static void arm(struct keeper *keeper, uint64_t in_us)
{
	sd_event_source_set_time_relative(keeper->timer, in_us);
	sd_event_source_set_enabled(keeper->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
	struct keeper *keeper = context;
	int result = step(keeper);

	if (result < 0 && !keeper->failing)
		log_write(LOG_WARNING, "The audit of connections cannot be kept in its bounds.",
			  log_error("error", result));
	keeper->failing = result < 0;
	arm(keeper, result > 0							? AGAIN_US
		    : result < 0 || journal_audit_file_is_wanted(keeper->audit) ? LOOK_US
										: PERIOD_US);
	return 0;
}

void audit_keeper_look(struct keeper *keeper)
{
	uint64_t due_us = 0, now_us = 0;

	if (!keeper)
		return;
	sd_event_source_get_time(keeper->timer, &due_us);
	sd_event_now(sd_event_source_get_event(keeper->timer), CLOCK_BOOTTIME, &now_us);
	if (due_us > now_us + LOOK_US)
		arm(keeper, LOOK_US);
}

static int take_open(struct keeper *keeper)
{
	int result;

	do
		result = journal_audit_take_open(keeper->audit, edge_journal(keeper->edge));
	while (result > 0);
	return result;
}

int audit_keeper_start(sd_event *event, struct edge *edge, struct journal *audit,
		       struct keeper **ret_keeper)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	int result;

	if (!keeper)
		return -ENOMEM;
	keeper->edge = edge;
	keeper->audit = audit;
	result = set_budget(keeper);
	if (result == 0)
		result = take_open(keeper);
	if (result == 0)
		result = sd_event_add_time_relative(event, &keeper->timer, CLOCK_BOOTTIME, LOOK_US,
						    1, on_timer, keeper);
	if (result < 0) {
		audit_keeper_stop(keeper);
		return result;
	}
	*ret_keeper = keeper;
	return 0;
}

void audit_keeper_stop(struct keeper *keeper)
{
	if (!keeper)
		return;
	sd_event_source_disable_unref(keeper->timer);
	while (keeper->memory &&
	       (journal_audit_drop_excess(keeper->audit) > 0 || empty_memory(keeper) > 0))
		;
	journal_close(keeper->memory);
	free(keeper);
}
