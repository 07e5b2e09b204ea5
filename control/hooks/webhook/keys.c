/* SPDX-License-Identifier: BSD-3-Clause */
#include "hooks/webhook/keys.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base64/base64.h"

#define PREFIX	 "whsec_"
#define TEXT_MAX (4 * ((WEBHOOK_KEY_BYTES_MAX + 2) / 3))

static bool decode(const char *text, struct webhook_key *ret_key)
{
	unsigned char room[BASE64_ROOM(TEXT_MAX)];
	size_t bytes;

	if (strlen(text) > TEXT_MAX || !base64_decode(text, room, &bytes))
		return false;
	if (bytes >= WEBHOOK_KEY_BYTES_MIN && bytes <= WEBHOOK_KEY_BYTES_MAX) {
		memcpy(ret_key->secret, room, bytes);
		ret_key->bytes = bytes;
	}
	OPENSSL_cleanse(room, sizeof(room));
	return ret_key->bytes > 0;
}

static const char *take(void *context, const char *line)
{
	struct webhook_keys *keys = context;

	if (keys->nr == WEBHOOK_KEYS_MAX)
		return "there are more than 8 keys";
	if (strncmp(line, PREFIX, strlen(PREFIX)) != 0 ||
	    !decode(line + strlen(PREFIX), &keys->key[keys->nr]))
		return "a key is " PREFIX " and 24 to 64 bytes in base64";
	keys->nr++;
	return NULL;
}

int webhook_keys_read(const char *path, struct webhook_keys *ret_keys,
		      char ret_reason[WEBHOOK_REASON_BYTES])
{
	struct webhook_keys keys = {0};
	int result = webhook_secret_read(path, take, &keys, ret_reason);

	if (result == 0 && keys.nr == 0) {
		snprintf(ret_reason, WEBHOOK_REASON_BYTES, "%s: there is no key in it", path);
		result = -ENOKEY;
	}
	if (result == 0)
		*ret_keys = keys;
	webhook_keys_wipe(&keys);
	return result;
}

void webhook_keys_wipe(struct webhook_keys *keys)
{
	OPENSSL_cleanse(keys, sizeof(*keys));
}
