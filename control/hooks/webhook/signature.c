/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/webhook/signature.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "hooks/webhook/keys.h"

#define SHA256_BYTES 32
#define BASE64_BYTES (4 * ((SHA256_BYTES + 2) / 3) + 1)

/* Result: whether there was memory. */
static bool sign(const struct webhook_key *key, const char *text, char ret_base64[BASE64_BYTES])
{
	unsigned char digest[SHA256_BYTES];
	unsigned int bytes = sizeof(digest);

	if (!HMAC(EVP_sha256(), key->secret, (int)key->bytes, (const unsigned char *)text,
		  strlen(text), digest, &bytes))
		return false;
	EVP_EncodeBlock((unsigned char *)ret_base64, digest, SHA256_BYTES);
	return true;
}

char *webhook_signature_make(const struct webhook_keys *keys, const struct webhook_message *message)
{
	char *text, *line = NULL, base64[BASE64_BYTES];
	size_t bytes;
	FILE *out = open_memstream(&line, &bytes);
	bool whole = out != NULL;

	if (asprintf(&text, "%s.%" PRIu64 ".%s", message->id, message->sent_s, message->body) < 0)
		text = NULL;
	for (unsigned int i = 0; whole && i < keys->nr; i++) {
		whole = text && sign(&keys->key[i], text, base64);
		if (whole)
			fprintf(out, "%sv1,%s", i ? " " : "", base64);
	}
	if (out && fclose(out) != 0)
		whole = false;
	free(text);
	if (!whole) {
		free(line);
		return NULL;
	}
	return line;
}
