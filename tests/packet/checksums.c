// SPDX-License-Identifier: BSD-3-Clause
#include "checksums.h"

#include <stddef.h>

#define ETH_BYTES 14u

/* Where the checksums of a frame lie, and what they are over. */
struct layout {
	const uint8_t *ip;
	uint32_t ip_header_bytes; /* 0 for IPv6, which has no checksum of its own */
	uint32_t addresses_offset, addresses_bytes;
	uint32_t l4_offset, l4_bytes;
	uint32_t field_offset; /* of the checksum, in the upper protocol */
	uint8_t protocol;
};

static uint32_t word(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

static uint32_t sum(uint32_t start, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i + 1 < len; i += 2)
		start += word(bytes + i);
	if (len % 2)
		start += (uint32_t)bytes[len - 1] << 8;
	while (start > 0xffff)
		start = start % 0x10000 + start / 0x10000;
	return start;
}

static int find_ipv4(struct layout *layout, uint32_t room)
{
	const uint8_t *ip = layout->ip;
	uint32_t total;

	if (room < 20 || ip[0] != 0x45 || (word(ip + 6) & 0x3fff))
		return -1;
	total = word(ip + 2);
	if (total < 20 || total > room)
		return -1;
	layout->ip_header_bytes = 20;
	layout->addresses_offset = 12;
	layout->addresses_bytes = 8;
	layout->l4_offset = 20;
	layout->l4_bytes = total - 20;
	layout->protocol = ip[9];
	return 0;
}

static int find_ipv6(struct layout *layout, uint32_t room)
{
	const uint8_t *ip = layout->ip;

	if (room < 40 || ip[0] >> 4 != 6 || 40 + word(ip + 4) > room)
		return -1;
	layout->ip_header_bytes = 0;
	layout->addresses_offset = 8;
	layout->addresses_bytes = 32;
	layout->l4_offset = 40;
	layout->l4_bytes = word(ip + 4);
	layout->protocol = ip[6];
	return 0;
}

static int find(const uint8_t *frame, uint32_t len, struct layout *layout)
{
	uint32_t type, shortest;

	if (len < ETH_BYTES)
		return -1;
	type = word(frame + 12);
	layout->ip = frame + ETH_BYTES;
	if (type == 0x0800 ? find_ipv4(layout, len - ETH_BYTES)
			   : type != 0x86dd || find_ipv6(layout, len - ETH_BYTES))
		return -1;
	switch (layout->protocol) {
	case 6:
		layout->field_offset = 16;
		shortest = 20;
		break;
	case 17:
		layout->field_offset = 6;
		shortest = 8;
		break;
	case 1:
	case 58:
		if ((layout->protocol == 1) != (type == 0x0800))
			return -1;
		layout->field_offset = 2;
		shortest = 8;
		break;
	default:
		return -1;
	}
	return layout->l4_bytes < shortest ? -1 : 0;
}

static uint32_t sum_l4(const struct layout *layout)
{
	uint32_t start = 0;

	if (layout->protocol != 1) {
		start = sum(layout->protocol + layout->l4_bytes,
			    layout->ip + layout->addresses_offset, layout->addresses_bytes);
	}
	return sum(start, layout->ip + layout->l4_offset, layout->l4_bytes);
}

enum checksums checksums_check(const uint8_t *frame, uint32_t len_bytes)
{
	struct layout layout;
	const uint8_t *field;

	if (find(frame, len_bytes, &layout))
		return CHECKSUMS_NONE;
	if (layout.ip_header_bytes && sum(0, layout.ip, layout.ip_header_bytes) != 0xffff)
		return CHECKSUMS_WRONG;
	field = layout.ip + layout.l4_offset + layout.field_offset;
	if (layout.protocol == 17 && word(field) == 0)
		return CHECKSUMS_RIGHT;
	return sum_l4(&layout) == 0xffff ? CHECKSUMS_RIGHT : CHECKSUMS_WRONG;
}

static void put(uint8_t *bytes, uint32_t value)
{
	bytes[0] = value >> 8;
	bytes[1] = value & 0xff;
}

/* Where the checksum of TCP or UDP lies, NULL if there is none, and what a NIC would be left. */
static uint8_t *partial_of(uint8_t *frame, uint32_t len_bytes, uint32_t *ret_value)
{
	struct layout layout;

	if (find(frame, len_bytes, &layout) || (layout.protocol != 6 && layout.protocol != 17))
		return NULL;
	*ret_value = sum(layout.protocol + layout.l4_bytes, layout.ip + layout.addresses_offset,
			 layout.addresses_bytes);
	return frame + ETH_BYTES + layout.l4_offset + layout.field_offset;
}

void checksums_leave(uint8_t *frame, uint32_t len_bytes)
{
	uint32_t value;
	uint8_t *field = partial_of(frame, len_bytes, &value);

	if (field)
		put(field, value);
}

int checksums_are_left(const uint8_t *frame, uint32_t len_bytes)
{
	uint32_t value;
	const uint8_t *field = partial_of((uint8_t *)frame, len_bytes, &value);

	return field && word(field) == value;
}

void checksums_set(uint8_t *frame, uint32_t len_bytes)
{
	struct layout layout;
	uint8_t *ip = frame + ETH_BYTES, *field;
	uint32_t value;

	if (find(frame, len_bytes, &layout))
		return;
	if (layout.ip_header_bytes) {
		put(ip + 10, 0);
		put(ip + 10, 0xffff - sum(0, ip, layout.ip_header_bytes));
	}
	field = ip + layout.l4_offset + layout.field_offset;
	put(field, 0);
	value = 0xffff - sum_l4(&layout);
	put(field, layout.protocol == 17 && value == 0 ? 0xffff : value);
}
