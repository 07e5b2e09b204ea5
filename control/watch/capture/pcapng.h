/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks of a capture file: pcapng, draft-ietf-opsawg-pcapng, of Ethernet frames with times in
 * nanoseconds, in this host's byte order. A file is a section, its interfaces, packets, and at the
 * end the statistics of each interface. Every function fills in one block and returns its bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAPNG_BLOCK_MAX 1024 /* bytes */

/* Texts are cut to PCAPNG_TEXT_MAX. */
#define PCAPNG_TEXT_MAX 255

size_t capture_pcapng_section(char block[PCAPNG_BLOCK_MAX], const char *program,
			      const char *comment);

/* Numbered from 0 in the order in which they are written. */
size_t capture_pcapng_interface(char block[PCAPNG_BLOCK_MAX], const char *name,
				const char *description, uint32_t kept_bytes_max);

struct pcapng_packet {
	uint32_t interface;
	uint64_t wall_ns;
	uint32_t frame_bytes;
	uint32_t kept_bytes; /* at most 256 */
	const void *data;
	const char *comment;
};

size_t capture_pcapng_packet(char block[PCAPNG_BLOCK_MAX], const struct pcapng_packet *packet);

struct pcapng_statistics {
	uint32_t interface;
	uint64_t wall_ns;
	uint64_t received;
	uint64_t dropped;
};

size_t capture_pcapng_statistics(char block[PCAPNG_BLOCK_MAX],
				 const struct pcapng_statistics *statistics);

/* What a block begins with; its length counts this, too. */
struct pcapng_head {
	uint32_t type;
	uint32_t bytes;
};

#define PCAPNG_PACKET 6 /* the type of a packet's block */
