/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/records.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "api/call/answer.h"
#include "api/render.h"
#include "connect/diagnose.h"
#include "journal/journal.h"
#include "json/shape.h"
#include "json/values.h"

/* Known from the first FIN on, but said once the connection is over. */
#define CLOSED_BY "CASE WHEN closed_wall_ns IS NOT NULL THEN closed_by END"

/* A column is called like its row of the shape, that says what it holds: times in nanoseconds. */
#define CONNECTION_COLUMNS                                                                         \
	"number, build, node, forward, client, client_port, opened_wall_ns AS opened_at,"          \
	" accepted_ns IS NOT NULL AS accepted, closed_wall_ns AS closed_at,"                       \
	" " CLOSED_BY " AS closed_by,"                                                             \
	" bytes_to_vm, bytes_to_client"
#define AUDIT_COLUMNS "number, wall_ns AS changed_at, uid, pid, what, build, revision"

/* Of an attestation: clients, and rows of sources that are looked at for them. */
#define CLIENTS_MAX	"1000"
#define CLIENTS_SCANNED "8192"

/* The triggers of the audit (journal/schema.h) know these numbers as text. */
_Static_assert(DIAGNOSE_LOGIN_TO_VM == 3650 && DIAGNOSE_LOGIN_TO_CLIENT == 3400, "schema.h");

const struct json_shape api_records_connection_shape = {
	.name = "Connection",
	.help = "A connection through a lease",
	.members =
		(const struct json_shape_member[]){
			{"number", JSON_SHAPE_INTEGER, .example = "17"},
			{"build", JSON_SHAPE_STRING, .example = "48121"},
			{"node", JSON_SHAPE_INTEGER, .example = "0"},
			{"forward", JSON_SHAPE_STRING, .example = "ssh"},
			{"client", JSON_SHAPE_STRING, .example = "203.0.113.9"},
			{"client_port", JSON_SHAPE_INTEGER, .example = "50012"},
			{"opened_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"accepted", JSON_SHAPE_BOOLEAN, .example = "true",
			 .help = "the VM has answered"},
			{"closed_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL},
			{"closed_by", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "closed by the client"},
			{"bytes_to_vm", JSON_SHAPE_INTEGER, .example = "3733"},
			{"bytes_to_client", JSON_SHAPE_INTEGER, .example = "3537"},
			{0},
		},
};

const struct json_shape api_records_change_shape = {
	.name = "Change",
	.help = "Who asked for a change",
	.members =
		(const struct json_shape_member[]){
			{"number", JSON_SHAPE_INTEGER, .example = "8"},
			{"changed_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"uid", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_OR_NULL, .example = "1001",
			 .help = "null: sallyportd itself"},
			{"pid", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_OR_NULL, .example = "4711"},
			{"what", JSON_SHAPE_STRING, .example = "put"},
			{"build", JSON_SHAPE_STRING, .example = "48121"},
			{"revision", JSON_SHAPE_INTEGER, .example = "1", .help = "after it"},
			{0},
		},
};

static const struct json_shape client_shape = {
	.name = "AttestationClient",
	.members =
		(const struct json_shape_member[]){
			{"client", JSON_SHAPE_STRING, .example = "203.0.113.9"},
			{"connections", JSON_SHAPE_INTEGER, .example = "3"},
			{"likely_logins", JSON_SHAPE_INTEGER, .example = "2",
			 .help = "by the bytes there were"},
			{"first_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"last_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{0},
		},
};

const struct json_shape api_records_attestation_shape = {
	.name = "Attestation",
	.help = "Whether somebody was inside a build's VMs",
	.members =
		(const struct json_shape_member[]){
			{"id", JSON_SHAPE_STRING, .example = "48121"},
			{"title", JSON_SHAPE_STRING, .example = "acme/api#48121"},
			{"state", JSON_SHAPE_STRING, .values = "ended|reserved|running|finished"},
			{"reason", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .values = "expired|cancelled|unused|lifetime|superseded"},
			{"enabled_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"finished_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL},
			{"connected_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL},
			{"ended_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL},
			{"touched", JSON_SHAPE_BOOLEAN, .example = "true"},
			{"connections", JSON_SHAPE_INTEGER, .example = "3"},
			{"clients", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &client_shape},
			{0},
		},
};

static const struct {
	const char *select;
	const struct json_shape *shape;
} sources[] = {
	[API_RECORDS_CONNECTIONS] = {"SELECT " CONNECTION_COLUMNS " FROM connections",
				     &api_records_connection_shape},
	[API_RECORDS_AUDIT] = {"SELECT " AUDIT_COLUMNS " FROM audit", &api_records_change_shape},
};

static sqlite3_stmt *prepare(struct journal *journal, const char *text)
{
	sqlite3_stmt *statement = NULL;

	return sqlite3_prepare_v2(journal_handle(journal), text, -1, &statement, NULL) == SQLITE_OK
		       ? statement
		       : NULL;
}

static json_t *render_number(enum json_shape_kind kind, sqlite3_int64 value)
{
	switch (kind) {
	case JSON_SHAPE_TIME:
		return json_values_time((uint64_t)value);
	case JSON_SHAPE_BOOLEAN:
		return json_boolean(value);
	default:
		return json_integer(value);
	}
}

static json_t *render_column(sqlite3_stmt *statement, int column, enum json_shape_kind kind)
{
	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_INTEGER:
		return render_number(kind, sqlite3_column_int64(statement, column));
	case SQLITE_TEXT:
		return json_values_string((const char *)sqlite3_column_text(statement, column));
	default:
		return json_null();
	}
}

static json_t *render_row(sqlite3_stmt *statement, const struct json_shape *shape)
{
	json_t *row = json_object();

	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const char *name = sqlite3_column_name(statement, i);
		const struct json_shape_member *member = json_shape_find(shape, name);

		assert(member);
		json_object_set_new(row, name, render_column(statement, i, member->kind));
	}
	return row;
}

/* Takes all rows and ends the statement. Result: NULL after an error. */
static json_t *take_rows(sqlite3_stmt *statement, const struct json_shape *shape)
{
	json_t *rows = json_array();
	int code;

	while ((code = sqlite3_step(statement)) == SQLITE_ROW)
		json_array_append_new(rows, render_row(statement, shape));
	sqlite3_finalize(statement);
	if (code == SQLITE_DONE)
		return rows;
	json_decref(rows);
	return NULL;
}

json_t *api_records(struct journal *database, const struct api_records_query *query)
{
	sqlite3_stmt *statement;
	char text[512];

	snprintf(text, sizeof(text), "%s WHERE number > ?1%s%s ORDER BY number LIMIT ?2",
		 sources[query->what].select, query->build ? " AND build = ?3" : "",
		 query->open ? " AND closed_wall_ns IS NULL" : "");
	statement = prepare(database, text);
	if (!statement)
		return NULL;
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)query->after);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)query->limit);
	if (query->build)
		sqlite3_bind_text(statement, 3, query->build, -1, SQLITE_STATIC);
	return take_rows(statement, sources[query->what].shape);
}

/* The first row of a statement with one argument, an empty object if there is none. */
static json_t *take_row(struct journal *journal, const char *text, sqlite3_int64 serial)
{
	sqlite3_stmt *statement = prepare(journal, text);
	json_t *rows, *row;

	if (!statement)
		return NULL;
	sqlite3_bind_int64(statement, 1, serial);
	rows = take_rows(statement, &api_records_attestation_shape);
	row = rows && json_array_size(rows) ? json_incref(json_array_get(rows, 0)) : json_object();
	json_decref(rows);
	return row;
}

/* Result: the serial of the latest build of that id, 0 if there is none, -1 after an error. */
static sqlite3_int64 find_serial(struct journal *journal, const char *id)
{
	sqlite3_stmt *statement =
		prepare(journal, "SELECT ifnull(max(serial), 0) FROM builds WHERE id = ?");
	sqlite3_int64 serial = -1;

	if (!statement)
		return -1;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW)
		serial = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return serial;
}

/* Bounded by what a place keeps of sources, and by CLIENTS_MAX of them. */
static json_t *take_clients(struct journal *audit, sqlite3_int64 serial)
{
	sqlite3_stmt *statement = prepare(
		audit, "SELECT client, sum(connections) AS connections,"
		       " sum(connections - failed) AS likely_logins,"
		       " min(first_wall_ns) AS first_at, max(last_wall_ns) AS last_at"
		       " FROM (SELECT * FROM sources WHERE serial = ?1 LIMIT " CLIENTS_SCANNED ")"
		       " GROUP BY client ORDER BY first_at LIMIT " CLIENTS_MAX);

	if (!statement)
		return NULL;
	sqlite3_bind_int64(statement, 1, serial);
	return take_rows(statement, &client_shape);
}

static json_t *take_total(struct journal *audit, sqlite3_int64 serial)
{
	sqlite3_stmt *statement =
		prepare(audit, "SELECT ifnull(sum(connections), 0) FROM places WHERE serial = ?1");
	sqlite3_int64 total = 0;

	if (!statement)
		return NULL;
	sqlite3_bind_int64(statement, 1, serial);
	if (sqlite3_step(statement) == SQLITE_ROW)
		total = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return json_integer(total);
}

json_t *api_records_attestation(struct journal *journal, struct journal *audit, const char *id)
{
	sqlite3_int64 serial = find_serial(journal, id);
	json_t *object, *clients;

	if (serial <= 0)
		return serial == 0 ? json_null() : NULL;
	object = take_row(journal,
			  "SELECT id, title, state, reason, created_wall_ns AS enabled_at,"
			  " finished_wall_ns AS finished_at, connected_wall_ns AS connected_at,"
			  " ended_wall_ns AS ended_at FROM builds WHERE serial = ?",
			  serial);
	clients = take_clients(audit, serial);
	if (!object || !clients) {
		json_decref(object);
		json_decref(clients);
		return NULL;
	}
	json_object_set_new(object, "touched",
			    json_boolean(json_array_size(clients) > 0 ||
					 json_is_string(json_object_get(object, "connected_at"))));
	json_object_set_new(object, "connections", take_total(audit, serial));
	json_object_set_new(object, "clients", clients);
	return object;
}

/* A record that gave way to the budget is known by its source alone: that it was. */
static void take_last(sqlite3_stmt *statement, struct api_last_connection *last)
{
	const char *closed_by = (const char *)sqlite3_column_text(statement, 4);
	const char *client = (const char *)sqlite3_column_text(statement, 5);

	if (sqlite3_column_type(statement, 6) == SQLITE_NULL)
		return;
	last->nr = last->nr_accepted = (uint64_t)sqlite3_column_int64(statement, 0);
	last->accepted = true;
	last->opened_wall_ns = (uint64_t)sqlite3_column_int64(statement, 1);
	last->bytes_to_vm = (uint64_t)sqlite3_column_int64(statement, 2);
	last->bytes_to_client = (uint64_t)sqlite3_column_int64(statement, 3);
	last->open = !closed_by;
	snprintf(last->closed_by, sizeof(last->closed_by), "%s", closed_by ? closed_by : "");
	snprintf(last->client, sizeof(last->client), "%s", client ? client : "");
}

/* Of a place the latest connection, or of one source there: that, and how many there were. */
#define LAST_COLUMNS                                                                               \
	" k.connections, c.opened_wall_ns, c.bytes_to_vm, c.bytes_to_client, " CLOSED_BY ","       \
	" c.client, c.number"
#define LAST_WHERE " WHERE k.serial = ?1 AND k.node = ?2 AND k.forward = 'ssh'"

static const char last_of_place[] =
	"SELECT" LAST_COLUMNS
	" FROM places k LEFT JOIN connections c ON c.number = k.latest" LAST_WHERE;
static const char last_of_source[] =
	"SELECT" LAST_COLUMNS
	" FROM sources k LEFT JOIN connections c ON c.number = k.latest" LAST_WHERE
	" AND k.client = ?3";

int api_records_last(struct journal *audit, uint64_t serial, uint32_t node, const char *client,
		     struct api_last_connection *ret_last)
{
	sqlite3_stmt *statement = prepare(audit, client ? last_of_source : last_of_place);
	int code;

	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)serial);
	sqlite3_bind_int64(statement, 2, node);
	if (client)
		sqlite3_bind_text(statement, 3, client, -1, SQLITE_STATIC);
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		take_last(statement, ret_last);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : -EIO;
}
