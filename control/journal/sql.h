/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the journal share: prepared statements, and values into and out of them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "model/clock.h"

#define JOURNAL_BUSY_MS 200 /* for another who writes */

/*
 * The statements, one row each: name and text. Prepared once, at open. Those of transactions,
 * numbers and connections, which every database has:
 */
#define COMMON_STATEMENTS(X)                                                                       \
	X(BEGIN, "BEGIN IMMEDIATE")                                                                \
	X(COMMIT, "COMMIT")                                                                        \
	X(ROLLBACK, "ROLLBACK")                                                                    \
	X(SET_NUMBER, "INSERT INTO numbers VALUES (?, ?)"                                          \
		      " ON CONFLICT (name) DO UPDATE SET value = excluded.value")                  \
	X(GET_NUMBER, "SELECT value FROM numbers WHERE name = ?")                                  \
	X(OLD_OPEN, "SELECT * FROM connections WHERE closed_wall_ns IS NULL ORDER BY number"       \
		    " LIMIT ?")                                                                    \
	X(OLD_ANY, "SELECT * FROM connections ORDER BY number LIMIT ?")                            \
	X(OLD_DROP, "DELETE FROM connections WHERE number = ?")

/* Those of the journal. */
#define JOURNAL_STATEMENTS(X)                                                                      \
	X(SET_MOMENT, "INSERT INTO moment VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"      \
		      " boot_id = excluded.boot_id, boot_ns = excluded.boot_ns,"                   \
		      " wall_ns = excluded.wall_ns")                                               \
	X(GET_MOMENT, "SELECT boot_id, boot_ns, wall_ns FROM moment")                              \
	X(SET_BUILD,                                                                               \
	  "INSERT INTO builds (serial, id, revision, state, reason, title, user, organisation,"    \
	  " keys_as_of_wall_ns, created_wall_ns, finished_wall_ns, connected_wall_ns,"             \
	  " ended_wall_ns, deadline_wall_ns, deadline_ns, base_ns, cap_ns, lifetime_end_ns, "      \
	  "hard_end_ns,"                                                                           \
	  " connect_by_ns, gone_ns, linger_ns, max_lifetime_ns, max_extension_ns,"                 \
	  " connect_within_ns, nr_warned)"                                                         \
	  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" \
	  " ON CONFLICT (serial) DO UPDATE SET revision = excluded.revision,"                      \
	  " state = excluded.state, reason = excluded.reason, title = excluded.title,"             \
	  " user = excluded.user, organisation = excluded.organisation,"                           \
	  " keys_as_of_wall_ns = excluded.keys_as_of_wall_ns,"                                     \
	  " finished_wall_ns = excluded.finished_wall_ns,"                                         \
	  " connected_wall_ns = excluded.connected_wall_ns,"                                       \
	  " ended_wall_ns = excluded.ended_wall_ns,"                                               \
	  " deadline_wall_ns = excluded.deadline_wall_ns, deadline_ns = excluded.deadline_ns,"     \
	  " base_ns = excluded.base_ns, cap_ns = excluded.cap_ns, lifetime_end_ns = "              \
	  "excluded.lifetime_end_ns,"                                                              \
	  " hard_end_ns = excluded.hard_end_ns, connect_by_ns = excluded.connect_by_ns,"           \
	  " gone_ns = excluded.gone_ns, linger_ns = excluded.linger_ns,"                           \
	  " nr_warned = excluded.nr_warned")                                                       \
	X(GET_BUILDS,                                                                              \
	  "SELECT serial, id, revision, state, reason, title, user, organisation,"                 \
	  " keys_as_of_wall_ns, created_wall_ns, finished_wall_ns, connected_wall_ns,"             \
	  " ended_wall_ns, deadline_ns, base_ns, cap_ns, lifetime_end_ns, hard_end_ns, "           \
	  "connect_by_ns,"                                                                         \
	  " gone_ns, linger_ns, max_lifetime_ns, max_extension_ns, connect_within_ns, nr_warned"   \
	  " FROM builds WHERE gone = 0 ORDER BY serial")                                           \
	X(FORGET_BUILD, "UPDATE builds SET gone = 1 WHERE serial = ?")                             \
	X(ID_USED, "SELECT EXISTS (SELECT 1 FROM builds WHERE id = ? AND serial < ?)")             \
	X(LAST_SERIAL, "SELECT seq FROM sqlite_sequence WHERE name = 'builds'")                    \
	X(DROP_TEXTS, "DELETE FROM texts WHERE serial = ?")                                        \
	X(DROP_NODES, "DELETE FROM nodes WHERE serial = ?")                                        \
	X(DROP_FORWARDS, "DELETE FROM forwards WHERE serial = ?")                                  \
	X(ADD_TEXT, "INSERT INTO texts VALUES (?, ?, ?, ?, ?)")                                    \
	X(ADD_NODE, "INSERT INTO nodes VALUES (?, ?, ?, ?)")                                       \
	X(ADD_FORWARD, "INSERT INTO forwards VALUES (?, ?, ?, ?, ?, ?, ?, ?)")                     \
	X(GET_TEXTS, "SELECT kind, node, value FROM texts WHERE serial = ?"                        \
		     " ORDER BY kind, node, position")                                             \
	X(GET_NODES, "SELECT node, state, address FROM nodes WHERE serial = ? ORDER BY node")      \
	X(GET_FORWARDS, "SELECT node, name, port, protocol, public_address, public_port"           \
			" FROM forwards WHERE serial = ? ORDER BY node, position")                 \
	X(GET_PLACES, "SELECT public_address, public_port, 0 FROM forwards JOIN builds"            \
		      " USING (serial) WHERE gone = 0 AND public_port > 0")                        \
	X(COUNT_LISTS, "SELECT count(DISTINCT serial) FROM texts JOIN builds USING (serial)"       \
		       " WHERE kind = 'allow' AND gone = 0")                                       \
	X(SET_PORT,                                                                                \
	  "INSERT INTO ports VALUES (?, ?, ?)"                                                     \
	  " ON CONFLICT (address, port) DO UPDATE SET until_wall_ns = max(until_wall_ns,"          \
	  " excluded.until_wall_ns)")                                                              \
	X(GET_PORTS, "SELECT address, port, until_wall_ns FROM ports ORDER BY until_wall_ns")      \
	X(ADD_EVENT, "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)")                         \
	X(GET_EVENTS, "SELECT seq, wall_ns, type, build, node, reason, value, detail FROM events"  \
		      " WHERE seq > ? ORDER BY seq LIMIT ?")                                       \
	X(LAST_EVENT, "SELECT seq, wall_ns, type, build, node, reason, value, detail FROM events"  \
		      " WHERE type = ? ORDER BY seq DESC LIMIT 1")                                 \
	X(DROP_EVENTS, "DELETE FROM events WHERE seq < ?")                                         \
	X(EVENT_BOUNDS, "SELECT ifnull((SELECT min(seq) FROM events), 0), ifnull((SELECT seq"      \
			" FROM sqlite_sequence WHERE name = 'events'), 0)")                        \
	X(ADD_AUDIT, "INSERT INTO audit (wall_ns, uid, pid, what, build, revision)"                \
		     " VALUES (?, ?, ?, ?, ?, ?)")                                                 \
	X(DROP_AUDIT, "DELETE FROM audit WHERE number IN (SELECT number FROM audit"                \
		      " WHERE wall_ns < ? ORDER BY wall_ns LIMIT 1000)")                           \
	X(OLD_LAST, "SELECT ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'connections'),"  \
		    " 0)")                                                                         \
	X(DROP_BUILDS, "DELETE FROM builds WHERE serial IN (SELECT serial FROM builds"             \
		       " WHERE gone = 1 AND ended_wall_ns < ? LIMIT 250)")                         \
	X(ADD_RECEIPT,                                                                             \
	  "INSERT INTO receipts (uid, key, digest, wall_ns, status, removed, etag, location,"      \
	  " body, begin_bytes, end_bytes)"                                                         \
	  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10 + ?11)")                          \
	X(GET_RECEIPT, "SELECT number, digest, wall_ns, status, removed, etag, location, body"     \
		       " FROM receipts WHERE uid = ? AND key = ?")                                 \
	X(LAST_RECEIPT, "SELECT number, end_bytes FROM receipts ORDER BY number DESC LIMIT 1")     \
	X(DROP_RECEIPT, "DELETE FROM receipts WHERE uid = ? AND key = ?")                          \
	X(DROP_RECEIPTS_BY_NUMBER, "DELETE FROM receipts WHERE number <= ?")                       \
	X(DROP_RECEIPTS_BY_BYTES, "DELETE FROM receipts WHERE begin_bytes < ?")                    \
	X(DROP_RECEIPTS_BY_TIME, "DELETE FROM receipts WHERE number IN (SELECT number"             \
				 " FROM receipts WHERE wall_ns < ? LIMIT 1000)")

/* Those of the audit of connections. */
#define AUDIT_STATEMENTS(X)                                                                        \
	X(ADD_CONNECTION,                                                                          \
	  "INSERT INTO connections (serial, build, node, forward, client, client_port,"            \
	  " opened_wall_ns, slot, generation, opened_ns, accepted_ns, seq_to_vm, seq_to_client,"   \
	  " number) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                            \
	X(ADOPT_CONNECTION,                                                                        \
	  "INSERT INTO connections SELECT CASE WHEN EXISTS (SELECT 1 FROM connections"             \
	  " WHERE number = ?1) THEN NULL ELSE ?1 END, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"   \
	  " ?12, ?13, ?14, ?15, ?16, ?17, ?18 WHERE NOT EXISTS (SELECT 1 FROM connections"         \
	  " WHERE opened_wall_ns = ?8 AND client = ?6 AND client_port = ?7 AND serial = ?2"        \
	  " AND node = ?4 AND forward = ?5)")                                                      \
	X(LAST_CONNECTION, "SELECT seq FROM sqlite_sequence WHERE name = 'connections'")           \
	X(CLOSE_CONNECTION, "UPDATE connections SET closed_wall_ns = ?, closed_by = ?,"            \
			    " bytes_to_vm = ?, bytes_to_client = ? WHERE number = ?")              \
	X(GET_CONNECTIONS, "SELECT number, client, client_port, slot, generation, opened_ns,"      \
			   " accepted_ns, seq_to_vm, seq_to_client, bytes_to_vm, bytes_to_client," \
			   " closed_by FROM connections"                                           \
			   " WHERE closed_wall_ns IS NULL ORDER BY number")                        \
	X(GET_CLIENTS, "SELECT client FROM (SELECT number, serial, client, accepted_ns"            \
		       " FROM connections WHERE build = ? ORDER BY number DESC LIMIT ?)"           \
		       " WHERE serial = ? AND accepted_ns IS NOT NULL ORDER BY number")            \
	X(DROP_OVERDUE, "DELETE FROM connections WHERE number IN (SELECT number"                   \
			" FROM connections WHERE opened_wall_ns < ?"                               \
			" ORDER BY opened_wall_ns LIMIT ?)")                                       \
	X(DROP_OLDEST, "DELETE FROM connections WHERE number IN (SELECT number"                    \
		       " FROM connections ORDER BY number LIMIT ?)")                               \
	X(DROP_SOURCES, "DELETE FROM sources WHERE (serial, node, forward, client) IN (SELECT"     \
			" serial, node, forward, client FROM sources WHERE last_wall_ns < ?"       \
			" ORDER BY last_wall_ns LIMIT ?)")                                         \
	X(DROP_PLACES, "DELETE FROM places WHERE (serial, node, forward) IN (SELECT serial, node," \
		       " forward FROM places WHERE last_wall_ns < ? ORDER BY last_wall_ns"         \
		       " LIMIT ?)")                                                                \
	X(PAGES, "SELECT page_count, freelist_count FROM pragma_page_count,"                       \
		 " pragma_freelist_count")                                                         \
	X(VACUUM, "PRAGMA incremental_vacuum(256)")

enum journal_statement {
#define JOURNAL_ENUM(name, text) JOURNAL_##name,
	COMMON_STATEMENTS(JOURNAL_ENUM) JOURNAL_COMMON_NR,
	JOURNAL_OWN_BEGIN = JOURNAL_COMMON_NR - 1,
	JOURNAL_STATEMENTS(JOURNAL_ENUM) JOURNAL_OWN_NR,
	JOURNAL_AUDIT_BEGIN = JOURNAL_OWN_NR - 1,
	AUDIT_STATEMENTS(JOURNAL_ENUM)
#undef JOURNAL_ENUM
		JOURNAL_STATEMENTS_NR
};

/*
 * Those of which a transaction may have many, in the order in which rows go in (rows.h): a build
 * goes before what belongs to it.
 */
#define JOURNAL_IN_ROWS(X)                                                                         \
	X(SET_BUILD) X(ADD_TEXT) X(ADD_NODE) X(ADD_FORWARD) X(SET_PORT) X(ADD_EVENT) X(ADD_AUDIT)
#define JOURNAL_IN_ROWS_ONE(name) +1
#define JOURNAL_IN_ROWS_NR	  (0 JOURNAL_IN_ROWS(JOURNAL_IN_ROWS_ONE))

extern const enum journal_statement journal_sql_in_rows[JOURNAL_IN_ROWS_NR];

struct journal_cuts;
struct rows;
struct journal_thread;

struct journal {
	sqlite3 *database;
	struct journal_cuts *cuts; /* NULL: none */
	bool keep_moment;
	sqlite3_stmt *statement[JOURNAL_STATEMENTS_NR];
	struct rows *rows[JOURNAL_STATEMENTS_NR]; /* NULL: each row by itself */
	bool rows_wait;				  /* some do */
	char boot_id[CLOCK_BOOT_ID_SIZE];
	uint64_t dropped;    /* the audit's own: records, for the sake of the budget */
	uint32_t pages_kept; /* by its budget */
	char *path;	     /* as it was opened */
	bool damaged;	     /* SQLite has met damage in it */
	bool left_behind;    /* in its log: the last commit, which has failed */
	bool in_memory;
	char *wanted;	  /* in memory for want of this file; or NULL */
	uint64_t renewed; /* how often the audit was begun anew */
	sqlite3 *reader;  /* of events, while the journal is its thread's; NULL: there is none */
	struct journal_thread *thread; /* or NULL, and then the last work has come to: */
	int worked;
};

/* Of the journal's end. */
void journal_cuts_close(struct journal *journal);
void journal_thread_close(struct journal *journal);
int journal_thread_start(struct journal *journal); /* 0 or -errno */

/* SQLite's way to the files: that of the system, but synced by disk.h. Result: its name; NULL,
 * which is the system's own, if there is none. */
const char *journal_vfs_name(void);

/* One use of a statement: values go in from the left, rows come out. */
struct journal_use {
	struct journal *journal;
	sqlite3_stmt *statement;
	enum journal_statement name;
	struct rows *rows; /* that it adds to; or NULL */
	int column;	   /* the next one to give or take */
	int error;	   /* the first one, -errno */
};

/*
 * What waits in rows goes in before, but for a look at events, or at who had an id before: no
 * transaction has two builds of one id. An error of what waited is the use's.
 */
struct journal_use journal_sql_use(struct journal *journal, enum journal_statement statement);

/* Forgets the rows that wait: their transaction is rolled back. */
void journal_sql_drop_rows(struct journal *journal);

/* Give the next value. Texts must live until the use ends; NULL is SQL's NULL. */
void journal_sql_give(struct journal_use *use, uint64_t value);
void journal_sql_give_text(struct journal_use *use, const char *text);
void journal_sql_give_null(struct journal_use *use);

/* 0 is NULL: for times that have not come. */
void journal_sql_give_time(struct journal_use *use, uint64_t wall_ns);

/* Result: whether there is one more row; then take its values from the left. */
bool journal_sql_row(struct journal_use *use);
uint64_t journal_sql_take(struct journal_use *use);
const char *journal_sql_take_text(struct journal_use *use); /* good until the next row; or NULL */

/* Ends a use. Result: 0 or the first error. */
int journal_sql_end(struct journal_use *use);

/* Runs a statement that gives no rows, once all values are given. Result: 0 or -errno. */
int journal_sql_run(struct journal_use *use);

/* Result: SQLite's result code as -errno, 0 for SQLITE_OK, SQLITE_ROW and SQLITE_DONE. */
int journal_sql_errno(int code);

/* Writes a sentence, to be freed, or NULL without memory. Result: the error. */
int journal_sql_fail(char **ret_reason, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
