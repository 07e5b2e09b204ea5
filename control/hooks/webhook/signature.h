/* SPDX-License-Identifier: BSD-3-Clause */
/* The signature of a post, as Standard Webhooks 1.0 has it. */
#pragma once

#include <stdint.h>

struct webhook_keys;

/* What is signed: the id and the body are the same each time an event is posted. */
struct webhook_message {
	const char *id; /* without a full stop */
	uint64_t sent_s;
	const char *body;
};

/* Result: "v1,BASE64", with a blank in between for each key, to be freed; NULL without memory. */
char *webhook_signature_make(const struct webhook_keys *keys,
			     const struct webhook_message *message);
