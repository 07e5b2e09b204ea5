/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch/capture/tally.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "watch/capture/pcapng.h"

#define TRAILER_BYTES	 4  /* the length, again */
#define STATISTICS_BYTES 12 /* ahead of its options: the interface, and a time */
#define PACKET_BYTES	 20 /* the same, and the lengths kept and original */
#define KEPT_AT		 12 /* of those */

/* What is left to read of a block. */
struct reader {
	const char *at;
	size_t bytes;
};

static bool skip(struct reader *reader, size_t bytes)
{
	if (bytes > reader->bytes)
		return false;
	reader->at += bytes;
	reader->bytes -= bytes;
	return true;
}

static bool get(struct reader *reader, void *ret_value, size_t bytes)
{
	const char *at = reader->at;

	if (!skip(reader, bytes))
		return false;
	memcpy(ret_value, at, bytes);
	return true;
}

static size_t padded(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

/* Result: whether the options are well made. *value is that of the one of eight bytes, if there. */
static bool find_number(struct reader reader, uint16_t wanted, uint64_t *value)
{
	struct {
		uint16_t code, bytes;
	} option;

	while (reader.bytes > 0) {
		if (!get(&reader, &option, sizeof(option)))
			return false;
		if (option.code == 0)
			return option.bytes == 0 && reader.bytes == 0;
		if (option.code == wanted && option.bytes == sizeof(*value) &&
		    reader.bytes >= sizeof(*value))
			memcpy(value, reader.at, sizeof(*value));
		if (!skip(&reader, padded(option.bytes)))
			return false;
	}
	return true;
}

static bool add_packet(struct capture_tally *tally, uint32_t interface, struct reader reader)
{
	uint32_t kept_bytes;
	uint64_t lost = 0;

	if (reader.bytes < PACKET_BYTES)
		return false;
	memcpy(&kept_bytes, reader.at + KEPT_AT, sizeof(kept_bytes));
	if (!skip(&reader, PACKET_BYTES + padded(kept_bytes)) ||
	    !find_number(reader, PCAPNG_LOST, &lost))
		return false;
	tally->packets[interface]++;
	tally->lost[interface] += lost;
	return true;
}

static bool set_statistics(struct capture_tally *tally, uint32_t interface, struct reader reader)
{
	uint64_t lost = tally->lost[interface];

	if (!skip(&reader, STATISTICS_BYTES) || !find_number(reader, PCAPNG_DROPPED, &lost))
		return false;
	tally->lost[interface] = lost;
	tally->ended[interface] = true;
	return true;
}

int capture_tally_add(struct capture_tally *tally, const char *block, size_t bytes)
{
	struct reader reader = {.at = block, .bytes = bytes};
	struct pcapng_head head;
	uint32_t interface;
	bool good;

	if (!get(&reader, &head, sizeof(head)) || head.bytes != bytes ||
	    reader.bytes < sizeof(interface) + TRAILER_BYTES)
		return -EBADMSG;
	if (head.type != PCAPNG_PACKET && head.type != PCAPNG_STATISTICS)
		return 0;
	reader.bytes -= TRAILER_BYTES;
	memcpy(&interface, reader.at, sizeof(interface));
	if (interface >= CAPTURE_SIDES)
		return -EBADMSG;
	good = head.type == PCAPNG_PACKET ? add_packet(tally, interface, reader)
					  : set_statistics(tally, interface, reader);
	return good ? 0 : -EBADMSG;
}

size_t capture_tally_statistics(const struct capture_tally *tally, unsigned int interface,
				uint64_t wall_ns, char block[PCAPNG_BLOCK_MAX])
{
	const struct pcapng_statistics statistics = {
		.interface = interface,
		.wall_ns = wall_ns,
		.received = tally->packets[interface] + tally->lost[interface],
		.lost = tally->lost[interface],
	};

	return capture_pcapng_statistics(block, &statistics);
}
