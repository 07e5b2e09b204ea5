/* SPDX-License-Identifier: BSD-3-Clause */
/* One event as it came: its line, and what hooks are told of it in words. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

struct notice {
	const char *line; /* JSON, without a newline; as long as the notice is used */
	uint64_t seq;
	json_t *object;
	const char *edge; /* whose event it is; not known: "" */
};

#define HOOKS_NOTICE_ID_BYTES 1024

/* Reads a line of the stream. Result: 0, to be cleared, or -EBADMSG if it is no event. */
int hooks_notice_parse(const char *line, struct notice *ret_notice);
void hooks_notice_clear(struct notice *notice);

/* Result: a string of the event, "" if it has none of that name; as long as the notice. */
const char *hooks_notice_text(const struct notice *notice, const char *key);

/* Result: an integer of the event, or -1. */
int64_t hooks_notice_number(const struct notice *notice, const char *key);

/* Prints letters, digits and what is in kept as they are, other bytes as %XX. */
void hooks_notice_encode(FILE *out, const char *text, const char *kept);

/*
 * Prints what the event is known by, to whoever has those of many edges: the edge's name, the
 * event's number and its time, which tells it from that of an edge whose journal began anew. It
 * has no full stop. Result: ret_id.
 */
const char *hooks_notice_id(const struct notice *notice, char ret_id[HOOKS_NOTICE_ID_BYTES]);
