/* SPDX-License-Identifier: BSD-3-Clause */
#include "fleet/store/same.h"

#include <sallyport/table.h>

#include "host/addr.h"

/* Result: whether both have the member, and differ in it. */
static bool differs(const json_t *one, const json_t *other, const char *name)
{
	const json_t *mine = json_object_get(one, name), *theirs = json_object_get(other, name);

	return json_is_integer(mine) && json_is_integer(theirs) && !json_equal(mine, theirs);
}

static bool leads_elsewhere(const json_t *one, const json_t *other)
{
	const char *mine = json_string_value(json_object_get(one, "address"));
	const char *theirs = json_string_value(json_object_get(other, "address"));
	struct sp_addr my_addr, their_addr;

	return mine && theirs && addr_parse(mine, &my_addr) == 0 &&
	       addr_parse(theirs, &their_addr) == 0 && !sp_addr_equal(&my_addr, &their_addr);
}

static const json_t *find(const json_t *list, const json_t *like, const char *name)
{
	size_t i;
	json_t *object;

	json_array_foreach (list, i, object)
		if (json_equal(json_object_get(object, name), json_object_get(like, name)))
			return object;
	return NULL;
}

static bool same_forwards(const json_t *list, const json_t *others)
{
	size_t i;
	json_t *forward;

	json_array_foreach (list, i, forward)
		if (differs(forward, find(others, forward, "name"), "public_port"))
			return false;
	return true;
}

bool store_same_nodes(const json_t *nodes, const json_t *others)
{
	size_t i;
	json_t *node;

	json_array_foreach (nodes, i, node) {
		const json_t *other = find(others, node, "index");

		if (differs(node, other, "public_port") || differs(node, other, "port") ||
		    leads_elsewhere(node, other) ||
		    !same_forwards(json_object_get(node, "forwards"),
				   json_object_get(other, "forwards")))
			return false;
	}
	return true;
}
