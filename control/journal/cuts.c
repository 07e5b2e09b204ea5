/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/cuts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/disk.h"
#include "journal/journal.h"
#include "journal/sql.h"

#define MAGIC	    0x53504354u /* "SPCT" */
#define CHUNK_BYTES 65536

/* As it is on disk. A sector is written whole or not at all, and holds whole records. */
struct record {
	uint32_t magic;
	uint32_t sum;
	uint64_t serial, created_wall_ns, revision;
	uint64_t wall_ns, boot_ns, left_ns, finished_wall_ns;
	uint32_t uid, pid, state, reason;
	char what[JOURNAL_CUTS_WHAT];
	uint64_t boot; /* the boot id, hashed */
	uint8_t pad[24];
};

_Static_assert(sizeof(struct record) == 128, "four records a sector");

struct journal_cuts {
	int fd; /* -1: in memory */
	uint32_t nr_records;
	uint32_t first_free; /* none before it is */
	bool *taken;
	struct record *memory;
};

/* FNV-1a. */
static uint64_t hash(const void *bytes, size_t size)
{
	const unsigned char *at = bytes, *end = at + size;
	uint64_t sum = 0xcbf29ce484222325ULL;

	for (; at < end; at++)
		sum = (sum ^ *at) * 0x100000001b3ULL;
	return sum;
}

static uint64_t boot_of(const struct journal *journal)
{
	return hash(journal->boot_id, strlen(journal->boot_id));
}

/* Over all but magic and sum. */
static uint32_t sum_of(const struct record *record)
{
	size_t from = offsetof(struct record, serial);
	uint64_t sum = hash((const char *)record + from, sizeof(*record) - from);

	return (uint32_t)(sum ^ sum >> 32);
}

static int write_all(int fd, const void *bytes, size_t size, off_t at)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(fd, (const char *)bytes + done, size - done, at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

/* Written, not only allocated: what was never written may still need a block for its map. */
static int grow(int fd, off_t from, off_t to)
{
	static const char zeroes[CHUNK_BYTES];
	int result = from < to ? -posix_fallocate(fd, from, to - from) : 0;

	for (off_t at = from; at < to && result == 0; at += CHUNK_BYTES)
		result = write_all(fd, zeroes,
				   to - at < CHUNK_BYTES ? (size_t)(to - at) : CHUNK_BYTES, at);
	if (result == 0 && from < to && fsync(fd) < 0)
		result = -errno;
	if (result < 0 && ftruncate(fd, from) < 0)
		return result;
	return result;
}

static int open_file(const char *path, uint32_t nr_records, struct journal_cuts *cuts)
{
	const off_t wanted = (off_t)nr_records * (off_t)sizeof(struct record);
	struct stat file;
	off_t bytes;
	int result;

	cuts->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (cuts->fd < 0 || fstat(cuts->fd, &file) < 0)
		return -errno;
	bytes = file.st_size - file.st_size % (off_t)sizeof(struct record);
	result = grow(cuts->fd, bytes, wanted);
	/* What is there serves, should there be no room for more. */
	if (result < 0 && bytes == 0)
		return result;
	if (bytes < wanted && result == 0)
		bytes = wanted;
	cuts->nr_records = (uint32_t)(bytes / (off_t)sizeof(struct record));
	return 0;
}

static int open_memory(uint32_t nr_records, struct journal_cuts *cuts)
{
	cuts->fd = -1;
	cuts->memory = calloc(nr_records, sizeof(*cuts->memory));
	cuts->nr_records = nr_records;
	return cuts->memory ? 0 : -ENOMEM;
}

static void free_cuts(struct journal_cuts *cuts)
{
	if (!cuts)
		return;
	journal_disk_forget(cuts);
	if (cuts->fd >= 0)
		close(cuts->fd);
	free(cuts->memory);
	free(cuts->taken);
	free(cuts);
}

void journal_cuts_close(struct journal *journal)
{
	free_cuts(journal->cuts);
	journal->cuts = NULL;
}

int journal_cuts_open(struct journal *journal, uint32_t nr_records)
{
	const char *name = sqlite3_db_filename(journal->database, "main");
	struct journal_cuts *cuts;
	char path[PATH_MAX];
	int result;

	if (journal->cuts)
		return 0;
	if (nr_records > JOURNAL_CUTS_MAX)
		nr_records = JOURNAL_CUTS_MAX;
	cuts = calloc(1, sizeof(*cuts));
	if (!cuts)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s-cuts", name ? name : "");
	result =
		name && name[0] ? open_file(path, nr_records, cuts) : open_memory(nr_records, cuts);
	if (result == 0) {
		cuts->taken = calloc(cuts->nr_records + 1, sizeof(*cuts->taken));
		result = cuts->taken ? 0 : -ENOMEM;
	}
	if (result < 0) {
		free_cuts(cuts);
		return result;
	}
	journal->cuts = cuts;
	return 0;
}

uint32_t journal_cuts_room(const struct journal *journal)
{
	return journal->cuts ? journal->cuts->nr_records : 0;
}

uint32_t journal_cuts_take(struct journal *journal)
{
	struct journal_cuts *cuts = journal->cuts;
	uint32_t index;

	if (!cuts)
		return JOURNAL_CUTS_NONE;
	for (index = cuts->first_free; index < cuts->nr_records && cuts->taken[index];)
		index++;
	cuts->first_free = index;
	if (index == cuts->nr_records)
		return JOURNAL_CUTS_NONE;
	cuts->taken[index] = true;
	return index;
}

static int write_record(struct journal_cuts *cuts, uint32_t index, const struct record *record)
{
	if (cuts->memory) {
		cuts->memory[index] = *record;
		return 0;
	}
	if (journal_disk_hangs())
		return -ETIMEDOUT;
	return write_all(cuts->fd, record, sizeof(*record), (off_t)index * (off_t)sizeof(*record));
}

int journal_cuts_write(struct journal *journal, uint32_t index, const struct journal_cut *cut)
{
	struct record record = {
		.magic = MAGIC,
		.serial = cut->serial,
		.created_wall_ns = cut->created_wall_ns,
		.revision = cut->revision,
		.wall_ns = cut->wall_ns,
		.boot_ns = cut->boot_ns,
		.left_ns = cut->left_ns,
		.finished_wall_ns = cut->finished_wall_ns,
		.uid = (uint32_t)cut->uid,
		.pid = (uint32_t)cut->pid,
		.state = cut->state,
		.reason = cut->reason,
		.boot = boot_of(journal),
	};

	memcpy(record.what, cut->what, sizeof(record.what));
	record.sum = sum_of(&record);
	return write_record(journal->cuts, index, &record);
}

/* On the thread of the disk. */
static int sync_file(void *file, int flags)
{
	const struct journal_cuts *cuts = file;

	return fdatasync(cuts->fd) < 0 ? -errno : 0;
}

int journal_cuts_sync(struct journal *journal)
{
	if (journal->cuts->memory)
		return 0;
	return journal_disk_sync_by(sync_file, journal->cuts, 0);
}

void journal_cuts_clear(struct journal *journal, uint32_t index)
{
	static const struct record none;
	struct journal_cuts *cuts = journal->cuts;

	write_record(cuts, index, &none);
	cuts->taken[index] = false;
	if (index < cuts->first_free)
		cuts->first_free = index;
}

static bool read_record(const struct journal_cuts *cuts, uint32_t index, struct record *record)
{
	if (cuts->memory)
		*record = cuts->memory[index];
	else if (pread(cuts->fd, record, sizeof(*record), (off_t)index * (off_t)sizeof(*record)) !=
		 (ssize_t)sizeof(*record))
		return false;
	return record->magic == MAGIC && record->sum == sum_of(record) &&
	       record->state < SESSION_STATES_NR && record->reason < SESSION_REASONS_NR &&
	       memchr(record->what, '\0', sizeof(record->what));
}

bool journal_cuts_next(struct journal *journal, uint32_t *index, struct journal_cut *ret_cut)
{
	struct journal_cuts *cuts = journal->cuts;
	struct record record;

	for (; cuts && *index < cuts->nr_records; ++*index) {
		if (!read_record(cuts, *index, &record))
			continue;
		*ret_cut = (struct journal_cut){
			.serial = record.serial,
			.created_wall_ns = record.created_wall_ns,
			.revision = record.revision,
			.wall_ns = record.wall_ns,
			.boot_ns = record.boot_ns,
			.left_ns = record.left_ns,
			.finished_wall_ns = record.finished_wall_ns,
			.uid = (uid_t)record.uid,
			.pid = (pid_t)record.pid,
			.state = (enum session_state)record.state,
			.reason = (enum session_reason)record.reason,
			.same_boot = record.boot == boot_of(journal),
		};
		memcpy(ret_cut->what, record.what, sizeof(ret_cut->what));
		cuts->taken[*index] = true;
		return true;
	}
	return false;
}
