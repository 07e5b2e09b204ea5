/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The journal's tables. Times ending in _wall_ns are nanoseconds since 1970; other _ns are
 * CLOCK_BOOTTIME of the boot that moment names, or durations. A change of this text is a new
 * JOURNAL_VERSION, with the way from the old one in journal.c.
 */
#pragma once

#define JOURNAL_VERSION	       2
#define JOURNAL_OLDEST	       1	  /* that it is made from */
#define JOURNAL_APPLICATION_ID 0x53505254 /* "SPRT" */

/* Since version 2. begin_bytes: how long all bodies before this one are. */
#define JOURNAL_RECEIPTS                                                                           \
	"CREATE TABLE receipts (" /* what changes with an Idempotency-Key were answered */         \
	"  number INTEGER PRIMARY KEY AUTOINCREMENT, uid INTEGER NOT NULL, key TEXT NOT NULL,"     \
	"  digest INTEGER NOT NULL, wall_ns INTEGER NOT NULL, status INTEGER NOT NULL,"            \
	"  removed INTEGER NOT NULL, etag TEXT, location TEXT, body TEXT,"                         \
	"  begin_bytes INTEGER NOT NULL, end_bytes INTEGER NOT NULL, UNIQUE (uid, key)) STRICT;"   \
	"CREATE INDEX receipts_by_time ON receipts (wall_ns);"                                     \
	"CREATE INDEX receipts_by_bytes ON receipts (begin_bytes);"

/*
 * Since then, to the same version: who knows nothing of it reads and writes the journal all the
 * same. Its table of connections is of before there was an audit beside it: rows go over (audit.h).
 */
#define JOURNAL_ADDED                                                                              \
	"CREATE INDEX IF NOT EXISTS builds_by_id_ever ON builds (id, serial);"                     \
	"CREATE INDEX IF NOT EXISTS audit_by_time ON audit (wall_ns);"                             \
	"CREATE INDEX IF NOT EXISTS forwards_by_public ON forwards (public_address, public_port);"

#define JOURNAL_SCHEMA                                                                             \
	"CREATE TABLE moment (" /* the last one known: one row */                                  \
	"  id INTEGER PRIMARY KEY CHECK (id = 1),"                                                 \
	"  boot_id TEXT NOT NULL, boot_ns INTEGER NOT NULL, wall_ns INTEGER NOT NULL) STRICT;"     \
	"CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"                     \
	"  STRICT, WITHOUT ROWID;"                                                                 \
	"CREATE TABLE builds ("                                                                    \
	"  serial INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL,"                            \
	"  gone INTEGER NOT NULL DEFAULT 0," /* past its quarantine: kept for the record */        \
	"  revision INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT,"                           \
	"  title TEXT NOT NULL, user TEXT, organisation TEXT, keys_as_of_wall_ns INTEGER,"         \
	"  created_wall_ns INTEGER NOT NULL, finished_wall_ns INTEGER,"                            \
	"  connected_wall_ns INTEGER, ended_wall_ns INTEGER, deadline_wall_ns INTEGER NOT NULL,"   \
	"  deadline_ns INTEGER NOT NULL, base_ns INTEGER NOT NULL, cap_ns INTEGER NOT NULL,"       \
	"  lifetime_end_ns INTEGER NOT NULL, hard_end_ns INTEGER NOT NULL,"                        \
	"  connect_by_ns INTEGER NOT NULL, gone_ns INTEGER NOT NULL, linger_ns INTEGER NOT NULL,"  \
	"  max_lifetime_ns INTEGER NOT NULL, max_extension_ns INTEGER NOT NULL,"                   \
	"  connect_within_ns INTEGER NOT NULL, nr_warned INTEGER NOT NULL) STRICT;"                \
	"CREATE UNIQUE INDEX builds_by_id ON builds (id) WHERE gone = 0;"                          \
	"CREATE INDEX builds_gone ON builds (ended_wall_ns) WHERE gone = 1;"                       \
	"CREATE TABLE texts (" /* lists: allow, actor, key_fingerprint; host_key of a node */      \
	"  serial INTEGER NOT NULL REFERENCES builds ON DELETE CASCADE, kind TEXT NOT NULL,"       \
	"  node INTEGER NOT NULL, position INTEGER NOT NULL, value TEXT NOT NULL,"                 \
	"  PRIMARY KEY (serial, kind, node, position)) STRICT, WITHOUT ROWID;"                     \
	"CREATE TABLE nodes ("                                                                     \
	"  serial INTEGER NOT NULL REFERENCES builds ON DELETE CASCADE, node INTEGER NOT NULL,"    \
	"  state TEXT NOT NULL, address TEXT,"                                                     \
	"  PRIMARY KEY (serial, node)) STRICT, WITHOUT ROWID;"                                     \
	"CREATE TABLE forwards ("                                                                  \
	"  serial INTEGER NOT NULL REFERENCES builds ON DELETE CASCADE, node INTEGER NOT NULL,"    \
	"  position INTEGER NOT NULL, name TEXT NOT NULL, port INTEGER NOT NULL,"                  \
	"  protocol TEXT NOT NULL, public_address TEXT NOT NULL, public_port INTEGER NOT NULL,"    \
	"  PRIMARY KEY (serial, node, position)) STRICT, WITHOUT ROWID;"                           \
	"CREATE TABLE ports (" /* used before: not to be handed out until then */                  \
	"  address TEXT NOT NULL, port INTEGER NOT NULL, until_wall_ns INTEGER NOT NULL,"          \
	"  PRIMARY KEY (address, port)) STRICT, WITHOUT ROWID;"                                    \
	"CREATE TABLE events ("                                                                    \
	"  seq INTEGER PRIMARY KEY AUTOINCREMENT, wall_ns INTEGER NOT NULL, type TEXT NOT NULL,"   \
	"  build TEXT, node INTEGER, reason TEXT, value INTEGER NOT NULL, detail TEXT) STRICT;"    \
	"CREATE TABLE audit (" /* every change: who asked for what; uid NULL: the daemon itself */ \
	"  number INTEGER PRIMARY KEY AUTOINCREMENT, wall_ns INTEGER NOT NULL, uid INTEGER,"       \
	"  pid INTEGER, what TEXT NOT NULL, build TEXT NOT NULL, revision INTEGER NOT NULL)"       \
	"  STRICT;"                                                                                \
	"CREATE INDEX audit_by_build ON audit (build);"                                            \
	"CREATE TABLE connections ("                                                               \
	"  number INTEGER PRIMARY KEY AUTOINCREMENT, serial INTEGER NOT NULL, build TEXT NOT "     \
	"NULL,"                                                                                    \
	"  node INTEGER NOT NULL, forward TEXT NOT NULL, client TEXT NOT NULL,"                    \
	"  client_port INTEGER NOT NULL, opened_wall_ns INTEGER NOT NULL, closed_wall_ns INTEGER," \
	"  bytes_to_vm INTEGER, bytes_to_client INTEGER, closed_by TEXT,"                          \
	"  slot INTEGER NOT NULL, generation INTEGER NOT NULL, opened_ns INTEGER NOT NULL,"        \
	"  accepted_ns INTEGER, seq_to_vm INTEGER NOT NULL, seq_to_client INTEGER) STRICT;"        \
	"CREATE INDEX connections_by_build ON connections (build);"                                \
	"CREATE INDEX connections_by_time ON connections (opened_wall_ns);"                        \
	"CREATE INDEX connections_open ON connections (number) WHERE closed_wall_ns IS "           \
	"NULL;" JOURNAL_RECEIPTS

/*
 * The audit of connections is a file of its own, since others' packets fill it: what happens to it
 * harms nothing else. Rows of places and sources are kept by triggers, so that what is asked of a
 * build costs the same however many connections it had; of a place the first SOURCES_MAX sources.
 */
#define AUDIT_VERSION	     1
#define AUDIT_APPLICATION_ID 0x53504155 /* "SPAU" */
#define AUDIT_SOURCES_MAX    "512"

/* Closed, and too few bytes for a login (connect/diagnose.h); not known is no login either. */
#define AUDIT_FAILED(row)                                                                          \
	"(" row ".closed_wall_ns IS NOT NULL AND (ifnull(" row ".bytes_to_vm, 0) < 3400"           \
	" OR ifnull(" row ".bytes_to_client, 0) < 3250))"
#define AUDIT_PLACE "serial = new.serial AND node = new.node AND forward = new.forward"

#define AUDIT_NEW_FAILED AUDIT_FAILED("new")
#define AUDIT_OLD_FAILED AUDIT_FAILED("old")

#define AUDIT_TRIGGERS                                                                             \
	"CREATE TRIGGER connection_added AFTER INSERT ON connections BEGIN"                        \
	"  INSERT INTO places VALUES (new.serial, new.node, new.forward, 0, 0, 0,"                 \
	"   new.opened_wall_ns) ON CONFLICT DO NOTHING;"                                           \
	"  UPDATE places SET connections = connections + 1, latest = max(latest, new.number),"     \
	"   last_wall_ns = max(last_wall_ns, new.opened_wall_ns) WHERE " AUDIT_PLACE ";"           \
	"  INSERT INTO sources SELECT new.serial, new.node, new.forward, new.client, 0, 0,"        \
	"   new.opened_wall_ns, new.opened_wall_ns, 0 FROM places WHERE " AUDIT_PLACE              \
	"   AND sources < " AUDIT_SOURCES_MAX " ON CONFLICT DO NOTHING;"                           \
	"  UPDATE sources SET connections = connections + 1, failed = failed + " AUDIT_NEW_FAILED  \
	"   , latest = max(latest, new.number), last_wall_ns = max(last_wall_ns,"                  \
	"   new.opened_wall_ns), first_wall_ns = min(first_wall_ns, new.opened_wall_ns)"           \
	"   WHERE " AUDIT_PLACE " AND client = new.client;"                                        \
	"END;"                                                                                     \
	"CREATE TRIGGER connection_changed AFTER UPDATE ON connections"                            \
	" WHEN " AUDIT_NEW_FAILED " != " AUDIT_OLD_FAILED " BEGIN"                                 \
	"  UPDATE sources SET failed = failed + " AUDIT_NEW_FAILED " - " AUDIT_OLD_FAILED          \
	"   WHERE " AUDIT_PLACE " AND client = new.client;"                                        \
	"END;"

/*
 * Until December 2026 a login had at least 3650 bytes to the VM and 3400 to the client. Triggers
 * with these numbers are replaced, and what they counted as failed and is not any more is taken
 * off, as far as its connections are still there. It stays version 1: who knows the old triggers
 * alone goes by the new ones all the same.
 */
#define AUDIT_OLD_MARKS                                                                            \
	"SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND instr(sql, '< 3650')"
#define AUDIT_NOT_FAILED "NOT " AUDIT_FAILED("connections")
#define AUDIT_RENEW_MARKS                                                                          \
	"BEGIN IMMEDIATE; DROP TRIGGER connection_added; DROP TRIGGER connection_changed;"         \
	"UPDATE sources SET failed = failed - kept.nr FROM (SELECT serial, node, forward, client," \
	"  count(*) AS nr FROM connections WHERE closed_wall_ns IS NOT NULL"                       \
	"  AND (bytes_to_vm < 3650 OR bytes_to_client < 3400) AND " AUDIT_NOT_FAILED               \
	"  GROUP BY serial, node, forward, client) AS kept WHERE sources.serial = kept.serial"     \
	"  AND sources.node = kept.node AND sources.forward = kept.forward"                        \
	"  AND sources.client = kept.client;" AUDIT_TRIGGERS "COMMIT"

#define AUDIT_SCHEMA                                                                               \
	"CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"                     \
	"  STRICT, WITHOUT ROWID;"                                                                 \
	"CREATE TABLE connections ("                                                               \
	"  number INTEGER PRIMARY KEY AUTOINCREMENT, serial INTEGER NOT NULL, build TEXT NOT "     \
	"NULL,"                                                                                    \
	"  node INTEGER NOT NULL, forward TEXT NOT NULL, client TEXT NOT NULL,"                    \
	"  client_port INTEGER NOT NULL, opened_wall_ns INTEGER NOT NULL, closed_wall_ns INTEGER," \
	"  bytes_to_vm INTEGER, bytes_to_client INTEGER, closed_by TEXT,"                          \
	"  slot INTEGER NOT NULL, generation INTEGER NOT NULL, opened_ns INTEGER NOT NULL,"        \
	"  accepted_ns INTEGER, seq_to_vm INTEGER NOT NULL, seq_to_client INTEGER) STRICT;"        \
	"CREATE INDEX connections_by_build ON connections (build);"                                \
	"CREATE INDEX connections_by_time ON connections (opened_wall_ns);"                        \
	"CREATE INDEX connections_open ON connections (number) WHERE closed_wall_ns IS NULL;"      \
	"CREATE INDEX connections_open_by_build ON connections (build, number)"                    \
	"  WHERE closed_wall_ns IS NULL;"                                                          \
	"CREATE TABLE places (" /* what a forward of a build had */                                \
	"  serial INTEGER NOT NULL, node INTEGER NOT NULL, forward TEXT NOT NULL,"                 \
	"  connections INTEGER NOT NULL, sources INTEGER NOT NULL, latest INTEGER NOT NULL,"       \
	"  last_wall_ns INTEGER NOT NULL, PRIMARY KEY (serial, node, forward))"                    \
	"  STRICT, WITHOUT ROWID;"                                                                 \
	"CREATE INDEX places_by_time ON places (last_wall_ns);"                                    \
	"CREATE TABLE sources (" /* and from where */                                              \
	"  serial INTEGER NOT NULL, node INTEGER NOT NULL, forward TEXT NOT NULL,"                 \
	"  client TEXT NOT NULL, connections INTEGER NOT NULL, failed INTEGER NOT NULL,"           \
	"  first_wall_ns INTEGER NOT NULL, last_wall_ns INTEGER NOT NULL, latest INTEGER NOT "     \
	"NULL, PRIMARY KEY (serial, node, forward, client)) STRICT, WITHOUT ROWID;"                \
	"CREATE INDEX sources_by_time ON sources (last_wall_ns);"                                  \
	"CREATE TRIGGER source_added AFTER INSERT ON sources BEGIN"                                \
	"  UPDATE places SET sources = sources + 1 WHERE " AUDIT_PLACE ";"                         \
	"END;" AUDIT_TRIGGERS
