/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What keys of the store are called:
 *
 *	PREFIX/builds/ID                        a record
 *	PREFIX/epoch                            made with the store: another one is another store
 *	PREFIX/sync                             which set was the last that was begun
 *	PREFIX/edges/NAME                       what an edge says of itself while it is alive
 *	PREFIX/strays/NAME                      ends of others' connections that it saw last
 *
 *	PREFIX/taken/ports/ADDRESS/PORT         the id of the build that has this public port
 *	PREFIX/taken/endpoints/ADDRESS/PORT/PROTOCOL
 *	                                        the id of the build that has this port of a VM
 *
 * The last two say nothing that the records do not: they are there to be compared with, and are
 * behind all others, so that nobody need follow them.
 */
#pragma once

#include <stdint.h>

#define STORE_KEY_BYTES 512

struct sp_addr;

enum store_kind {
	STORE_BUILDS,
	STORE_PORTS,
	STORE_ENDPOINTS,
	STORE_EDGES,
	STORE_STRAYS,
	STORE_KINDS_NR,
};

void store_keys_build(const char *prefix, const char *id, char ret_key[STORE_KEY_BYTES]);
void store_keys_port(const char *prefix, const struct sp_addr *addr, uint16_t port,
		     char ret_key[STORE_KEY_BYTES]);
void store_keys_endpoint(const char *prefix, const struct sp_addr *addr, uint16_t port,
			 const char *protocol, char ret_key[STORE_KEY_BYTES]);
void store_keys_epoch(const char *prefix, char ret_key[STORE_KEY_BYTES]);
void store_keys_sync(const char *prefix, char ret_key[STORE_KEY_BYTES]);
void store_keys_strays(const char *prefix, const char *edge, char ret_key[STORE_KEY_BYTES]);
void store_keys_edge(const char *prefix, const char *name, char ret_key[STORE_KEY_BYTES]);

/* The first of those that nobody follows, or what is ahead of it. */
void store_keys_taken(const char *prefix, char ret_key[STORE_KEY_BYTES]);

/* Result: what stands behind PREFIX/KIND/ in a key, and its kind; NULL: it is none of ours. */
const char *store_keys_parse(const char *prefix, const char *key, enum store_kind *ret_kind);
