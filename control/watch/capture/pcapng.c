/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/capture/pcapng.h"

#include <string.h>

#define BLOCK_SECTION	  0x0a0d0d0a
#define BLOCK_INTERFACE	  1
#define BYTE_ORDER_MAGIC  0x1a2b3c4d
#define LINKTYPE_ETHERNET 1
#define NANOSECONDS	  9 /* of if_tsresol: times are in 10^-9 s */
#define INBOUND		  1 /* of epb_flags */

enum option {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_PROGRAM = 4,		 /* shb_userappl */
	OPTION_NAME = 2,		 /* if_name */
	OPTION_DESCRIPTION = 3,		 /* if_description */
	OPTION_RESOLUTION = 9,		 /* if_tsresol */
	OPTION_FLAGS = 2,		 /* epb_flags */
	OPTION_LOST = PCAPNG_LOST,	 /* epb_dropcount */
	OPTION_RECEIVED = 4,		 /* isb_ifrecv */
	OPTION_DROPPED = PCAPNG_DROPPED, /* isb_ifdrop */
};

struct writer {
	char *block;
	size_t bytes;
};

static void put(struct writer *writer, const void *data, size_t bytes)
{
	memcpy(writer->block + writer->bytes, data, bytes);
	writer->bytes += bytes;
}

static void put16(struct writer *writer, uint16_t value)
{
	put(writer, &value, sizeof(value));
}

static void put32(struct writer *writer, uint32_t value)
{
	put(writer, &value, sizeof(value));
}

/* Times come as two halves, the upper one first, in either byte order. */
static void put_time(struct writer *writer, uint64_t wall_ns)
{
	put32(writer, (uint32_t)(wall_ns >> 32));
	put32(writer, (uint32_t)wall_ns);
}

/* Everything is a multiple of four bytes. */
static void put_padded(struct writer *writer, const void *data, size_t bytes)
{
	static const char zeroes[3];

	put(writer, data, bytes);
	put(writer, zeroes, -bytes % 4);
}

static void put_option(struct writer *writer, enum option option, const void *data, size_t bytes)
{
	put16(writer, (uint16_t)option);
	put16(writer, (uint16_t)bytes);
	put_padded(writer, data, bytes);
}

static void put_text(struct writer *writer, enum option option, const char *text)
{
	put_option(writer, option, text, strnlen(text, PCAPNG_TEXT_MAX));
}

static struct writer begin(char *block, uint32_t type)
{
	struct writer writer = {.block = block};

	put32(&writer, type);
	put32(&writer, 0); /* the length, which end() knows */
	return writer;
}

static size_t end(struct writer *writer)
{
	uint32_t bytes;

	put32(writer, OPTION_END);
	bytes = (uint32_t)(writer->bytes + sizeof(bytes));
	put32(writer, bytes);
	memcpy(writer->block + sizeof(uint32_t), &bytes, sizeof(bytes));
	return bytes;
}

size_t capture_pcapng_section(char block[PCAPNG_BLOCK_MAX], const char *program,
			      const char *comment)
{
	static const int64_t unknown_bytes = -1;
	struct writer writer = begin(block, BLOCK_SECTION);

	put32(&writer, BYTE_ORDER_MAGIC);
	put16(&writer, 1); /* version 1.0 */
	put16(&writer, 0);
	put(&writer, &unknown_bytes, sizeof(unknown_bytes));
	put_text(&writer, OPTION_PROGRAM, program);
	put_text(&writer, OPTION_COMMENT, comment);
	return end(&writer);
}

size_t capture_pcapng_interface(char block[PCAPNG_BLOCK_MAX], const char *name,
				const char *description, uint32_t kept_bytes_max)
{
	static const uint8_t resolution = NANOSECONDS;
	struct writer writer = begin(block, BLOCK_INTERFACE);

	put16(&writer, LINKTYPE_ETHERNET);
	put16(&writer, 0);
	put32(&writer, kept_bytes_max);
	put_text(&writer, OPTION_NAME, name);
	put_text(&writer, OPTION_DESCRIPTION, description);
	put_option(&writer, OPTION_RESOLUTION, &resolution, sizeof(resolution));
	return end(&writer);
}

size_t capture_pcapng_packet(char block[PCAPNG_BLOCK_MAX], const struct pcapng_packet *packet)
{
	static const uint32_t inbound = INBOUND;
	struct writer writer = begin(block, PCAPNG_PACKET);

	put32(&writer, packet->interface);
	put_time(&writer, packet->wall_ns);
	put32(&writer, packet->kept_bytes);
	put32(&writer, packet->frame_bytes);
	put_padded(&writer, packet->data, packet->kept_bytes);
	put_option(&writer, OPTION_FLAGS, &inbound, sizeof(inbound));
	if (packet->lost)
		put_option(&writer, OPTION_LOST, &packet->lost, sizeof(packet->lost));
	put_text(&writer, OPTION_COMMENT, packet->fate);
	if (packet->loss)
		put_text(&writer, OPTION_COMMENT, packet->loss);
	return end(&writer);
}

size_t capture_pcapng_statistics(char block[PCAPNG_BLOCK_MAX],
				 const struct pcapng_statistics *statistics)
{
	struct writer writer = begin(block, PCAPNG_STATISTICS);

	put32(&writer, statistics->interface);
	put_time(&writer, statistics->wall_ns);
	put_option(&writer, OPTION_RECEIVED, &statistics->received, sizeof(statistics->received));
	put_option(&writer, OPTION_DROPPED, &statistics->lost, sizeof(statistics->lost));
	return end(&writer);
}
