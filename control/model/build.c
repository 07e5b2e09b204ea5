/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int model_build_strings_add(struct strings *strings, const char *text)
{
	char **grown, *copy;

	if (strings->nr == BUILD_STRINGS_MAX)
		return -E2BIG;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	grown = reallocarray(strings->item, strings->nr + 1, sizeof(*grown));
	if (!grown) {
		free(copy);
		return -ENOMEM;
	}
	strings->item = grown;
	strings->item[strings->nr++] = copy;
	return 0;
}

void model_build_strings_free(struct strings *strings)
{
	for (unsigned int i = 0; i < strings->nr; i++)
		free(strings->item[i]);
	free(strings->item);
	*strings = (struct strings){0};
}

int model_build_strings_copy(struct strings *to, const struct strings *from)
{
	for (unsigned int i = 0; i < from->nr; i++) {
		int result = model_build_strings_add(to, from->item[i]);

		if (result < 0)
			return result;
	}
	return 0;
}

bool model_build_strings_equal(const struct strings *a, const struct strings *b)
{
	if (a->nr != b->nr)
		return false;
	for (unsigned int i = 0; i < a->nr; i++)
		if (strcmp(a->item[i], b->item[i]) != 0)
			return false;
	return true;
}

int model_build_set_allow(struct sp_prefix **allow, unsigned int *nr_allow,
			  const struct sp_prefix *from, unsigned int nr_from)
{
	struct sp_prefix *copy = NULL;

	if (nr_from) {
		copy = calloc(nr_from, sizeof(*copy));
		if (!copy)
			return -ENOMEM;
		memcpy(copy, from, nr_from * sizeof(*copy));
	}
	free(*allow);
	*allow = copy;
	*nr_allow = nr_from;
	return 0;
}

static int copy_text(char **to, const char *from)
{
	if (!from)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

static void free_node(struct node *node)
{
	model_build_strings_free(&node->host_keys);
	free(node->forwards);
}

static int copy_node(struct node *to, const struct node *from)
{
	*to = *from;
	to->host_keys = (struct strings){0};
	to->forwards = calloc(from->nr_forwards, sizeof(*to->forwards));
	if (!to->forwards)
		return -ENOMEM;
	memcpy(to->forwards, from->forwards, from->nr_forwards * sizeof(*to->forwards));
	return model_build_strings_copy(&to->host_keys, &from->host_keys);
}

static int copy_nodes(struct build *to, const struct build *from)
{
	if (from->nr_nodes == 0)
		return 0;
	to->nodes = calloc(from->nr_nodes, sizeof(*to->nodes));
	if (!to->nodes)
		return -ENOMEM;
	for (unsigned int i = 0; i < from->nr_nodes; i++) {
		to->nr_nodes = i + 1;
		if (copy_node(&to->nodes[i], &from->nodes[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

struct build *model_build_clone(const struct build *build)
{
	struct build *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *build;
	copy->title = copy->user = copy->organisation = NULL;
	copy->actors = copy->key_fingerprints = (struct strings){0};
	copy->allow = NULL;
	copy->nodes = NULL;
	copy->nr_nodes = 0;
	copy->pending = NULL;
	if (copy_text(&copy->title, build->title) < 0 || copy_text(&copy->user, build->user) < 0 ||
	    copy_text(&copy->organisation, build->organisation) < 0 ||
	    model_build_strings_copy(&copy->actors, &build->actors) < 0 ||
	    model_build_strings_copy(&copy->key_fingerprints, &build->key_fingerprints) < 0 ||
	    model_build_set_allow(&copy->allow, &copy->nr_allow, build->allow, build->nr_allow) <
		    0 ||
	    copy_nodes(copy, build) < 0) {
		model_build_free(copy);
		return NULL;
	}
	return copy;
}

void model_build_free(struct build *build)
{
	if (!build)
		return;
	for (unsigned int i = 0; i < build->nr_nodes; i++)
		free_node(&build->nodes[i]);
	free(build->nodes);
	model_build_strings_free(&build->actors);
	model_build_strings_free(&build->key_fingerprints);
	free(build->allow);
	free(build->title);
	free(build->user);
	free(build->organisation);
	free(build);
}

/* Result: how many nodes come before that index. */
static unsigned int node_place(const struct build *build, uint32_t index)
{
	unsigned int place = build->nr_nodes;

	while (place > 0 && build->nodes[place - 1].index >= index)
		place--;
	return place;
}

struct node *model_build_node(const struct build *build, uint32_t index)
{
	unsigned int place = node_place(build, index);

	if (place == build->nr_nodes || build->nodes[place].index != index)
		return NULL;
	return &build->nodes[place];
}

struct node *model_build_add_node(struct build *build, uint32_t index)
{
	unsigned int place = node_place(build, index);
	struct node *grown = reallocarray(build->nodes, build->nr_nodes + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	build->nodes = grown;
	memmove(&grown[place + 1], &grown[place], (build->nr_nodes - place) * sizeof(*grown));
	build->nr_nodes++;
	grown[place] = (struct node){.index = index};
	return &grown[place];
}

struct forward *model_build_node_forward(const struct node *node, const char *name)
{
	for (unsigned int i = 0; i < node->nr_forwards; i++)
		if (strcmp(node->forwards[i].name, name) == 0)
			return &node->forwards[i];
	return NULL;
}

struct forward *model_build_node_add_forward(struct node *node, const char *name)
{
	struct forward *grown = reallocarray(node->forwards, node->nr_forwards + 1, sizeof(*grown));
	struct forward *forward;

	if (!grown)
		return NULL;
	node->forwards = grown;
	forward = &grown[node->nr_forwards++];
	*forward = (struct forward){0};
	strncpy(forward->name, name, FORWARD_NAME_MAX);
	return forward;
}

bool model_build_id_valid(const char *id)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t length = strlen(id);

	return length >= 1 && length <= BUILD_ID_MAX && id[0] != '.' && id[0] != '-' &&
	       strspn(id, letters) == length;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool model_build_id_decode(const char *segment, size_t bytes, char *ret_id)
{
	size_t len = 0;

	for (size_t i = 0; i < bytes; i++) {
		char c = segment[i];

		if (c == '%') {
			int high = i + 2 < bytes ? hex_value(segment[i + 1]) : -1;
			int low = high >= 0 ? hex_value(segment[i + 2]) : -1;

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0' || len == BUILD_ID_MAX)
			return false;
		ret_id[len++] = c;
	}
	ret_id[len] = '\0';
	return model_build_id_valid(ret_id);
}
