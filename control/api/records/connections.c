/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/records/connections.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "api/records/asked.h"
#include "api/records/leases.h"
#include "api/records/rows.h"
#include "journal/connection.h"
#include "json/shape.h"

/* What a page looks at where it leaves out some: a few milliseconds. */
#define SCANNED 8192

/* Places of one public port, some at a time. */
#define PLACES 64

/* A column is called like its row of the shape, that says what it holds: times in nanoseconds. */
#define CONNECTION_COLUMNS                                                                         \
	"number, build, node, forward, client, client_port, opened_wall_ns AS opened_at,"          \
	" accepted_ns IS NOT NULL AS accepted, closed_wall_ns AS closed_at,"                       \
	" " RECORDS_CONNECTIONS_CLOSED_BY " AS closed_by,"                                         \
	" bytes_to_vm, bytes_to_client, serial AS _serial"

/* Columns of it that are needed for its place. */
enum {
	COLUMN_NODE = 2,
	COLUMN_FORWARD = 3,
	COLUMN_SERIAL = 12,
};

const struct json_shape records_connections_shape = {
	.name = "Connection",
	.help = "A connection through a lease",
	.members =
		(const struct json_shape_member[]){
			{"number", JSON_SHAPE_INTEGER, .example = "17"},
			{"build", JSON_SHAPE_STRING, .example = "48121"},
			{"node", JSON_SHAPE_INTEGER, .example = "0"},
			{"forward", JSON_SHAPE_STRING, .example = "ssh"},
			{"public_address", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "192.0.2.1",
			 .help = "that the client reached; null: not known any more"},
			{"public_port", JSON_SHAPE_INTEGER, .many = JSON_SHAPE_OR_NULL,
			 .example = "60022"},
			{"actors", JSON_SHAPE_STRING, .many = JSON_SHAPE_LIST, .example = "octocat",
			 .help = "of the build"},
			{"client", JSON_SHAPE_STRING, .example = "203.0.113.9"},
			{"client_port", JSON_SHAPE_INTEGER, .example = "50012"},
			{"opened_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_ONE},
			{"accepted", JSON_SHAPE_BOOLEAN, .example = "true",
			 .help = "the VM has answered"},
			{"closed_at", JSON_SHAPE_TIME, .many = JSON_SHAPE_OR_NULL},
			{"closed_by", JSON_SHAPE_STRING, .many = JSON_SHAPE_OR_NULL,
			 .example = "closed by the client",
			 .help = "with \", at edge NAME\" where another edge of the fleet saw it"},
			{"bytes_to_vm", JSON_SHAPE_INTEGER, .example = "3733"},
			{"bytes_to_client", JSON_SHAPE_INTEGER, .example = "3537"},
			{0},
		},
};

/* A page that is being filled. */
struct page {
	const struct records_connections_query *query;
	json_t *rows;
	uint64_t scanned;     /* at most so many at once */
	uint64_t until;	      /* no number above can matter */
	uint64_t next;	      /* 0: all was looked at */
	sqlite3_stmt *wanted; /* rows, and how far they were looked at */
	sqlite3_stmt *looked;
	sqlite3_stmt *lease;
};

#define FROM_LOOKED                                                                                \
	" FROM (SELECT * FROM connections WHERE number > ?1 AND number <= ?2%s%s"                  \
	" ORDER BY number LIMIT ?3)"

static const char wanted_text[] =
	"SELECT " CONNECTION_COLUMNS FROM_LOOKED
	" WHERE (?5 = '' OR client = ?5) AND opened_wall_ns <= ?6"
	" AND ifnull(closed_wall_ns, ?7) >= ?7"
	" AND (?8 = 0 OR (serial = ?8 AND node = ?9 AND forward = ?10)) LIMIT ?11";
static const char looked_text[] = "SELECT count(*), max(number)" FROM_LOOKED;

static sqlite3_stmt *prepare(const struct records_connections_query *query, const char *format)
{
	bool of_build = query->build || query->asked->public_addr[0];
	char text[1024];

	snprintf(text, sizeof(text), format, of_build ? " AND build = ?4" : "",
		 query->open ? " AND closed_wall_ns IS NULL" : "");
	return records_rows_prepare(query->audit, text);
}

/* A record gets its number once its connection is accepted, some time after that was opened. */
static uint64_t find_until(const struct records_connections_query *query)
{
	uint64_t until_ns = query->asked->until_wall_ns, number = 0;
	sqlite3_stmt *statement;

	if (until_ns >= INT64_MAX - RECORDS_ASKED_SLACK_NS)
		return INT64_MAX;
	statement = records_rows_prepare(query->audit,
					 "SELECT number FROM connections WHERE opened_wall_ns <= ?"
					 " ORDER BY opened_wall_ns DESC LIMIT 1");
	if (!statement)
		return INT64_MAX;
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)(until_ns + RECORDS_ASKED_SLACK_NS));
	if (sqlite3_step(statement) == SQLITE_ROW)
		number = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

static int begin(struct page *page)
{
	const struct records_connections_query *query = page->query;

	page->rows = json_array();
	page->scanned = query->asked->any ? SCANNED : query->limit;
	page->until = find_until(query);
	page->wanted = prepare(query, wanted_text);
	page->looked = prepare(query, looked_text);
	page->lease = records_leases_prepare(query->journal);
	return page->wanted && page->looked && page->lease ? 0 : -EIO;
}

static void end(struct page *page)
{
	sqlite3_finalize(page->wanted);
	sqlite3_finalize(page->looked);
	sqlite3_finalize(page->lease);
}

static void bind_scan(struct page *page, sqlite3_stmt *statement, const char *build)
{
	sqlite3_bind_int64(statement, 1, (sqlite3_int64)page->query->after);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)page->until);
	sqlite3_bind_int64(statement, 3, (sqlite3_int64)page->scanned);
	if (build)
		sqlite3_bind_text(statement, 4, build, -1, SQLITE_STATIC);
}

static void name_lease(sqlite3_stmt *row, json_t *object, void *context)
{
	struct page *page = context;
	struct journal_place place = {
		.serial = (uint64_t)sqlite3_column_int64(row, COLUMN_SERIAL),
		.node_index = (uint32_t)sqlite3_column_int64(row, COLUMN_NODE),
	};

	snprintf(place.forward, sizeof(place.forward), "%s",
		 (const char *)sqlite3_column_text(row, COLUMN_FORWARD));
	records_leases_name(page->lease, &place, object);
}

/* Where the next page begins if this one has become full, or has looked at as many as it may. */
static int look_at_end(struct page *page, const char *build)
{
	size_t nr = json_array_size(page->rows);
	int code;

	if (nr == page->query->limit) {
		page->next = (uint64_t)json_integer_value(
			json_object_get(json_array_get(page->rows, nr - 1), "number"));
		return 0;
	}
	bind_scan(page, page->looked, build);
	code = sqlite3_step(page->looked);
	if (code == SQLITE_ROW && (uint64_t)sqlite3_column_int64(page->looked, 0) == page->scanned)
		page->next = (uint64_t)sqlite3_column_int64(page->looked, 1);
	sqlite3_reset(page->looked);
	return code == SQLITE_ROW ? 0 : -EIO;
}

/* Adds records, of that place alone if there is one. */
static int add(struct page *page, const struct journal_place *place)
{
	const struct records_asked *asked = page->query->asked;
	const char *build = place ? place->build_id : page->query->build;
	sqlite3_stmt *wanted = page->wanted;
	int result;

	bind_scan(page, wanted, build);
	sqlite3_bind_text(wanted, 5, asked->client, -1, SQLITE_STATIC);
	sqlite3_bind_int64(wanted, 6, (sqlite3_int64)asked->until_wall_ns);
	sqlite3_bind_int64(wanted, 7, (sqlite3_int64)asked->from_wall_ns);
	sqlite3_bind_int64(wanted, 8, place ? (sqlite3_int64)place->serial : 0);
	if (place) {
		sqlite3_bind_int64(wanted, 9, place->node_index);
		sqlite3_bind_text(wanted, 10, place->forward, -1, SQLITE_STATIC);
	}
	sqlite3_bind_int64(wanted, 11,
			   (sqlite3_int64)(page->query->limit - json_array_size(page->rows)));
	result = records_rows_add(wanted, &records_connections_shape, page->rows, name_lease, page);
	return result < 0 ? result : look_at_end(page, build);
}

/* Who had the port later has records with higher numbers: the port rested in between. */
static int add_places(struct page *page)
{
	struct journal_place places[PLACES];
	uint64_t after = 0;
	int nr, result = 0;

	do {
		nr = records_leases_find(page->query->journal, page->query->asked, after, places,
					 PLACES);
		for (int i = 0; i < nr && result == 0 && !page->next; i++) {
			after = places[i].serial;
			if (!page->query->build ||
			    strcmp(page->query->build, places[i].build_id) == 0)
				result = add(page, &places[i]);
		}
	} while (nr == PLACES && result == 0 && !page->next);
	return nr < 0 ? nr : result;
}

json_t *records_connections_page(const struct records_connections_query *query, uint64_t *ret_next)
{
	struct page page = {.query = query};
	int result = begin(&page);

	if (result == 0)
		result = query->asked->public_addr[0] ? add_places(&page) : add(&page, NULL);
	end(&page);
	if (result == 0) {
		*ret_next = page.next;
		return page.rows;
	}
	json_decref(page.rows);
	return NULL;
}
