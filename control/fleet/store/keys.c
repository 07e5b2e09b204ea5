/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/store/keys.h"

#include <stdio.h>
#include <string.h>

#include "host/addr.h"

static const char *const kinds[STORE_KINDS_NR] = {
	[STORE_BUILDS] = "/builds/",
	[STORE_PORTS] = "/taken/ports/",
	[STORE_ENDPOINTS] = "/taken/endpoints/",
	[STORE_EDGES] = "/edges/",
	[STORE_STRAYS] = "/strays/",
};

void store_keys_build(const char *prefix, const char *id, char ret_key[STORE_KEY_BYTES])
{
	snprintf(ret_key, STORE_KEY_BYTES, "%s%s%s", prefix, kinds[STORE_BUILDS], id);
}

void store_keys_port(const char *prefix, const struct sp_addr *addr, uint16_t port,
		     char ret_key[STORE_KEY_BYTES])
{
	char text[ADDR_TEXT_BYTES];

	snprintf(ret_key, STORE_KEY_BYTES, "%s%s%s/%u", prefix, kinds[STORE_PORTS],
		 addr_format(addr, text), port);
}

void store_keys_endpoint(const char *prefix, const struct sp_addr *addr, uint16_t port,
			 const char *protocol, char ret_key[STORE_KEY_BYTES])
{
	char text[ADDR_TEXT_BYTES];

	snprintf(ret_key, STORE_KEY_BYTES, "%s%s%s/%u/%s", prefix, kinds[STORE_ENDPOINTS],
		 addr_format(addr, text), port, protocol);
}

void store_keys_epoch(const char *prefix, char ret_key[STORE_KEY_BYTES])
{
	snprintf(ret_key, STORE_KEY_BYTES, "%s/epoch", prefix);
}

void store_keys_sync(const char *prefix, char ret_key[STORE_KEY_BYTES])
{
	snprintf(ret_key, STORE_KEY_BYTES, "%s/sync", prefix);
}

void store_keys_strays(const char *prefix, const char *edge, char ret_key[STORE_KEY_BYTES])
{
	snprintf(ret_key, STORE_KEY_BYTES, "%s%s%s", prefix, kinds[STORE_STRAYS], edge);
}

void store_keys_edge(const char *prefix, const char *name, char ret_key[STORE_KEY_BYTES])
{
	snprintf(ret_key, STORE_KEY_BYTES, "%s%s%s", prefix, kinds[STORE_EDGES], name);
}

void store_keys_taken(const char *prefix, char ret_key[STORE_KEY_BYTES])
{
	snprintf(ret_key, STORE_KEY_BYTES, "%s/taken/", prefix);
}

const char *store_keys_parse(const char *prefix, const char *key, enum store_kind *ret_kind)
{
	size_t bytes = strlen(prefix);

	if (strncmp(key, prefix, bytes) != 0)
		return NULL;
	for (unsigned int i = 0; i < STORE_KINDS_NR; i++) {
		if (strncmp(key + bytes, kinds[i], strlen(kinds[i])) != 0)
			continue;
		*ret_kind = (enum store_kind)i;
		return key + bytes + strlen(kinds[i]);
	}
	return NULL;
}
