/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/connection.h"

#include <errno.h>
#include <stdio.h>

#include <sallyport/addr.h>

#include "host/addr.h"
#include "host/config.h"
#include "journal/sql.h"
#include "model/connection_record.h"

int journal_connection_last(struct journal *journal, uint64_t *ret_number)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_LAST_CONNECTION);
	uint64_t number = journal_sql_row(&use) ? journal_sql_take(&use) : 0;
	int result = journal_sql_end(&use);

	if (result == 0)
		*ret_number = number;
	return result;
}

int journal_connection_open(struct journal *journal, const struct journal_place *place,
			    const struct connection *connection, uint64_t opened_wall_ns)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_ADD_CONNECTION);
	char client[ADDR_TEXT_BYTES];

	journal_sql_give(&use, place->serial);
	journal_sql_give_text(&use, place->build_id);
	journal_sql_give(&use, place->node_index);
	journal_sql_give_text(&use, place->forward);
	journal_sql_give_text(&use, addr_format(&connection->client, client));
	journal_sql_give(&use, connection->client_port);
	journal_sql_give(&use, opened_wall_ns);
	journal_sql_give(&use, connection->slot_index);
	journal_sql_give(&use, connection->generation);
	journal_sql_give(&use, connection->opened_ns);
	journal_sql_give(&use, connection->accepted_ns);
	journal_sql_give(&use, connection->syn_seq[SP_TOWARD_VM]);
	journal_sql_give(&use, connection->syn_seq[SP_TOWARD_CLIENT]);
	journal_sql_give(&use, connection->number);
	return journal_sql_run(&use);
}

static void give_bytes(struct journal_use *use, const struct connection *connection,
		       enum sp_direction direction)
{
	if (connection->counted & 1u << direction)
		journal_sql_give(use, connection->bytes[direction]);
	else
		journal_sql_give_null(use);
}

static int give_end(struct journal_use *use, const struct connection *connection)
{
	const char *how = model_connection_record_end_name(connection->end);
	char text[64 + CONFIG_NAME_SIZE];

	snprintf(text, sizeof(text), "%s, at edge %s", how,
		 connection->at_edge ? connection->at_edge : "");
	journal_sql_give_text(use, connection->at_edge ? text : how);
	give_bytes(use, connection, SP_TOWARD_VM);
	give_bytes(use, connection, SP_TOWARD_CLIENT);
	journal_sql_give(use, connection->number);
	return journal_sql_run(use);
}

int journal_connection_closing(struct journal *journal, const struct connection *connection)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_CLOSE_CONNECTION);

	journal_sql_give_null(&use);
	return give_end(&use, connection);
}

int journal_connection_close(struct journal *journal, const struct connection *connection,
			     uint64_t closed_wall_ns)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_CLOSE_CONNECTION);

	journal_sql_give(&use, closed_wall_ns);
	return give_end(&use, connection);
}

static int visit_connection(struct journal_use *use, journal_connection_visitor *visit,
			    void *context)
{
	struct connection connection = {.number = journal_sql_take(use)};
	const char *client = journal_sql_take_text(use), *closed_by;

	if (!client || addr_parse(client, &connection.client) < 0)
		return -EBADMSG;
	connection.client_port = (uint16_t)journal_sql_take(use);
	connection.slot_index = (uint32_t)journal_sql_take(use);
	connection.generation = (uint32_t)journal_sql_take(use);
	connection.opened_ns = journal_sql_take(use);
	connection.accepted_ns = journal_sql_take(use);
	connection.established_ns = connection.accepted_ns; /* nothing else has a record */
	connection.syn_seq[SP_TOWARD_VM] = (uint32_t)journal_sql_take(use);
	connection.syn_seq[SP_TOWARD_CLIENT] = (uint32_t)journal_sql_take(use);
	connection.bytes[SP_TOWARD_VM] = journal_sql_take(use);
	connection.bytes[SP_TOWARD_CLIENT] = journal_sql_take(use);
	closed_by = journal_sql_take_text(use);
	if (closed_by)
		model_connection_record_set_closing(&connection, closed_by);
	return visit(&connection, context);
}

int journal_connection_load(struct journal *journal, journal_connection_visitor *visit,
			    void *context)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_GET_CONNECTIONS);
	int result = 0, ended;

	while (result == 0 && journal_sql_row(&use))
		result = visit_connection(&use, visit, context);
	ended = journal_sql_end(&use);
	return result != 0 ? result : ended;
}

int journal_connection_clients(struct journal *journal, const struct build *build,
			       journal_client_visitor *visit, void *context)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_GET_CLIENTS);
	struct sp_addr client;

	journal_sql_give_text(&use, build->id);
	journal_sql_give(&use, JOURNAL_CLIENTS_OF);
	journal_sql_give(&use, build->serial);
	while (journal_sql_row(&use)) {
		const char *text = journal_sql_take_text(&use);

		if (text && addr_parse(text, &client) == 0)
			visit(&client, context);
	}
	return journal_sql_end(&use);
}
