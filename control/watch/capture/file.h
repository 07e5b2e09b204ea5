/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A capture as a pcapng file that grows at one end while it is sent from the other. What its reader
 * does not take in time is lost and counted: nobody ever waits. The next packet that is in the file
 * says how many are missing before it, since what else may say so is lost in most readers' hands
 * (ADR 10); should there be none, that packet is the last of those that were missing. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/capture/tally.h"

#define CAPTURE_FILE_BYTES ((size_t)1 << 20) /* of those that nobody has read yet, at most */

struct capture_file;
struct capture_losses;
struct capture_packet;

struct capture_file_head {
	const char *program;
	const char *comment;
	const char *interfaces[CAPTURE_SIDES];
};

/* Result: 0 and *ret_file, to be closed, with its head written; or -ENOMEM. */
int capture_file_open(const struct capture_file_head *head, struct capture_file **ret_file);

/* NULL is allowed. */
void capture_file_close(struct capture_file *file);

/* Result: whether it is in the file; or counted as lost. */
bool capture_file_packet(struct capture_file *file, const struct capture_packet *packet);

/* The last of it, statistics once. Always finds room. */
void capture_file_end(struct capture_file *file, const struct capture_losses *losses,
		      uint64_t wall_ns);

/* Moves what has not been read yet to buffer. Result: how many bytes; 0: nothing at present. */
size_t capture_file_read(struct capture_file *file, char *buffer, size_t size_bytes);

/* Result: whether it has ended and all of it has been read. */
bool capture_file_is_over(const struct capture_file *file);
