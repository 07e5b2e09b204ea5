/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/connection_record.h"

#include <stdbool.h>
#include <string.h>

const char *model_connection_record_end_name(enum connection_end how)
{
	static const char *const names[] = {
		[CONNECTION_OPEN] = "open",
		[CONNECTION_CLOSED_BY_CLIENT] = "closed by the client",
		[CONNECTION_CLOSED_BY_VM] = "closed by the VM",
		[CONNECTION_RESET_BY_CLIENT] = "reset by the client",
		[CONNECTION_RESET_BY_VM] = "reset by the VM",
		[CONNECTION_UNANSWERED] = "unanswered",
		[CONNECTION_UNCONFIRMED] = "not confirmed by the client",
		[CONNECTION_CUT] = "session ended",
	};

	return names[how];
}

void model_connection_record_set_closing(struct connection *connection, const char *closed_by)
{
	const char *name = model_connection_record_end_name(CONNECTION_CLOSED_BY_CLIENT);
	bool by_client = strncmp(closed_by, name, strlen(name)) == 0; /* at whichever edge */

	connection->end = by_client ? CONNECTION_CLOSED_BY_CLIENT : CONNECTION_CLOSED_BY_VM;
	connection->fins = (uint8_t)(1u << (by_client ? SP_TOWARD_VM : SP_TOWARD_CLIENT));
	if (connection->established_ns)
		connection->counted = connection->fins;
}
