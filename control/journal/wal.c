/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/wal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/sql.h"

#define MAGIC	       0x377f0682u /* the lowest bit set: checksums over big-endian words */
#define HEADER_BYTES   32
#define FRAME_BYTES    24 /* before each page */
#define PAGE_BYTES_MAX 65536u

/* In time for what one transaction may add to it. */
#define ROOM_BYTES (JOURNAL_WAL_BYTES / 2)

struct wal {
	const uint8_t *bytes;
	size_t size;
	uint32_t page_bytes;
	bool big_endian;
	uint32_t sum[2]; /* running over all frames */
};

static uint32_t read_be(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t read_word(const uint8_t *at, bool big_endian)
{
	uint32_t word = read_be(at);

	return big_endian ? word : __builtin_bswap32(word);
}

static void add_sum(struct wal *wal, const uint8_t *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += 8) {
		wal->sum[0] += read_word(at + i, wal->big_endian) + wal->sum[1];
		wal->sum[1] += read_word(at + i + 4, wal->big_endian) + wal->sum[0];
	}
}

static bool read_header(struct wal *wal)
{
	const uint8_t *header = wal->bytes;

	if (wal->size < HEADER_BYTES || (read_be(header) & ~1u) != MAGIC)
		return false;
	wal->big_endian = read_be(header) & 1;
	wal->page_bytes = read_be(header + 8);
	if (wal->page_bytes < 512 || wal->page_bytes > PAGE_BYTES_MAX ||
	    (wal->page_bytes & (wal->page_bytes - 1)))
		return false;
	add_sum(wal, header, 24);
	return wal->sum[0] == read_be(header + 24) && wal->sum[1] == read_be(header + 28);
}

static bool frame_is_ours(const struct wal *wal, const uint8_t *frame)
{
	return memcmp(frame + 8, wal->bytes + 16, 8) == 0; /* the salts of this log */
}

/* Result: whether the frame continues the log. */
static bool read_frame(struct wal *wal, const uint8_t *frame)
{
	if (!frame_is_ours(wal, frame))
		return false;
	add_sum(wal, frame, 8);
	add_sum(wal, frame + FRAME_BYTES, wal->page_bytes);
	return wal->sum[0] == read_be(frame + 16) && wal->sum[1] == read_be(frame + 20);
}

/* Result: whether the frame continues one whose checksum is so. */
static bool continues(const struct wal *wal, const uint32_t sum[2], const uint8_t *frame)
{
	struct wal at = *wal;

	memcpy(at.sum, sum, sizeof(at.sum));
	return read_frame(&at, frame);
}

/*
 * From an unreadable frame on, over which the sum has run already: does another transaction
 * continue one that ends here or later? Frames that continue nothing were left behind by a commit
 * that failed and was written over since.
 */
static bool damaged_from(const struct wal *wal, size_t offset)
{
	size_t step = FRAME_BYTES + wal->page_bytes;
	const uint8_t *first = wal->bytes + offset, *last = first;
	bool commit_seen = read_be(first + 4) != 0;

	for (offset += step; offset + step <= wal->size; offset += step) {
		const uint32_t kept[2] = {read_be(last + 16), read_be(last + 20)};
		const uint8_t *frame = wal->bytes + offset;

		if (!continues(wal, kept, frame) &&
		    !(last == first && continues(wal, wal->sum, frame)))
			commit_seen = false;
		else if (commit_seen)
			return true;
		if (read_be(frame + 4) != 0)
			commit_seen = true;
		last = frame;
	}
	return false;
}

static int check_bytes(const uint8_t *bytes, size_t size)
{
	struct wal wal = {.bytes = bytes, .size = size};
	size_t offset = HEADER_BYTES;

	if (size == 0)
		return 0;
	/* The header is synced before the first commit is acknowledged. */
	if (!read_header(&wal))
		return size > HEADER_BYTES ? -EBADMSG : 0;
	for (; offset + FRAME_BYTES + wal.page_bytes <= size;
	     offset += FRAME_BYTES + wal.page_bytes)
		if (!read_frame(&wal, bytes + offset))
			return damaged_from(&wal, offset) ? -EBADMSG : 0;
	return 0;
}

static int read_all(int fd, uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(fd, bytes + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		done += (size_t)got;
	}
	return 0;
}

int journal_wal_check(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result;
	struct stat file;
	uint8_t *bytes;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &file) < 0) {
		result = -errno;
		goto out_close;
	}
	bytes = malloc((size_t)file.st_size + 1);
	if (!bytes) {
		result = -ENOMEM;
		goto out_close;
	}
	result = read_all(fd, bytes, (size_t)file.st_size);
	if (result == 0)
		result = check_bytes(bytes, (size_t)file.st_size);
	free(bytes);
out_close:
	close(fd);
	return result;
}

static uint64_t log_bytes(const struct journal *audit)
{
	char name[PATH_MAX + 8];
	struct stat file;

	snprintf(name, sizeof(name), "%s-wal", audit->path);
	return stat(name, &file) < 0 ? 0 : (uint64_t)file.st_size;
}

int journal_wal_make_room(struct journal *audit)
{
	int code;

	if (audit->in_memory || log_bytes(audit) < ROOM_BYTES)
		return 0;
	sqlite3_busy_timeout(audit->database, 0);
	code = sqlite3_wal_checkpoint_v2(audit->database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
					 NULL);
	sqlite3_busy_timeout(audit->database, JOURNAL_BUSY_MS);
	return (code & 0xff) == SQLITE_BUSY ? -ENOSPC : journal_sql_errno(code);
}
