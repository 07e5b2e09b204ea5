/* SPDX-License-Identifier: BSD-3-Clause */
/* The secrets that posts are signed with, as Standard Webhooks 1.0 writes them. */
#pragma once

#include <stddef.h>

#include "hooks/webhook/secret.h"

#define WEBHOOK_KEYS_MAX      8 /* while they are changed there are two */
#define WEBHOOK_KEY_BYTES_MIN 24
#define WEBHOOK_KEY_BYTES_MAX 64

struct webhook_key {
	unsigned char secret[WEBHOOK_KEY_BYTES_MAX];
	size_t bytes;
};

/* To be wiped once used. */
struct webhook_keys {
	struct webhook_key key[WEBHOOK_KEYS_MAX];
	unsigned int nr;
};

/*
 * Reads a file of keys, one a line: "whsec_" and 24 to 64 bytes in base64. Result: 0 and one key at
 * least, or -errno with ret_reason saying what is wrong, in which file and line.
 */
int webhook_keys_read(const char *path, struct webhook_keys *ret_keys,
		      char ret_reason[WEBHOOK_REASON_BYTES]);

void webhook_keys_wipe(struct webhook_keys *keys);
