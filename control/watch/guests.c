/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/guests.h"

#include "edge/edge.h"
#include "journal/connection.h"

struct host {
	struct edge *edge;
	const struct build *build;
};

static void remember(const struct sp_addr *client, void *context)
{
	const struct host *host = context;

	edge_notes_guest(host->edge, host->build->serial, client);
}

int watch_guests_load(struct edge *edge, struct journal *audit)
{
	struct host host = {.edge = edge};
	uint64_t serial = 0;
	int error = 0;

	while (!error && (host.build = edge_after(edge, serial))) {
		serial = host.build->serial;
		if (host.build->connected_wall_ns)
			error = journal_connection_clients(audit, host.build, remember, &host);
	}
	return error;
}
