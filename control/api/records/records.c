/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/records/records.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include <sqlite3.h>

#include "api/records/asked.h"
#include "api/records/connections.h"
#include "api/records/leases.h"
#include "api/records/rows.h"
#include "connect/diagnose.h"
#include "journal/journal.h"
#include "json/shape.h"

#define AUDIT_COLUMNS "number, wall_ns AS changed_at, uid, pid, what, build, revision"

/* Of an attestation: clients, and rows of sources that are looked at for them. */
#define CLIENTS_MAX	"1000"
#define CLIENTS_SCANNED "8192"

/* The triggers of the audit (journal/schema.h) know these numbers as text. */
_Static_assert(DIAGNOSE_LOGIN_TO_VM == 3400 && DIAGNOSE_LOGIN_TO_CLIENT == 3250, "schema.h");

const struct json_shape records_change_shape = {
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

const struct json_shape records_attestation_shape = {
	.name = "Attestation",
	.help = "Whether somebody was inside a build's VMs",
	.members =
		(const struct json_shape_member[]){
			{"id", JSON_SHAPE_STRING, .example = "48121"},
			{"title", JSON_SHAPE_STRING, .example = "acme/api#48121"},
			{"organisation", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "acme"},
			{"actors", JSON_SHAPE_STRING, .many = JSON_SHAPE_LIST,
			 .example = "octocat"},
			{"state", JSON_SHAPE_STRING, .values = "ended|reserved|running|finished"},
			{"reason", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .values = "expired|cancelled|unused|lifetime|superseded"},
			{"enabled_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"finished_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL},
			{"connected_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL},
			{"ended_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL},
			{"touched", JSON_SHAPE_BOOLEAN, .example = "true"},
			{"connections", JSON_SHAPE_INTEGER, .example = "3"},
			{"leases", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &records_leases_shape},
			{"clients", JSON_SHAPE_OBJECT, .many = JSON_SHAPE_LIST,
			 .shape = &client_shape},
			{0},
		},
};

/* Of whichever build had the public port, what was changed while it had it. */
#define OF_PORT                                                                                    \
	" AND build IN (SELECT id FROM builds JOIN forwards USING (serial)"                        \
	"  WHERE public_address = ?4 AND public_port = ?5)"                                        \
	" AND EXISTS (SELECT 1 FROM builds b JOIN forwards f USING (serial)"                       \
	"  WHERE f.public_address = ?4 AND f.public_port = ?5 AND b.id = audit.build"              \
	"  AND b.created_wall_ns <= ?6 AND ifnull(b.ended_wall_ns, ?7) >= ?7"                      \
	"  AND wall_ns >= b.created_wall_ns AND wall_ns <= ifnull(b.ended_wall_ns, wall_ns))"
#define WITHIN " AND wall_ns <= ?6 AND wall_ns >= ?7"

json_t *records_changes(struct journal *journal, const struct records_query *query)
{
	const struct records_asked *asked = query->asked;
	sqlite3_stmt *statement;
	char text[1024];

	snprintf(text, sizeof(text),
		 "SELECT " AUDIT_COLUMNS " FROM audit WHERE number > ?1%s%s ORDER BY number"
		 " LIMIT ?2",
		 query->build ? " AND build = ?3" : "", asked->public_addr[0] ? OF_PORT : WITHIN);
	statement = records_rows_prepare(journal, text);
	if (!statement)
		return NULL;
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)query->after);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)query->limit);
	if (query->build)
		sqlite3_bind_text(statement, 3, query->build, -1, SQLITE_STATIC);
	if (asked->public_addr[0]) {
		sqlite3_bind_text(statement, 4, asked->public_addr, -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 5, asked->public_port);
	}
	sqlite3_bind_int64(statement, 6, (sqlite3_int64)asked->until_wall_ns);
	sqlite3_bind_int64(statement, 7, (sqlite3_int64)asked->from_wall_ns);
	return records_rows_take(statement, &records_change_shape);
}

/* The first row of a statement with one argument, an empty object if there is none. */
static json_t *take_row(struct journal *journal, const char *text, sqlite3_int64 serial)
{
	sqlite3_stmt *statement = records_rows_prepare(journal, text);
	json_t *rows, *row;

	if (statement)
		sqlite3_bind_int64(statement, 1, serial);
	rows = records_rows_take(statement, &records_attestation_shape);
	row = rows ? json_incref(json_array_get(rows, 0)) : NULL;
	if (rows && !row)
		row = json_object();
	json_decref(rows);
	return row;
}

/* Result: the serial of the latest build of that id, 0 if there is none, -1 after an error. */
static sqlite3_int64 find_serial(struct journal *journal, const char *id)
{
	sqlite3_stmt *statement = records_rows_prepare(
		journal, "SELECT ifnull(max(serial), 0) FROM builds WHERE id = ?");
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
static json_t *take_clients(struct journal *audit, sqlite3_int64 serial, const char *client)
{
	sqlite3_stmt *statement = records_rows_prepare(
		audit, "SELECT client, sum(connections) AS connections,"
		       " sum(connections - failed) AS likely_logins,"
		       " min(first_wall_ns) AS first_at, max(last_wall_ns) AS last_at"
		       " FROM (SELECT * FROM sources WHERE serial = ?1 AND (?2 = '' OR client = ?2)"
		       " LIMIT " CLIENTS_SCANNED ")"
		       " GROUP BY client ORDER BY first_at LIMIT " CLIENTS_MAX);

	if (!statement)
		return NULL;
	sqlite3_bind_int64(statement, 1, serial);
	sqlite3_bind_text(statement, 2, client, -1, SQLITE_STATIC);
	return records_rows_take(statement, &client_shape);
}

static json_t *take_total(struct journal *audit, sqlite3_int64 serial)
{
	sqlite3_stmt *statement = records_rows_prepare(
		audit, "SELECT ifnull(sum(connections), 0) FROM places WHERE serial = ?1");
	json_t *total = NULL;

	if (!statement)
		return NULL;
	sqlite3_bind_int64(statement, 1, serial);
	if (sqlite3_step(statement) == SQLITE_ROW)
		total = json_integer(sqlite3_column_int64(statement, 0));
	sqlite3_finalize(statement);
	return total;
}

/* Result: the attestation of a build's row in the journal; NULL after an error. */
static json_t *attest(const struct records_attested *attested, sqlite3_int64 serial)
{
	struct journal *journal = attested->journal;
	json_t *object = take_row(
		journal,
		"SELECT id, title, organisation, state, reason, created_wall_ns AS enabled_at,"
		" finished_wall_ns AS finished_at, connected_wall_ns AS connected_at,"
		" ended_wall_ns AS ended_at FROM builds WHERE serial = ?",
		serial);
	json_t *total = take_total(attested->audit, serial);
	bool touched = json_integer_value(total) > 0 ||
		       json_is_string(json_object_get(object, "connected_at"));

	if (json_object_set_new(object, "actors",
				records_leases_actors(journal, (uint64_t)serial)) < 0 ||
	    json_object_set_new(object, "leases", records_leases_of(journal, (uint64_t)serial)) <
		    0 ||
	    json_object_set_new(object, "clients",
				take_clients(attested->audit, serial, attested->asked->client)) <
		    0 ||
	    json_object_set_new(object, "touched", json_boolean(touched)) < 0 ||
	    json_object_set(object, "connections", total) < 0) {
		json_decref(object);
		object = NULL;
	}
	json_decref(total);
	return object;
}

json_t *records_attestation(const struct records_attested *attested, const char *id)
{
	sqlite3_int64 serial = find_serial(attested->journal, id);

	if (serial <= 0)
		return serial == 0 ? json_null() : NULL;
	return attest(attested, serial);
}

json_t *records_attestations(const struct records_attested *attested, uint64_t after,
			     unsigned int limit, uint64_t *ret_next)
{
	uint64_t serials[RECORDS_ATTESTATIONS_MAX];
	int nr = records_leases_builds(attested->journal, attested->asked, after, serials, limit);
	json_t *rows = nr < 0 ? NULL : json_array();

	for (int i = 0; i < nr && rows; i++) {
		if (json_array_append_new(rows, attest(attested, (sqlite3_int64)serials[i])) < 0) {
			json_decref(rows);
			rows = NULL;
		}
	}
	*ret_next = nr == (int)limit ? serials[nr - 1] : 0;
	return rows;
}

/* A record that gave way to the budget is known by its source alone: that it was. */
static void take_last(sqlite3_stmt *statement, struct records_last_connection *last)
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
	" k.connections, c.opened_wall_ns, c.bytes_to_vm, "                                        \
	"c.bytes_to_client, " RECORDS_CONNECTIONS_CLOSED_BY ","                                    \
	" c.client, c.number"
#define LAST_WHERE " WHERE k.serial = ?1 AND k.node = ?2 AND k.forward = 'ssh'"

static const char last_of_place[] =
	"SELECT" LAST_COLUMNS
	" FROM places k LEFT JOIN connections c ON c.number = k.latest" LAST_WHERE;
static const char last_of_source[] =
	"SELECT" LAST_COLUMNS
	" FROM sources k LEFT JOIN connections c ON c.number = k.latest" LAST_WHERE
	" AND k.client = ?3";

int records_last(struct journal *audit, uint64_t serial, uint32_t node, const char *client,
		 struct records_last_connection *ret_last)
{
	sqlite3_stmt *statement =
		records_rows_prepare(audit, client ? last_of_source : last_of_place);
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
