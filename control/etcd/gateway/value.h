/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values as etcd's JSON gateway writes them: 64-bit integers are strings, bytes are base64, and
 * what is zero, false or empty is left out. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* A run of bytes, which may hold any; whose they are is said where they stand. */
struct etcd_bytes {
	const void *data;
	size_t bytes;
};

/* The bytes of a text, without its end. */
struct etcd_bytes gateway_value_text(const char *text);

/* Reads a member of an object, 0 if it is left out. Result: 0, or -EBADMSG if it is no such number.
 */
int gateway_value_read_uint(const json_t *object, const char *name, uint64_t *ret_number);

/* The same, of a number with a sign. */
int gateway_value_read_int(const json_t *object, const char *name, int64_t *ret_number);

/*
 * Decodes a member of an object, none if it is left out, into memory to be freed, with a NUL behind
 * it that is not counted. Result: 0, -EBADMSG if it is no base64, or -ENOMEM.
 */
int gateway_value_read_bytes(const json_t *object, const char *name, char **ret_data,
			     size_t *ret_bytes);

/* Result: as the gateway wants them; NULL without memory. */
json_t *gateway_value_write_bytes(struct etcd_bytes bytes);
json_t *gateway_value_write_uint(uint64_t number);
json_t *gateway_value_write_int(int64_t number);

/*
 * The end of the range of all keys that begin with prefix, into memory to be freed. Result: 0,
 * -ENOMEM, or -EINVAL for a prefix that is empty or of 0xff alone.
 */
int gateway_value_prefix_end(struct etcd_bytes prefix, char **ret_data, size_t *ret_bytes);
