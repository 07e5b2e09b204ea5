/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "edge/put/put.h"
#include "edge/state/state.h"

/* The build as the merge has it so far. */
static const struct build *current(const struct put *put)
{
	return put->copy ? put->copy : put->build;
}

static int merge_text(struct put *put, const char *wanted, size_t member)
{
	const char *now = *(char *const *)((const char *)current(put) + member);
	char *text, **place;

	if (!wanted || (now && strcmp(now, wanted) == 0))
		return 0;
	if (!put_edit(put))
		return -ENOMEM;
	text = strdup(wanted);
	if (!text)
		return -ENOMEM;
	place = (char **)((char *)put->copy + member);
	free(*place);
	*place = text;
	return 0;
}

static int replace_strings(struct strings *place, const struct strings *wanted)
{
	model_build_strings_free(place);
	return model_build_strings_copy(place, wanted);
}

static int merge_strings(struct put *put, const struct strings *wanted, size_t member)
{
	const struct strings *now = (const struct strings *)((const char *)current(put) + member);

	if (wanted->nr == 0 || model_build_strings_equal(now, wanted))
		return 0;
	if (!put_edit(put))
		return -ENOMEM;
	return replace_strings((struct strings *)((char *)put->copy + member), wanted);
}

static int merge_number(struct put *put, uint64_t wanted, size_t member)
{
	const uint64_t *now = (const uint64_t *)((const char *)current(put) + member);

	if (wanted == BUILD_DEFAULT || *now == wanted)
		return 0;
	if (!put_edit(put))
		return -ENOMEM;
	*(uint64_t *)((char *)put->copy + member) = wanted;
	return 0;
}

static int merge_labels(struct put *put)
{
	const struct build_spec *spec = put->spec;
	int result = merge_text(put, spec->title, offsetof(struct build, title));

	if (result == 0)
		result = merge_text(put, spec->user, offsetof(struct build, user));
	if (result == 0)
		result = merge_text(put, spec->organisation, offsetof(struct build, organisation));
	if (result == 0)
		result = merge_strings(put, &spec->actors, offsetof(struct build, actors));
	if (result == 0)
		result = merge_strings(put, &spec->key_fingerprints,
				       offsetof(struct build, key_fingerprints));
	if (result == 0)
		result = merge_number(put, spec->keys_as_of_wall_ns,
				      offsetof(struct build, keys_as_of_wall_ns));
	return result < 0 ? result
			  : merge_number(put, spec->linger_ns, offsetof(struct build, linger_ns));
}

/* Result: the node in the copy, to be written; NULL without memory. */
static struct node *edit_node(struct put *put, uint32_t index)
{
	return put_edit(put) ? model_build_node(put->copy, index) : NULL;
}

/* The first forward of a node is its own port. */
static int add_node(struct put *put, const struct node_spec *spec)
{
	struct node *node = put_edit(put) ? model_build_add_node(put->copy, spec->index) : NULL;
	struct forward *ssh = node ? model_build_node_add_forward(node, "ssh") : NULL;

	if (!ssh)
		return -ENOMEM;
	ssh->port = spec->port ? spec->port : FORWARD_SSH_PORT;
	ssh->protocol_mask = SP_PROTOCOL_TCP;
	return 0;
}

static int merge_port(struct put *put, const struct node_spec *spec)
{
	struct node *node = model_build_node(current(put), spec->index);

	if (spec->port == 0 || node->forwards[0].port == spec->port)
		return 0;
	node = edit_node(put, spec->index);
	if (!node)
		return -ENOMEM;
	node->forwards[0].port = spec->port;
	return 0;
}

static int merge_address(struct put *put, const struct node_spec *spec)
{
	struct node *node = model_build_node(current(put), spec->index);

	if (!spec->has_address || node->has_address)
		return 0;
	node = edit_node(put, spec->index);
	if (!node)
		return -ENOMEM;
	node->has_address = true;
	node->address = spec->address;
	return model_session_node_next(node->state, NODE_BIND, &node->state);
}

static int merge_keys(struct put *put, const struct node_spec *spec)
{
	struct node *node = model_build_node(current(put), spec->index);

	if (spec->host_keys.nr == 0 ||
	    model_build_strings_equal(&node->host_keys, &spec->host_keys))
		return 0;
	node = edit_node(put, spec->index);
	return node ? replace_strings(&node->host_keys, &spec->host_keys) : -ENOMEM;
}

static int merge_forward(struct put *put, uint32_t index, const struct forward_spec *spec)
{
	struct node *node = model_build_node(current(put), index);
	struct forward *forward;

	if (model_build_node_forward(node, spec->name))
		return 0;
	node = edit_node(put, index);
	forward = node ? model_build_node_add_forward(node, spec->name) : NULL;
	if (!forward)
		return -ENOMEM;
	forward->port = spec->port;
	forward->protocol_mask = spec->protocol_mask;
	return 0;
}

static int merge_node(struct put *put, const struct node_spec *spec)
{
	int result = 0;

	if (!model_build_node(current(put), spec->index))
		result = add_node(put, spec);
	if (result == 0)
		result = merge_port(put, spec);
	if (result == 0)
		result = merge_address(put, spec);
	if (result == 0)
		result = merge_keys(put, spec);
	for (unsigned int i = 0; i < spec->nr_forwards && result == 0; i++)
		result = merge_forward(put, spec->index, &spec->forwards[i]);
	return result;
}

int put_merge(struct put *put)
{
	int result = merge_labels(put);

	for (unsigned int i = 0; i < put->spec->nr_nodes && result == 0; i++)
		result = merge_node(put, &put->spec->nodes[i]);
	return result;
}
