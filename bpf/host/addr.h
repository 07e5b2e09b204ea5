/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses and prefixes as text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <sallyport/addr.h>
#include <sallyport/table.h>

#define ADDR_TEXT_MAX	46 /* as INET6_ADDRSTRLEN */
#define PREFIX_TEXT_MAX 50

/* Parses "192.0.2.1" or "2001:db8::1". Result: 0 or -EINVAL. */
int addr_parse(const char *text, struct sp_addr *ret_addr);

/* Result: text, filled with the address in its family's usual form (RFC 5952). */
const char *addr_format(const struct sp_addr *addr, char text[ADDR_TEXT_MAX]);

/* Result: 4 or 6. */
static inline unsigned int addr_family(const struct sp_addr *addr)
{
	return addr->word_be[0] == 0 && addr->word_be[1] == 0 && addr->word_be[2] == SP_V4_MAPPED_BE
		       ? 4
		       : 6;
}

/*
 * Parses "10.0.0.0/16", or an address, which is a prefix of its full length. Result: 0, -EINVAL, or
 * -EDOM with *ret_prefix masked, if bits are set that the length leaves out.
 */
int prefix_parse(const char *text, struct sp_prefix *ret_prefix);

const char *prefix_format(const struct sp_prefix *prefix, char text[PREFIX_TEXT_MAX]);

/* Result: the length in bits, counted from the family's own address. */
unsigned int prefix_bits(const struct sp_prefix *prefix);
