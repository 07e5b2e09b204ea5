/* SPDX-License-Identifier: BSD-3-Clause */
/* What a change was answered, kept so that the same request again is answered the same. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RECEIPT_KEY_MAX 128

/* Zeroed, then model_receipt_free() on every path. */
struct receipt {
	uint64_t number; /* of the journal, rising; 0: not there yet */
	uid_t uid;	 /* a key is its user's own */
	char key[RECEIPT_KEY_MAX + 1];
	uint64_t digest; /* of the request */
	uint64_t wall_ns;
	unsigned int status;
	bool removed; /* slots went out of use: the answer waits for all readers */
	char *etag;   /* owned, as the next two; NULL: none */
	char *location;
	char *body;
};

void model_receipt_free(struct receipt *receipt);

/* Digests one more part of a request: to tell requests apart, not to defend. Begin with 0. */
uint64_t model_receipt_digest(uint64_t digest, const char *part, size_t bytes);
