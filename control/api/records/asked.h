/* SPDX-License-Identifier: BSD-3-Clause */
/* What a report of others says of a connection: which public port, which client, and when. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host/addr.h"

struct api_call;

/* A report's clock is not ours, and it may say no more than the minute. */
#define RECORDS_ASKED_SLACK_NS 60000000000ull

struct records_asked {
	bool any;			   /* of the following is asked for */
	char public_addr[ADDR_TEXT_BYTES]; /* "": whichever */
	uint16_t public_port;
	char client[ADDR_TEXT_BYTES]; /* "": whichever */
	/* Times of which one was within; all are if no time is asked for. */
	uint64_t from_wall_ns;
	uint64_t until_wall_ns;
};

/* Its query arguments, for rows of routes. The versions of clang-format differ here. */
/* clang-format off */
#define RECORDS_ASKED_PUBLIC                                                                       \
	{"public", "*", "only of this public address and port: ADDR:PORT or [ADDR]:PORT"}
#define RECORDS_ASKED_AT                                                                           \
	{"at", "*", "only what was open at this time (RFC 3339), or within a minute of it"}
#define RECORDS_ASKED_CLIENT                                                                       \
	{"client", "*", "only of this client's address"}
/* clang-format on */

/* Reads the query arguments. Result: whether to go on; otherwise the call is answered. */
bool records_asked_read(struct api_call *call, struct records_asked *ret_asked);
