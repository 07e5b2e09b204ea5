/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses of a prefix, each for one session and never for another (docs/adr/0030). The last 16
 * bits and a port make the number of a slot; those before them are the number of the address,
 * enciphered: a permutation, so that no two numbers give the same, and nobody can tell from one
 * which the others are. Numbers are counted up and never again used; the journal keeps how far, and
 * the key.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

struct journal;
struct model_public;

/* The journal's names for what it keeps: numbers below that one may have been given. */
#define ADDRESSES_GIVEN	   "addresses_given"
#define ADDRESSES_KEY_LOW  "addresses_key_low"
#define ADDRESSES_KEY_HIGH "addresses_key_high"

/* So many more are kept as given, so that not each change has to write it. */
#define ADDRESSES_AHEAD 1024u

struct addresses {
	void *cipher; /* NULL: there is no prefix */
	uint64_t key[2];
	uint64_t next; /* to be given */
	uint64_t kept; /* in the journal: it may be said of those below */
};

/*
 * Takes up what the journal has, or draws a key for the first time; the first save keeps it.
 * Result: 0 or -errno. state_addresses_close() in any case.
 */
int state_addresses_open(struct addresses *addresses, struct journal *journal);
void state_addresses_close(struct addresses *addresses);

/*
 * Gives an address of a prefix whose slot of that port has that number. It is given for good, also
 * if nothing comes of it. Result: 0, or -ENOSPC once all numbers of that prefix were given.
 */
int state_addresses_give(struct addresses *addresses, const struct model_public *public,
			 uint16_t slot_number, uint16_t port, struct sp_addr *ret_addr);

/*
 * Within a transaction of the journal: keeps what may have been given by it. *ret_kept is what
 * addresses->kept is to be once that is committed. Result: 0 or -errno.
 */
int state_addresses_save(const struct addresses *addresses, struct journal *journal,
			 uint64_t *ret_kept);

/* Result: a number of so many bits (2 to 64) for each such number, by the key; an error is -errno.
 */
int state_addresses_encipher(const struct addresses *addresses, unsigned int bits, uint64_t number,
			     uint64_t *ret_number);
