/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks of a capture file: pcapng, draft-ietf-opsawg-pcapng, of Ethernet frames with times in
 * nanoseconds, in this host's byte order. A file is a section, its interfaces, packets, and at the
 * end, once, the statistics of each interface. Every function fills in one block and returns its
 * bytes.
 *
 * Only options that Wireshark's editors keep say anything about a packet: they make another option
 * of epb_verdict, which no reader takes, and leave out statistics (ADR 10).
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
	uint64_t lost;	  /* packets before this one that are not in the file */
	const char *fate; /* a comment: what became of it */
	const char *loss; /* another: of those lost, NULL if there are none */
};

size_t capture_pcapng_packet(char block[PCAPNG_BLOCK_MAX], const struct pcapng_packet *packet);

struct pcapng_statistics {
	uint32_t interface;
	uint64_t wall_ns;
	uint64_t received; /* packets, those lost among them */
	uint64_t lost;
};

size_t capture_pcapng_statistics(char block[PCAPNG_BLOCK_MAX],
				 const struct pcapng_statistics *statistics);

/* What a block begins with; its length counts this, too. */
struct pcapng_head {
	uint32_t type;
	uint32_t bytes;
};

#define PCAPNG_PACKET	  6 /* the type of a packet's block */
#define PCAPNG_STATISTICS 5 /* of the statistics of an interface */

#define PCAPNG_LOST    4 /* the option of a packet that says how many were lost before it */
#define PCAPNG_DROPPED 5 /* that of statistics that says how many were lost in all */
