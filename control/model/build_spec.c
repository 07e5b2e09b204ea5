/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/build.h"

#include <stdlib.h>
#include <string.h>

void model_build_spec_init(struct build_spec *spec)
{
	memset(spec, 0, sizeof(*spec));
	spec->keys_as_of_wall_ns = BUILD_DEFAULT;
	spec->linger_ns = BUILD_DEFAULT;
	spec->max_lifetime_ns = BUILD_DEFAULT;
	spec->connect_within_ns = BUILD_DEFAULT;
	spec->finished_wall_ns = BUILD_DEFAULT;
}

void model_build_spec_free(struct build_spec *spec)
{
	for (unsigned int i = 0; i < spec->nr_nodes; i++) {
		model_build_strings_free(&spec->nodes[i].host_keys);
		free(spec->nodes[i].forwards);
	}
	free(spec->nodes);
	free(spec->allow);
	model_build_strings_free(&spec->actors);
	model_build_strings_free(&spec->key_fingerprints);
	free(spec->title);
	free(spec->user);
	free(spec->organisation);
	model_build_spec_init(spec);
}

struct node_spec *model_build_spec_add_node(struct build_spec *spec)
{
	struct node_spec *grown = reallocarray(spec->nodes, spec->nr_nodes + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	spec->nodes = grown;
	grown[spec->nr_nodes] = (struct node_spec){0};
	return &grown[spec->nr_nodes++];
}

const struct forward_spec *model_build_spec_node_spec_forward(const struct node_spec *node,
							      const char *name)
{
	for (unsigned int i = 0; i < node->nr_forwards; i++)
		if (strcmp(node->forwards[i].name, name) == 0)
			return &node->forwards[i];
	return NULL;
}

struct forward_spec *model_build_spec_node_spec_add_forward(struct node_spec *node)
{
	struct forward_spec *grown =
		reallocarray(node->forwards, node->nr_forwards + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	node->forwards = grown;
	grown[node->nr_forwards] = (struct forward_spec){0};
	return &grown[node->nr_forwards++];
}
