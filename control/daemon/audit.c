/* SPDX-License-Identifier: BSD-3-Clause */
#include "daemon/audit.h"

#include <errno.h>
#include <stdio.h>

#include "daemon/daemon.h"
#include "host/config.h"
#include "host/log.h"
#include "journal/audit_file.h"
#include "journal/journal.h"
#include "kernel/kernel.h"
#include "watch/audit/keeper.h"
#include "watch/watch.h"

#define NAME "audit.db"

void daemon_audit_open(struct daemon *daemon)
{
	char path[CONFIG_PATH_SIZE + sizeof(NAME) + 1], *reason = NULL;
	int r;

	snprintf(path, sizeof(path), "%s/" NAME, daemon->config->edge.state_dir);
	r = journal_audit_file_open(path, &daemon->audit, &reason);
	audit_keeper_tell(r, reason);
}

static int start(struct daemon *daemon)
{
	int r = watch_start(daemon->event, daemon->edge, daemon->audit,
			    kernel_table(daemon->kernel), &daemon->watch);

	if (r >= 0 && daemon->config->fleet.nr_etcd)
		watch_connections_share(watch_connections(daemon->watch));
	return r;
}

void daemon_audit_watch(struct daemon *daemon)
{
	int r = daemon->audit ? start(daemon) : -ENODATA;
	char *reason = NULL;

	if (r < 0 && r != -ENOMEM && r != -ENODATA) { /* what is in it cannot be read */
		r = journal_audit_file_renew(daemon->audit, &reason);
		audit_keeper_tell(r, reason);
		r = start(daemon);
	}
	if (r < 0)
		log_write(LOG_ALERT, "Connections are not watched: nobody counts as connected.",
			  log_error("error", r));
}
