/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strings of request bodies, one function a kind, for json_field.parse. Result of each: 0 and
 * *ret_member, or -EINVAL and *ret_why, which goes on from "must be ".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sallyport/table.h>

struct api_address {
	bool given;
	struct sp_addr addr;
};

/* ret_member: struct api_address *. */
int body_parse_address(const char *text, void *ret_member, const char **ret_why);

/* An address alone is a prefix of one. ret_member: struct sp_prefix *. */
int body_parse_prefix(const char *text, void *ret_member, const char **ret_why);

/* ret_member: uint64_t *, wall ns. */
int body_parse_time(const char *text, void *ret_member, const char **ret_why);

/* "tcp" or "udp". ret_member: uint8_t *, enum sp_protocol_mask. */
int body_parse_protocol(const char *text, void *ret_member, const char **ret_why);

/* These check the text and pass it on. ret_member: const char **. */
int body_parse_id(const char *text, void *ret_member, const char **ret_why);
int body_parse_user(const char *text, void *ret_member, const char **ret_why);
int body_parse_hook(const char *text, void *ret_member, const char **ret_why);
int body_parse_host_key(const char *text, void *ret_member, const char **ret_why);
int body_parse_forward_name(const char *text, void *ret_member, const char **ret_why);
