/* SPDX-License-Identifier: BSD-3-Clause */
/* Base64 (RFC 4648) as it is written, and nothing else. For whoever links libcrypto. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <openssl/evp.h>

/* Result: the bytes of room that text of this length, at most INT_MAX, needs to be decoded. */
#define BASE64_ROOM(length) ((length) / 4 * 3)

/*
 * OpenSSL takes blanks too, and counts the padding as bytes. Result: whether text is base64; the
 * room holds *ret_bytes bytes then.
 */
static inline bool base64_decode(const char *text, void *room, size_t *ret_bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	size_t length = strlen(text), nr_digits = strspn(text, digits);
	size_t padding = strspn(text + nr_digits, "=");

	if (length % 4 || nr_digits + padding != length || padding > 2 ||
	    EVP_DecodeBlock(room, (const unsigned char *)text, (int)length) < 0)
		return false;
	*ret_bytes = length / 4 * 3 - padding;
	return true;
}
