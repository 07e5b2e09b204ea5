/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/receipt.h"

#include <stdlib.h>

/* FNV-1a's. */
#define BASIS 0xcbf29ce484222325ULL
#define PRIME 0x100000001b3ULL

void model_receipt_free(struct receipt *receipt)
{
	free(receipt->etag);
	free(receipt->location);
	free(receipt->body);
	receipt->etag = receipt->location = receipt->body = NULL;
}

/* The length goes in too, so that parts cannot run into each other. */
uint64_t model_receipt_digest(uint64_t digest, const char *part, size_t bytes)
{
	digest ^= BASIS + bytes;
	for (size_t i = 0; i < bytes; i++)
		digest = (digest ^ (unsigned char)part[i]) * PRIME;
	return digest;
}
