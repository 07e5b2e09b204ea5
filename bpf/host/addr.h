/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses and prefixes of the table, from and to text. IPv4 is ::ffff:a.b.c.d inside. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <sallyport/addr.h>
#include <sallyport/table.h>

#define ADDR_TEXT_BYTES	  46 /* of an address and its NUL */
#define ADDR_PREFIX_BYTES 50 /* of a prefix and its NUL */

/*
 * Reads "192.0.2.1" or "2001:db8::1"; nothing before or after it, no zone, and no IPv4 written as
 * IPv6. Result: 0, or -EINVAL with *ret_addr untouched.
 */
int addr_parse(const char *text, struct sp_addr *ret_addr);

/*
 * Reads "192.0.2.1:22" or "[2001:db8::1]:22", also without the brackets. Result: 0, or -EINVAL with
 * both untouched.
 */
int addr_endpoint_parse(const char *text, struct sp_addr *ret_addr, uint16_t *ret_port);

/* Writes an address as addr_parse() reads it. Result: ret_text. */
const char *addr_format(const struct sp_addr *addr, char ret_text[ADDR_TEXT_BYTES]);

/*
 * Result: whether two texts name the same host for people who dial it: addresses by value, names
 * whatever their case and with or without a dot at the end; "" is none. No resolver is asked.
 */
bool addr_same_host(const char *a, const char *b);

/* Result: 4 or 6. */
unsigned int addr_family(const struct sp_addr *addr);

/* Result: whether it is 0.0.0.0 or ::. */
bool addr_is_any(const struct sp_addr *addr);

/*
 * Fills a socket address, scope 0. Result: its length, or from addr_from_sockaddr(): 0, or
 * -EAFNOSUPPORT with *ret_addr untouched.
 */
socklen_t addr_to_sockaddr(const struct sp_addr *addr, uint16_t port,
			   struct sockaddr_storage *ret_sockaddr);
int addr_from_sockaddr(const struct sockaddr *sockaddr, struct sp_addr *ret_addr);

/*
 * Reads "10.0.0.0/16", or an address alone as a prefix of its whole length. Result: 0; -EINVAL: no
 * prefix; -EDOM: bits are set beyond the length. *ret_prefix is untouched unless 0, but for -EDOM
 * it is the prefix with those bits cleared.
 */
int addr_prefix_parse(const char *text, struct sp_prefix *ret_prefix);

/* Writes a prefix with its length, which is in bits of its family. Result: ret_text. */
const char *addr_prefix_format(const struct sp_prefix *prefix, char ret_text[ADDR_PREFIX_BYTES]);

/* Makes the prefix of an address with so many bits of its family, the rest cleared. */
struct sp_prefix addr_prefix_make(const struct sp_addr *addr, unsigned int length);

/* Result: the length in bits of the prefix's family. */
unsigned int addr_prefix_length(const struct sp_prefix *prefix);

/* Result: whether the two have an address in common. */
bool addr_prefix_overlaps(const struct sp_prefix *a, const struct sp_prefix *b);
