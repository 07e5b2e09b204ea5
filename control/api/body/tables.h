/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tables of request bodies fill; a part of body.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "api/body/parse.h"
#include "json/table.h"

struct forward_body {
	const char *name;
	uint16_t port;
	uint8_t protocol_mask;
	const char *pool;
	uint16_t public_port; /* 0: not given */
};

struct node_body {
	uint32_t index;
	struct api_address address;
	uint16_t port;
	const char *pool;
	uint16_t public_port; /* 0: not given */
	struct api_address public_address;
	struct json_list host_keys; /* const char * */
	struct json_list forwards;  /* struct forward_body */
};

struct build_body {
	const char *id; /* of a sync only */
	const char *title;
	const char *user;
	const char *organisation;
	struct json_list actors;	   /* const char * */
	struct json_list key_fingerprints; /* const char * */
	uint64_t keys_as_of_wall_ns;	   /* 0: not given */
	struct json_list nodes;		   /* struct node_body */
	struct json_list allow;		   /* struct sp_prefix */
	bool supersede;
	uint64_t linger_s; /* BUILD_DEFAULT: not given, for these three */
	uint64_t max_lifetime_s;
	uint64_t connect_within_s;
	uint64_t finished_wall_ns; /* of a sync only; 0: not given */
};

#define SYNC_BUILDS_MAX (1U << 20)

/* One build of a sync. */
extern const struct json_table body_tables_sync_build;

struct finish_body {
	uint64_t finished_wall_ns; /* 0: not given */
};

struct extend_body {
	uint64_t by_s; /* 0: not given */
	uint64_t until_wall_ns;
};

struct dead_letter_body {
	uint64_t seq;
	const char *hook;
	const char *reason; /* NULL: not given */
	uint64_t tries;
};

struct drain_body {
	uint64_t wait_s; /* BUILD_DEFAULT: not given */
};

struct store_body {
	bool current;
	uint64_t for_s;
	const char *reason; /* NULL: not given */
};

struct sync_body {
	struct json_list builds; /* struct build_body */
	bool dry_run;
	bool allow_empty;
	uint64_t generation;
	bool partial;
	struct json_list cancel; /* const char * */
};
