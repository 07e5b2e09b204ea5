/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/records/leases.h"

#include <errno.h>
#include <stdio.h>

#include <sqlite3.h>

#include "api/records/asked.h"
#include "api/records/rows.h"
#include "journal/connection.h"
#include "json/shape.h"
#include "json/values.h"

#define ACTORS                                                                                     \
	"SELECT json_group_array(value) FROM (SELECT value FROM texts WHERE serial = ?1"           \
	" AND kind = 'actor' ORDER BY position)"

#define OPEN_THEN " created_wall_ns <= ?1 AND ifnull(ended_wall_ns, ?2) >= ?2 AND serial > ?3"
#define HAD_PORT  " public_address = ?5 AND public_port = ?6"

static const char places_text[] =
	"SELECT serial, id, node, name FROM builds JOIN forwards USING (serial)"
	" WHERE" OPEN_THEN " AND" HAD_PORT " ORDER BY serial LIMIT ?4";
static const char builds_of_port[] =
	"SELECT DISTINCT serial FROM builds JOIN forwards USING (serial)"
	" WHERE" OPEN_THEN " AND" HAD_PORT " ORDER BY serial LIMIT ?4";
static const char builds_then[] =
	"SELECT serial FROM builds WHERE" OPEN_THEN " ORDER BY serial LIMIT ?4";

const struct json_shape records_leases_shape = {
	.name = "AttestationLease",
	.members =
		(const struct json_shape_member[]){
			{"node", JSON_SHAPE_INTEGER, .example = "0"},
			{"forward", JSON_SHAPE_STRING, .example = "ssh"},
			{"public_address", JSON_SHAPE_STRING, .example = "192.0.2.1"},
			{"public_port", JSON_SHAPE_INTEGER, .example = "60022"},
			{"address", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "10.0.3.7", .help = "of the VM, at last"},
			{"port", JSON_SHAPE_INTEGER, .example = "22"},
			{0},
		},
};

static void take_place(sqlite3_stmt *row, struct journal_place *place)
{
	place->serial = (uint64_t)sqlite3_column_int64(row, 0);
	snprintf(place->build_id, sizeof(place->build_id), "%s",
		 (const char *)sqlite3_column_text(row, 1));
	place->node_index = (uint32_t)sqlite3_column_int64(row, 2);
	snprintf(place->forward, sizeof(place->forward), "%s",
		 (const char *)sqlite3_column_text(row, 3));
}

/* Result: a statement of one of the texts above with its arguments; NULL for an error. */
static sqlite3_stmt *ask(struct journal *journal, const char *text,
			 const struct records_asked *asked, uint64_t after)
{
	sqlite3_stmt *statement = records_rows_prepare(journal, text);

	if (!statement)
		return NULL;
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)asked->until_wall_ns);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)asked->from_wall_ns);
	sqlite3_bind_int64(statement, 3, (sqlite3_int64)after);
	if (!asked->public_addr[0])
		return statement;
	sqlite3_bind_text(statement, 5, asked->public_addr, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 6, asked->public_port);
	return statement;
}

int records_leases_find(struct journal *journal, const struct records_asked *asked, uint64_t after,
			struct journal_place *ret_places, unsigned int max)
{
	sqlite3_stmt *statement = ask(journal, places_text, asked, after);
	int nr = 0, code;

	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, 4, max);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW)
		take_place(statement, &ret_places[nr++]);
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? nr : -EIO;
}

int records_leases_builds(struct journal *journal, const struct records_asked *asked,
			  uint64_t after, uint64_t *ret_serials, unsigned int max)
{
	sqlite3_stmt *statement =
		ask(journal, asked->public_addr[0] ? builds_of_port : builds_then, asked, after);
	int nr = 0, code;

	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, 4, max);
	while ((code = sqlite3_step(statement)) == SQLITE_ROW)
		ret_serials[nr++] = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_DONE ? nr : -EIO;
}

json_t *records_leases_of(struct journal *journal, uint64_t serial)
{
	sqlite3_stmt *statement = records_rows_prepare(
		journal, "SELECT node, name AS forward, public_address, public_port, address, port"
			 " FROM forwards JOIN nodes USING (serial, node) WHERE serial = ?1"
			 " ORDER BY node, position");

	if (statement)
		sqlite3_bind_int64(statement, 1, (sqlite3_int64)serial);
	return records_rows_take(statement, &records_leases_shape);
}

/* Text as SQLite has made it. */
static json_t *take_actors(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	return json_loads(text ? text : "[]", 0, NULL);
}

json_t *records_leases_actors(struct journal *journal, uint64_t serial)
{
	sqlite3_stmt *statement = records_rows_prepare(journal, ACTORS);
	json_t *actors = NULL;

	if (!statement)
		return NULL;
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)serial);
	if (sqlite3_step(statement) == SQLITE_ROW)
		actors = take_actors(statement, 0);
	sqlite3_finalize(statement);
	return actors;
}

struct sqlite3_stmt *records_leases_prepare(struct journal *journal)
{
	return records_rows_prepare(journal, "SELECT public_address, public_port, (" ACTORS ")"
					     " FROM forwards WHERE serial = ?1 AND node = ?2"
					     " AND name = ?3");
}

void records_leases_name(sqlite3_stmt *statement, const struct journal_place *place, json_t *object)
{
	json_t *address = NULL, *port = NULL, *actors = NULL;

	sqlite3_bind_int64(statement, 1, (sqlite3_int64)place->serial);
	sqlite3_bind_int64(statement, 2, place->node_index);
	sqlite3_bind_text(statement, 3, place->forward, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		address = json_values_string((const char *)sqlite3_column_text(statement, 0));
		port = json_integer(sqlite3_column_int64(statement, 1));
		actors = take_actors(statement, 2);
	}
	sqlite3_reset(statement);
	json_object_set_new(object, "public_address", address ? address : json_null());
	json_object_set_new(object, "public_port", port ? port : json_null());
	json_object_set_new(object, "actors", actors ? actors : json_array());
}
