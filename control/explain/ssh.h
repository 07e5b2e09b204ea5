/* SPDX-License-Identifier: BSD-3-Clause */
/* The few bytes by which an SSH server says why it will not serve. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

/* OpenSSH's client prints no more than this (packet.c, SSH2_MSG_DISCONNECT: "%.400s"). */
#define EXPLAIN_TEXT_MAX 400
/* A packet: header, message, and padding to a multiple of 8 (RFC 4253, 6). */
#define EXPLAIN_SSH_MAX	 (EXPLAIN_TEXT_MAX + 64)
#define EXPLAIN_LINE_MAX 255 /* of an identification, with its end (RFC 4253, 4.2) */

/* How far a client has spoken: its identification line, its first packet (SSH_MSG_KEXINIT). */
enum explain_heard {
	EXPLAIN_HEARD_NOTHING,
	EXPLAIN_HEARD_LINE,
	EXPLAIN_HEARD_PACKET,
};

/* A client's first words, as they come. Begins zeroed. */
struct explain_words {
	uint8_t head[EXPLAIN_LINE_MAX + sizeof(uint32_t)]; /* the line, and the packet's length */
	uint64_t len_bytes;				   /* of all that came */
};

/* Takes what came. Result: how far the client has spoken; what is no SSH is never more than
 * nothing. */
enum explain_heard explain_ssh_hear(struct explain_words *words, const uint8_t *bytes,
				    size_t len_bytes);

/* Whether the client that said these words is dropbear's. */
bool explain_ssh_is_dropbear(const struct explain_words *words);

/* Writes our identification line (RFC 4253, 4.2). Result: the number of bytes in ret_bytes. */
size_t explain_ssh_identify(uint8_t ret_bytes[EXPLAIN_SSH_MAX]);

/*
 * Writes one unencrypted SSH_MSG_DISCONNECT (RFC 4253, 11.1), which a client reads before any host
 * key is looked at. text is cut at EXPLAIN_TEXT_MAX, and whatever is not printable ASCII becomes
 * '?'. Result: the number of bytes written to ret_bytes.
 */
size_t explain_ssh_disconnect(const char *text, uint8_t ret_bytes[EXPLAIN_SSH_MAX]);

/*
 * Writes an identification of a version that no client of today speaks, with the text where the
 * software's name stands. It is for dropbear, which prints it and fails; of a disconnect it prints
 * nothing and exits with 0. Result: the number of bytes written to ret_bytes.
 */
size_t explain_ssh_outdated(const char *text, uint8_t ret_bytes[EXPLAIN_SSH_MAX]);
