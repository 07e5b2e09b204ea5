/* SPDX-License-Identifier: BSD-3-Clause */
/* control/transfer on the virtual network. */
#include "transfer/transfer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "net.h"

struct transfer {
	LIST_ENTRY(transfer) link;
	struct sim_flight *flight;
	void (*line)(void *context, const char *line, size_t bytes);
	void (*end)(void *context, const struct transfer_end *end);
	void *context;
};

struct transfers {
	sd_event *event;
	LIST_HEAD(, transfer) list;
};

int transfer_open(sd_event *event, struct transfers **ret_transfers)
{
	*ret_transfers = calloc(1, sizeof(**ret_transfers));
	(*ret_transfers)->event = event;
	return 0;
}

void transfer_limit(struct transfers *transfers, unsigned int nr_connections)
{
}

void transfer_close(struct transfers *transfers)
{
	if (!transfers)
		return;
	while (!LIST_EMPTY(&transfers->list))
		transfer_cancel(LIST_FIRST(&transfers->list));
	free(transfers);
}

static void free_transfer(struct transfer *transfer)
{
	LIST_REMOVE(transfer, link);
	free(transfer);
}

static void on_line(void *context, const char *line, size_t bytes)
{
	struct transfer *transfer = context;

	transfer->line(transfer->context, line, bytes);
}

static void on_end(void *context, const struct sim_answer *answer)
{
	struct transfer *transfer = context;
	const struct transfer_end end = {
		.error = answer->error,
		.reason = answer->reason,
		.status = answer->status,
		.content_type = answer->content_type ? answer->content_type : "",
		.body = answer->body ? answer->body : "",
		.body_bytes = answer->body_bytes,
	};
	void (*done)(void *context, const struct transfer_end *end) = transfer->end;
	void *done_context = transfer->context;

	free_transfer(transfer);
	done(done_context, &end);
}

/* Splits http://HOST/path, where the last number of HOST's address is that of the member. */
static const char *split(const char *url, unsigned int *ret_member)
{
	const char *path = strchr(url + strlen("http://"), '/');

	if (sscanf(url, "http://10.255.0.%u:2379/", ret_member) != 1)
		*ret_member = 0;
	return path;
}

int transfer_start(struct transfers *transfers, const struct transfer_request *request,
		   struct transfer **ret_transfer)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));
	struct sim_send send = {
		.from = transfers->event,
		.socket = request->socket,
		.method = request->method,
		.header = {request->header[0], request->header[1], request->header[2]},
		.body = request->body,
		.body_bytes = request->body_bytes,
		.connect_ms = request->connect_ms,
		.limit_ms = request->limit_ms,
		.line = request->line ? on_line : NULL,
		.end = on_end,
		.context = transfer,
	};

	assert(transfer);
	send.path = split(request->url, &send.member);
	transfer->line = request->line;
	transfer->end = request->end;
	transfer->context = request->context;
	LIST_INSERT_HEAD(&transfers->list, transfer, link);
	transfer->flight = sim_net_send(&send);
	*ret_transfer = transfer;
	return 0;
}

void transfer_cancel(struct transfer *transfer)
{
	if (!transfer)
		return;
	sim_net_forget(transfer->flight);
	free_transfer(transfer);
}
