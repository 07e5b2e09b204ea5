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
