/* SPDX-License-Identifier: BSD-3-Clause */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct sp_addr from_v6(const struct in6_addr *v6)
{
	struct sp_addr addr;

	memcpy(&addr, v6, sizeof(addr));
	return addr;
}

static struct in6_addr to_v6(const struct sp_addr *addr)
{
	struct in6_addr v6;

	memcpy(&v6, addr, sizeof(v6));
	return v6;
}

int addr_parse(const char *text, struct sp_addr *ret_addr)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		*ret_addr = sp_addr_from_v4(v4.s_addr);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &v6) != 1 || IN6_IS_ADDR_V4MAPPED(&v6))
		return -EINVAL;
	*ret_addr = from_v6(&v6);
	return 0;
}

const char *addr_format(const struct sp_addr *addr, char ret_text[ADDR_TEXT_BYTES])
{
	bool v4 = addr_family(addr) == 4;

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? &addr->word_be[3] : &addr->word_be[0], ret_text,
		  ADDR_TEXT_BYTES);
	return ret_text;
}

bool addr_same_host(const char *a, const char *b)
{
	size_t len_a = strlen(a), len_b = strlen(b);
	struct sp_addr addr_a, addr_b;

	if (addr_parse(a, &addr_a) == 0 && addr_parse(b, &addr_b) == 0)
		return sp_addr_equal(&addr_a, &addr_b);
	len_a -= len_a > 1 && a[len_a - 1] == '.';
	len_b -= len_b > 1 && b[len_b - 1] == '.';
	return len_a > 0 && len_a == len_b && strncasecmp(a, b, len_a) == 0;
}

unsigned int addr_family(const struct sp_addr *addr)
{
	struct in6_addr v6 = to_v6(addr);

	return IN6_IS_ADDR_V4MAPPED(&v6) ? 4 : 6;
}

bool addr_is_any(const struct sp_addr *addr)
{
	struct sp_addr any4 = sp_addr_from_v4(0), any6 = {0};

	return sp_addr_equal(addr, &any4) || sp_addr_equal(addr, &any6);
}

socklen_t addr_to_sockaddr(const struct sp_addr *addr, uint16_t port,
			   struct sockaddr_storage *ret_sockaddr)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};

	memset(ret_sockaddr, 0, sizeof(*ret_sockaddr));
	if (addr_family(addr) == 4) {
		in4.sin_addr.s_addr = addr->word_be[3];
		memcpy(ret_sockaddr, &in4, sizeof(in4));
		return sizeof(in4);
	}
	in6.sin6_addr = to_v6(addr);
	memcpy(ret_sockaddr, &in6, sizeof(in6));
	return sizeof(in6);
}

int addr_from_sockaddr(const struct sockaddr *sockaddr, struct sp_addr *ret_addr)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in4;

	switch (sockaddr->sa_family) {
	case AF_INET:
		memcpy(&in4, sockaddr, sizeof(in4));
		*ret_addr = sp_addr_from_v4(in4.sin_addr.s_addr);
		return 0;
	case AF_INET6:
		memcpy(&in6, sockaddr, sizeof(in6));
		*ret_addr = from_v6(&in6.sin6_addr);
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

/* Result: the mask of so many leading bits of 128. */
static struct sp_addr mask_of(unsigned int bits)
{
	struct sp_addr mask = {0};

	for (unsigned int word = 0; word < 4 && bits > 0; word++) {
		unsigned int here = bits < 32 ? bits : 32;

		mask.word_be[word] = htonl(UINT32_MAX << (32 - here));
		bits -= here;
	}
	return mask;
}

struct sp_prefix addr_prefix_make(const struct sp_addr *addr, unsigned int length)
{
	struct sp_prefix prefix = {.addr = *addr};

	prefix.mask = mask_of(addr_family(addr) == 4 ? 96 + length : length);
	for (unsigned int word = 0; word < 4; word++)
		prefix.addr.word_be[word] &= prefix.mask.word_be[word];
	return prefix;
}

/* Reads a whole decimal number of at most three digits, without a leading zero. */
static int parse_length(const char *text, unsigned int max, unsigned int *ret_length)
{
	unsigned int length = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 3 || text[digits] != '\0' || (digits > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		length = length * 10 + (unsigned int)(text[i] - '0');
	if (length > max)
		return -EINVAL;
	*ret_length = length;
	return 0;
}

int addr_prefix_parse(const char *text, struct sp_prefix *ret_prefix)
{
	char buffer[ADDR_PREFIX_BYTES];
	unsigned int length, max;
	struct sp_addr addr;
	char *slash;

	if (strlen(text) >= sizeof(buffer))
		return -EINVAL;
	strcpy(buffer, text);
	slash = strchr(buffer, '/');
	if (slash)
		*slash++ = '\0';
	if (addr_parse(buffer, &addr) < 0)
		return -EINVAL;
	max = addr_family(&addr) == 4 ? 32 : 128;
	length = max;
	if (slash && parse_length(slash, max, &length) < 0)
		return -EINVAL;
	*ret_prefix = addr_prefix_make(&addr, length);
	return sp_addr_equal(&ret_prefix->addr, &addr) ? 0 : -EDOM;
}

int addr_endpoint_parse(const char *text, struct sp_addr *ret_addr, uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	char address[ADDR_TEXT_BYTES], *end;
	unsigned long port;
	size_t len;

	if (!colon || colon[1] < '0' || colon[1] > '9')
		return -EINVAL;
	port = strtoul(colon + 1, &end, 10);
	if (port > UINT16_MAX || *end)
		return -EINVAL;
	len = (size_t)(colon - text);
	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	if (addr_parse(address, ret_addr) < 0)
		return -EINVAL;
	*ret_port = (uint16_t)port;
	return 0;
}

unsigned int addr_prefix_length(const struct sp_prefix *prefix)
{
	unsigned int bits = 0;

	for (unsigned int word = 0; word < 4; word++)
		bits += (unsigned int)__builtin_popcount(prefix->mask.word_be[word]);
	return addr_family(&prefix->addr) == 4 && bits >= 96 ? bits - 96 : bits;
}

const char *addr_prefix_format(const struct sp_prefix *prefix, char ret_text[ADDR_PREFIX_BYTES])
{
	char addr[ADDR_TEXT_BYTES];

	snprintf(ret_text, ADDR_PREFIX_BYTES, "%s/%u", addr_format(&prefix->addr, addr),
		 addr_prefix_length(prefix));
	return ret_text;
}

bool addr_prefix_overlaps(const struct sp_prefix *a, const struct sp_prefix *b)
{
	return sp_prefix_contains(a, &b->addr) || sp_prefix_contains(b, &a->addr);
}
