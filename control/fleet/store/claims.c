/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/store/claims.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/store/record.h"
#include "host/addr.h"
#include "model/build.h"

struct listing {
	const char *prefix;
	struct store_claims claims;
};

/* Result: NULL without memory. */
static struct store_claim *add(struct listing *listing, enum store_kind kind)
{
	struct store_claims *claims = &listing->claims;
	struct store_claim *grown =
		reallocarray(claims->claim, claims->nr + 1, sizeof(*claims->claim));

	if (!grown)
		return NULL;
	claims->claim = grown;
	grown[claims->nr] = (struct store_claim){.kind = kind};
	return &grown[claims->nr++];
}

static bool read_port(const json_t *object, const char *name, unsigned int standard,
		      uint16_t *ret_port)
{
	const json_t *value = json_object_get(object, name);
	json_int_t number = value ? json_integer_value(value) : (json_int_t)standard;

	if ((value && !json_is_integer(value)) || number < 1 || number > UINT16_MAX)
		return false;
	*ret_port = (uint16_t)number;
	return true;
}

static bool read_addr(const json_t *node, const char *name, struct sp_addr *ret_addr)
{
	const char *text = json_string_value(json_object_get(node, name));

	return text && addr_parse(text, ret_addr) == 0;
}

static int list_public(struct listing *listing, const json_t *node, const json_t *object,
		       const char *pointer)
{
	struct store_claim *claim;
	struct sp_addr addr;
	uint16_t port;

	if (!read_addr(node, "public_address", &addr) ||
	    !read_port(object, "public_port", 0, &port))
		return -EBADMSG;
	claim = add(listing, STORE_PORTS);
	if (!claim)
		return -ENOMEM;
	store_keys_port(listing->prefix, &addr, port, claim->key);
	snprintf(claim->pointer, sizeof(claim->pointer), "%s/public_port", pointer);
	return 0;
}

static int list_endpoint(struct listing *listing, const json_t *node, const json_t *object,
			 const char *pointer)
{
	const char *protocol = json_string_value(json_object_get(object, "protocol"));
	struct store_claim *claim;
	struct sp_addr addr;
	uint16_t port;

	if (!json_object_get(node, "address"))
		return 0;
	if (!read_addr(node, "address", &addr) ||
	    !read_port(object, "port", object == node ? FORWARD_SSH_PORT : 0, &port))
		return -EBADMSG;
	claim = add(listing, STORE_ENDPOINTS);
	if (!claim)
		return -ENOMEM;
	store_keys_endpoint(listing->prefix, &addr, port, protocol ? protocol : "tcp", claim->key);
	snprintf(claim->pointer, sizeof(claim->pointer), "%s/%s", pointer,
		 object == node ? "address" : "port");
	return 0;
}

static int list_one(struct listing *listing, const json_t *node, const json_t *object,
		    const char *pointer)
{
	int error = list_public(listing, node, object, pointer);

	return error ? error : list_endpoint(listing, node, object, pointer);
}

static int list_node(struct listing *listing, const json_t *node, size_t index)
{
	char pointer[80];
	size_t i;
	json_t *forward;
	int error;

	snprintf(pointer, sizeof(pointer), "/nodes/%zu", index);
	error = list_one(listing, node, node, pointer);
	json_array_foreach (json_object_get(node, "forwards"), i, forward) {
		if (error)
			break;
		snprintf(pointer, sizeof(pointer), "/nodes/%zu/forwards/%zu", index, i);
		error = list_one(listing, node, forward, pointer);
	}
	return error;
}

int store_claims_list(const char *prefix, const struct record *record,
		      struct store_claims *ret_claims)
{
	struct listing listing = {.prefix = prefix};
	size_t i;
	json_t *node;
	int error = 0;

	json_array_foreach (json_object_get(record->body, "nodes"), i, node) {
		error = list_node(&listing, node, i);
		if (error)
			break;
	}
	if (error)
		store_claims_clear(&listing.claims);
	else
		*ret_claims = listing.claims;
	return error;
}

void store_claims_clear(struct store_claims *claims)
{
	free(claims->claim);
	*claims = (struct store_claims){0};
}

bool store_claims_has(const struct store_claims *claims, const char *key)
{
	for (unsigned int i = 0; i < claims->nr; i++)
		if (strcmp(claims->claim[i].key, key) == 0)
			return true;
	return false;
}
