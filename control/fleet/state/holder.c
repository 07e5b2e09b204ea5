/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/state/holder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/gateway/kv.h"
#include "fleet/state/fleet.h"
#include "fleet/store/claims.h"
#include "fleet/store/mirror.h"
#include "fleet/store/record.h"
#include "host/config.h"
#include "json/problem.h"

/* ADDRESS/PORT/PROTOCOL, as the key ends. */
static void read_key(const char *rest, struct problem_holder *holder)
{
	const char *slash = strchrnul(rest, '/');

	snprintf(holder->address, sizeof(holder->address), "%.*s", (int)(slash - rest), rest);
	if (*slash)
		holder->port = (uint16_t)strtoul(slash + 1, NULL, 10);
}

/* The pointer of a claim, into its own build. */
static void read_pointer(const json_t *body, const char *pointer, struct problem_holder *holder)
{
	const json_t *node, *forward, *name;
	unsigned int of_node, of_forward;
	int nr = sscanf(pointer, "/nodes/%u/forwards/%u", &of_node, &of_forward);

	if (nr < 1)
		return;
	node = json_array_get(json_object_get(body, "nodes"), of_node);
	holder->node = (uint32_t)json_integer_value(json_object_get(node, "index"));
	forward = nr == 2 ? json_array_get(json_object_get(node, "forwards"), of_forward) : NULL;
	name = json_object_get(forward, "name");
	snprintf(holder->forward, sizeof(holder->forward), "%s",
		 json_is_string(name) ? json_string_value(name) : "ssh");
}

void state_holder_find(const struct fleet *fleet, const struct etcd_kv *kv,
		       struct problem_holder *ret_holder)
{
	const char *prefix = fleet->config->fleet.prefix, *key = kv->key.data;
	const struct record *record = store_mirror_find(fleet->mirror, kv->value.data);
	struct store_claims claims = {0};
	enum store_kind kind;
	const char *rest = store_keys_parse(prefix, key, &kind);

	*ret_holder = (struct problem_holder){.forward = "ssh"};
	snprintf(ret_holder->build, sizeof(ret_holder->build), "%s", (const char *)kv->value.data);
	if (rest && kind == STORE_ENDPOINTS)
		read_key(rest, ret_holder);
	if (record)
		store_claims_list(prefix, record, &claims);
	for (unsigned int i = 0; i < claims.nr; i++)
		if (strcmp(claims.claim[i].key, key) == 0)
			read_pointer(record->body, claims.claim[i].pointer, ret_holder);
	store_claims_clear(&claims);
}
