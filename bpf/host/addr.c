// SPDX-License-Identifier: BSD-3-Clause
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V4_OFFSET_BITS 96

int addr_parse(const char *text, struct sp_addr *ret_addr)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1)
		*ret_addr = sp_addr_from_v4(v4.s_addr);
	else if (inet_pton(AF_INET6, text, &v6) == 1)
		memcpy(ret_addr, &v6, sizeof(*ret_addr));
	else
		return -EINVAL;
	return 0;
}

const char *addr_format(const struct sp_addr *addr, char text[ADDR_TEXT_MAX])
{
	if (addr_family(addr) == 4)
		return inet_ntop(AF_INET, &addr->word_be[3], text, ADDR_TEXT_MAX);
	return inet_ntop(AF_INET6, addr->word_be, text, ADDR_TEXT_MAX);
}

static void mask_set(struct sp_addr *mask, unsigned int bits)
{
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int here = bits > 32 * (i + 1) ? 32 : bits > 32 * i ? bits - 32 * i : 0;

		mask->word_be[i] = here ? SP_BE32(0xffffffffu << (32 - here)) : 0;
	}
}

/* Result: the number after the slash, or -1. */
static int parse_bits(const char *text, unsigned int most)
{
	char *end;
	unsigned long bits = strtoul(text, &end, 10);

	return *text < '0' || *text > '9' || *end || bits > most ? -1 : (int)bits;
}

int prefix_parse(const char *text, struct sp_prefix *ret_prefix)
{
	char address[ADDR_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t len_bytes = slash ? (size_t)(slash - text) : strlen(text);
	struct sp_prefix prefix;
	unsigned int offset, stray = 0;
	int bits;

	if (len_bytes >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len_bytes);
	address[len_bytes] = '\0';
	if (addr_parse(address, &prefix.addr))
		return -EINVAL;
	offset = addr_family(&prefix.addr) == 4 ? V4_OFFSET_BITS : 0;
	bits = slash ? parse_bits(slash + 1, 128 - offset) : (int)(128 - offset);
	if (bits < 0)
		return -EINVAL;
	mask_set(&prefix.mask, offset + (unsigned int)bits);
	for (unsigned int i = 0; i < 4; i++) {
		stray |= prefix.addr.word_be[i] & ~prefix.mask.word_be[i];
		prefix.addr.word_be[i] &= prefix.mask.word_be[i];
	}
	*ret_prefix = prefix;
	return stray ? -EDOM : 0;
}

unsigned int prefix_bits(const struct sp_prefix *prefix)
{
	unsigned int bits = 0;

	for (unsigned int i = 0; i < 4; i++)
		bits += (unsigned int)__builtin_popcount(prefix->mask.word_be[i]);
	return addr_family(&prefix->addr) == 4 && bits >= V4_OFFSET_BITS ? bits - V4_OFFSET_BITS
									 : bits;
}

const char *prefix_format(const struct sp_prefix *prefix, char text[PREFIX_TEXT_MAX])
{
	char address[ADDR_TEXT_MAX];

	snprintf(text, PREFIX_TEXT_MAX, "%s/%u", addr_format(&prefix->addr, address),
		 prefix_bits(prefix));
	return text;
}
