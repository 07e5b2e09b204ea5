/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/tell.h"

#include <stdbool.h>
#include <stdio.h>

#include "daemon/daemon.h"
#include "edge/edge.h"
#include "host/log.h"
#include "kernel/kernel.h"
#include "model/clock.h"

#define NO_EVENT EVENT_TYPES_NR

static const struct {
	int priority;
	enum event_type event;
	const char *sentence;
} kinds[KERNEL_CHANGES_NR] = {
	[KERNEL_CHANGE_LOST] = {LOG_ALERT, EVENT_ATTACHMENT_LOST,
				"Packets of an interface do not meet the program any more."},
	[KERNEL_CHANGE_FAILED] = {LOG_ERR, NO_EVENT, "The program cannot be put back yet."},
	[KERNEL_CHANGE_RESTORED] = {LOG_NOTICE, EVENT_ATTACHMENT_RESTORED,
				    "Packets of an interface meet the program again."},
	[KERNEL_CHANGE_RENAMED] = {LOG_WARNING, NO_EVENT,
				   "An interface got another name: it carries on, but sallyportd "
				   "will not find it at its next start."},
	[KERNEL_CHANGE_BLIND] = {LOG_ALERT, NO_EVENT,
				 "Addresses, neighbours and interfaces cannot be followed for now: "
				 "netlink fails."},
	[KERNEL_CHANGE_CORRECTED] = {LOG_WARNING, EVENT_HOST_CORRECTED,
				     "Something that sallyport needs of this host was changed by "
				     "others, and is put right."},
	[KERNEL_CHANGE_UNSENT] = {LOG_WARNING, NO_EVENT,
				  "Packets are lost behind the XDP program."},
};

static void log_change(struct kernel_change *change)
{
	if (change->logged)
		return;
	log_write(kinds[change->type].priority, kinds[change->type].sentence,
		  log_string("what", change->what), log_number("value", (int64_t)change->value));
	change->logged = true;
}

/* Result: 0 or -errno. */
static int tell(struct daemon *daemon, const struct kernel_change *change)
{
	struct event event = {
		.type = kinds[change->type].event,
		.node_index = EVENT_NO_NODE,
		.value = change->value,
	};
	struct instant now;

	if (event.type == NO_EVENT)
		return 0;
	model_clock_read(&now);
	snprintf(event.detail, sizeof(event.detail), "%.*s", EVENT_DETAIL_BYTES - 1, change->what);
	return edge_notes_event(daemon->edge, &now, &event);
}

void daemon_tell_changes(struct daemon *daemon)
{
	struct kernel_change *change;

	while ((change = kernel_next_change(daemon->kernel))) {
		log_change(change);
		if (tell(daemon, change) < 0)
			return;
		kernel_change_done(daemon->kernel);
	}
}
