/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables that say what a JSON object may hold and where each member goes in a C struct. The decoder
 * and the OpenAPI document are made from the same rows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
	JSON_KIND_STRING,  /* const char *, as long as the document; no control characters */
	JSON_KIND_INTEGER, /* unsigned, of the member's size */
	JSON_KIND_BOOLEAN, /* bool */
	JSON_KIND_PARSED,  /* a string, turned into the member by parse */
	JSON_KIND_OBJECT,  /* the struct of table, in place */
	JSON_KIND_LIST,	   /* struct json_list of item */
};

struct json_table;

/* A decoded array; the items are as long as the document. */
struct json_list {
	void *items;
	size_t nr;
	bool given; /* though it may be empty */
};

struct json_field {
	const char *name;
	enum json_kind kind;
	bool required; /* else it may be absent or null, and the member keeps preset or zero */
	size_t offset;
	size_t member_bytes;
	/* INTEGER: the value; STRING, PARSED: bytes; LIST: items. max 0 is no limit. */
	uint64_t min;
	uint64_t max;
	uint64_t preset; /* INTEGER only */
	/*
	 * PARSED: Result: 0 and *ret_member, or -EINVAL and *ret_why, static, that goes on from
	 * "must be ".
	 */
	int (*parse)(const char *text, void *ret_member, const char **ret_why);
	const struct json_table *table; /* OBJECT */
	const struct json_field *item;	/* LIST: how each item is decoded; its offset is 0 */
	const char *format;		/* JSON Schema's format or, with a '^' in front, pattern */
	const char *help;
};

struct json_table {
	const char *name; /* of the schema */
	size_t struct_bytes;
	const struct json_field *fields;
	size_t nr_fields;
};

/* The two places of a row that belong to a member. */
#define JSON_MEMBER(type, member)                                                                  \
	.offset = offsetof(type, member), .member_bytes = sizeof(((type *)0)->member)
