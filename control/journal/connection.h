/* SPDX-License-Identifier: BSD-3-Clause */
/* The record of every TCP connection through a lease: who, from where, when, how much, why closed.
 */
#pragma once

#include <stdint.h>

#include "model/build.h"

struct connection;
struct journal;

/* What a connection goes through. */
struct journal_place {
	uint64_t serial;
	uint32_t node_index;
	char build_id[BUILD_ID_MAX + 1];
	char forward[FORWARD_NAME_MAX + 1];
};

/* Result: 0 and the highest number ever used, 0 if none; or -errno. */
int journal_connection_last(struct journal *journal, uint64_t *ret_number);

/* Adds the record by its number, which nothing else has. Those below: 0 or -errno. */
int journal_connection_open(struct journal *journal, const struct journal_place *place,
			    const struct connection *connection, uint64_t opened_wall_ns);

/* The first FIN: who closes, and what went that way. */
int journal_connection_closing(struct journal *journal, const struct connection *connection);

/* Bytes are recorded where they are known: of connections that were accepted. */
int journal_connection_close(struct journal *journal, const struct connection *connection,
			     uint64_t closed_wall_ns);

/* Given the client of each connection of a build that was accepted, the latest one last. */
typedef void journal_client_visitor(const struct sp_addr *client, void *context);

/* Looks at the latest records of the build only, JOURNAL_CLIENTS_OF of them. Result: 0 or -errno.
 */
#define JOURNAL_CLIENTS_OF 1000
int journal_connection_clients(struct journal *journal, const struct build *build,
			       journal_client_visitor *visit, void *context);

/* Given each connection not closed yet, in the order they came. */
typedef int journal_connection_visitor(const struct connection *connection, void *context);

/* Result: 0, the visitor's first other result, or -errno. */
int journal_connection_load(struct journal *journal, journal_connection_visitor *visit,
			    void *context);
