/* SPDX-License-Identifier: BSD-3-Clause */
/* The few bytes by which an SSH server says why it will not serve. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* OpenSSH's client prints no more than this (packet.c, SSH2_MSG_DISCONNECT: "%.400s"). */
#define EXPLAIN_TEXT_MAX 400
/* Identification line, packet header, message, and padding to a multiple of 8 (RFC 4253, 6). */
#define EXPLAIN_SSH_MAX (EXPLAIN_TEXT_MAX + 64)

/*
 * Writes an identification line (RFC 4253, 4.2) and one unencrypted SSH_MSG_DISCONNECT (11.1),
 * which a client reads before any host key is looked at. text is cut at EXPLAIN_TEXT_MAX, and
 * whatever is not printable ASCII becomes '?'. Result: the number of bytes written to ret_bytes.
 */
size_t explain_ssh_encode(const char *text, uint8_t ret_bytes[EXPLAIN_SSH_MAX]);
