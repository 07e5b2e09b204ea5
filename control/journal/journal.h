/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The journal: what the edge must still know after any crash, in one SQLite file (WAL, every commit
 * synced). Anybody may read the file by sqlite3 meanwhile.
 *
 * Results are 0 or -errno: -ENOSPC, -EIO, -EROFS, -EBUSY, -ENOMEM as SQLite meets them; -EBADMSG
 * for what it finds damaged; -EDOM for a row that no table takes; -ETIMEDOUT while the disk hangs
 * (disk.h). After a failure inside a transaction: journal_rollback().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/clock.h"

#define JOURNAL_NAME "journal.db" /* in edge.state_dir */

struct build;
struct event;
struct journal;
struct peer;
struct receipt;
struct sp_addr;
struct sqlite3;

/*
 * Opens or creates the file; ":memory:" is one for tests. A file that is not a sound journal of
 * this version is refused and left as it is. Result: 0; or -errno and a sentence in *ret_reason, to
 * be freed (NULL without memory).
 */
int journal_open(const char *path, struct journal **ret_journal, char **ret_reason);

/*
 * Whether journal_open() would refuse a file that nobody has open: it is looked through, and
 * nothing of it is changed. Of one with a log, as after a crash, only the log is looked at.
 */
int journal_open_try(const char *path, char **ret_reason);

/*
 * The same as journal_open() for the audit of connections, beside it. What is in a file that was
 * opened is not looked through: a damaged one shows by an -EBADMSG later.
 */
int journal_open_audit(const char *path, struct journal **ret_audit, char **ret_reason);
void journal_close(struct journal *journal);

/* -ENOSPC also while the log of an audit with a budget is full, and cannot be begun anew. */
/* Whether its disk has room for some changes of any size. In memory: it has. */
bool journal_has_room(const struct journal *journal);

int journal_begin(struct journal *journal);

/* Commits, with now as the last moment known. */
int journal_commit(struct journal *journal, const struct instant *now);
void journal_rollback(struct journal *journal);

/*
 * Result: whether the last commit has failed. Until another writes over it, all that it was lies in
 * the log, and a start after a crash would take it for committed.
 */
bool journal_left_behind(const struct journal *journal);

/* Writes over it, in a transaction of its own. Result: 0 or -errno. */
int journal_write_over(struct journal *journal, const struct instant *now);

/* From now on commits leave the last moment known as it is: what it dates is still of that boot. */
void journal_keep_moment(struct journal *journal, bool keep);

/* Which boot CLOCK_BOOTTIME is of, for every later commit: the running one unless a test says so.
 */
void journal_set_boot_id(struct journal *journal, const char *boot_id);
const char *journal_boot_id(const struct journal *journal);

/* The last moment known. Result: 0, -ENOENT in a new journal, or -errno. */
int journal_moment(struct journal *journal, char ret_boot_id[CLOCK_BOOT_ID_SIZE],
		   struct instant *ret_moment);

/* A number kept by name. Result: 0, -ENOENT, or -errno. */
int journal_number(struct journal *journal, const char *name, uint64_t *ret_value);
int journal_set_number(struct journal *journal, const char *name, uint64_t value);

enum journal_parts {
	JOURNAL_ROW,   /* the build itself */
	JOURNAL_WHOLE, /* with its nodes, forwards and lists */
};

int journal_build_save(struct journal *journal, const struct instant *now,
		       const struct build *build, enum journal_parts parts);

/* Its quarantine is over: the row stays for the record, the id is free. */
int journal_build_forget(struct journal *journal, uint64_t serial);

/* Given each build, its to keep; any result but 0 ends the loading and is passed on. */
typedef int journal_build_visitor(struct build *build, void *context);

/*
 * Loads all builds not forgotten, by serial. Forwards have their public_addr and public_port;
 * index, ordinal and slot_index are for the visitor to find. Result: 0, the visitor's, or -errno.
 */
int journal_build_load(struct journal *journal, journal_build_visitor *visit, void *context);

/* How many of those builds have an allow-list. Result: 0 or -errno. */
int journal_build_count_lists(struct journal *journal, uint32_t *ret_nr);

/* Result: 0 or -errno; whether a build before this one had its id, for as long as that is kept. */
int journal_build_id_used(struct journal *journal, const struct build *build, bool *ret_used);

/* Result: the highest serial ever used, 0 if none. */
int journal_build_last_serial(struct journal *journal, uint64_t *ret_serial);

/* A port's session ended. */
int journal_record_save_port(struct journal *journal, const struct sp_addr *addr, uint16_t port,
			     uint64_t until_wall_ns);

/* Visits the ports that were used before, longest ago first. */
typedef int journal_port_visitor(const struct sp_addr *addr, uint16_t port, uint64_t until_wall_ns,
				 void *context);
int journal_record_load_ports(struct journal *journal, journal_port_visitor *visit, void *context);

/* Visits the public ports of the builds not forgotten, in no order; until_wall_ns is 0. */
int journal_record_load_places(struct journal *journal, journal_port_visitor *visit, void *context);

/* Events by their numbers; events.h is the way in. event->seq is given or, saving, ignored if 0. */
int journal_record_save_event(struct journal *journal, const struct event *event);
typedef int journal_event_visitor(const struct event *event, void *context);
int journal_record_load_events(struct journal *journal, uint64_t since, unsigned int max,
			       journal_event_visitor *visit, void *context);
/* The newest of a type (event.h). Result: 0, -ENOENT, or -errno. */
int journal_record_last_event(struct journal *journal, const char *type, struct event *ret_event);
int journal_record_drop_events(struct journal *journal, uint64_t before_seq);
int journal_record_event_bounds(struct journal *journal, uint64_t *ret_oldest,
				uint64_t *ret_newest);

/* One change that somebody asked for. what is a static word such as "put". */
int journal_record_save_audit(struct journal *journal, const struct instant *now,
			      const struct peer *peer, const char *what, const struct build *build);

/*
 * Drops records of audit and forgotten builds from before then, a bounded number. Result: 0, 1 if
 * there may be more, or -errno.
 */
int journal_record_drop_records(struct journal *journal, uint64_t before_wall_ns);

/*
 * Keeps a receipt under its user and key, drops the oldest so that no more than kept remain, nor
 * answers of more than 64 MiB. *ret_number is its number.
 */
int journal_receipt_save(struct journal *journal, const struct receipt *receipt, uint64_t kept,
			 uint64_t *ret_number);

/* Fills in the receipt of its user and key. Result: 0, -ENOENT, or -errno. */
int journal_receipt_find(struct journal *journal, struct receipt *receipt);
int journal_receipt_drop(struct journal *journal, uint64_t before_wall_ns);

/* For tests, and for records of others' making. */
struct sqlite3 *journal_handle(struct journal *journal);

/*
 * Has work done by a thread of the journal's own, so that nobody waits for it meanwhile. From begin
 * until its result is fetched the journal is the work's: of the calls above, others may read events
 * by their numbers. Without the thread, begin does the work itself.
 */
typedef int journal_work(void *context);

/* Starts the thread. Result: 0, -ENOTSUP for one in memory, or -errno. */
int journal_open_thread(struct journal *journal);

/* Hands over one piece of work. */
void journal_thread_begin(struct journal *journal, journal_work *work, void *context);

/* Result: -EINPROGRESS, or what the work has come to: once. poll never blocks. */
int journal_thread_poll(struct journal *journal);
int journal_thread_wait(struct journal *journal);

/* Result: a descriptor that can be read while a result is to be fetched; -1: no thread. */
int journal_thread_fd(const struct journal *journal);
