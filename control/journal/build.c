/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/addr.h"
#include "journal/sql.h"
#include "model/build.h"
#include "model/deadline.h"

#define NO_NODE	 UINT32_MAX /* of lists that belong to the build */
#define KIND_KEY "host_key"

static const char *protocol_name(uint8_t protocol_mask)
{
	return protocol_mask == SP_PROTOCOL_UDP ? "udp" : "tcp";
}

static int save_row(struct journal *journal, const struct instant *now, const struct build *build)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_SET_BUILD);

	journal_sql_give(&use, build->serial);
	journal_sql_give_text(&use, build->id);
	journal_sql_give(&use, build->revision);
	journal_sql_give_text(&use, model_session_state_name(build->state));
	journal_sql_give_text(&use, model_session_reason_name(build->reason));
	journal_sql_give_text(&use, build->title);
	journal_sql_give_text(&use, build->user);
	journal_sql_give_text(&use, build->organisation);
	journal_sql_give_time(&use, build->keys_as_of_wall_ns);
	journal_sql_give(&use, build->created_wall_ns);
	journal_sql_give_time(&use, build->finished_wall_ns);
	journal_sql_give_time(&use, build->connected_wall_ns);
	journal_sql_give_time(&use, build->ended_wall_ns);
	journal_sql_give(&use, clock_wall_at(now, build->deadline_ns));
	journal_sql_give(&use, build->deadline_ns);
	journal_sql_give(&use, build->base_ns);
	journal_sql_give(&use, build->cap_ns);
	journal_sql_give(&use, build->lifetime_end_ns);
	journal_sql_give(&use, build->hard_end_ns);
	journal_sql_give(&use, build->connect_by_ns);
	journal_sql_give(&use, build->gone_ns);
	journal_sql_give(&use, build->linger_ns);
	journal_sql_give(&use, build->max_lifetime_ns);
	journal_sql_give(&use, build->max_extension_ns);
	journal_sql_give(&use, build->connect_within_ns);
	journal_sql_give(&use, build->nr_warned);
	return journal_sql_run(&use);
}

static int save_text(struct journal *journal, uint64_t serial, const char *kind, uint32_t node,
		     unsigned int position, const char *text)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_ADD_TEXT);

	journal_sql_give(&use, serial);
	journal_sql_give_text(&use, kind);
	journal_sql_give(&use, node);
	journal_sql_give(&use, position);
	journal_sql_give_text(&use, text);
	return journal_sql_run(&use);
}

static int save_strings(struct journal *journal, uint64_t serial, const char *kind, uint32_t node,
			const struct strings *strings)
{
	int result = 0;

	for (unsigned int i = 0; i < strings->nr && result == 0; i++)
		result = save_text(journal, serial, kind, node, i, strings->item[i]);
	return result;
}

static int save_allow(struct journal *journal, const struct build *build)
{
	char text[ADDR_PREFIX_BYTES];
	int result = 0;

	for (unsigned int i = 0; i < build->nr_allow && result == 0; i++)
		result = save_text(journal, build->serial, "allow", NO_NODE, i,
				   addr_prefix_format(&build->allow[i], text));
	return result;
}

static int save_forward(struct journal *journal, uint64_t serial, uint32_t node,
			unsigned int position, const struct forward *forward)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_ADD_FORWARD);
	char text[ADDR_TEXT_BYTES];

	journal_sql_give(&use, serial);
	journal_sql_give(&use, node);
	journal_sql_give(&use, position);
	journal_sql_give_text(&use, forward->name);
	journal_sql_give(&use, forward->port);
	journal_sql_give_text(&use, protocol_name(forward->protocol_mask));
	journal_sql_give_text(&use, addr_format(&forward->public_addr, text));
	journal_sql_give(&use, forward->public_port);
	return journal_sql_run(&use);
}

static int save_node(struct journal *journal, uint64_t serial, const struct node *node)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_ADD_NODE);
	char text[ADDR_TEXT_BYTES];
	int result;

	journal_sql_give(&use, serial);
	journal_sql_give(&use, node->index);
	journal_sql_give_text(&use, model_session_node_state_name(node->state));
	journal_sql_give_text(&use, node->has_address ? addr_format(&node->address, text) : NULL);
	result = journal_sql_run(&use);
	for (unsigned int i = 0; i < node->nr_forwards && result == 0; i++)
		result = save_forward(journal, serial, node->index, i, &node->forwards[i]);
	if (result == 0)
		result = save_strings(journal, serial, KIND_KEY, node->index, &node->host_keys);
	return result;
}

static int drop_parts(struct journal *journal, uint64_t serial)
{
	static const enum journal_statement drops[] = {JOURNAL_DROP_TEXTS, JOURNAL_DROP_NODES,
						       JOURNAL_DROP_FORWARDS};
	int result = 0;

	for (unsigned int i = 0; i < 3 && result == 0; i++) {
		struct journal_use use = journal_sql_use(journal, drops[i]);

		journal_sql_give(&use, serial);
		result = journal_sql_run(&use);
	}
	return result;
}

static int save_parts(struct journal *journal, const struct build *build)
{
	int result = save_allow(journal, build);

	if (result == 0)
		result = save_strings(journal, build->serial, "actor", NO_NODE, &build->actors);
	if (result == 0)
		result = save_strings(journal, build->serial, "key_fingerprint", NO_NODE,
				      &build->key_fingerprints);
	for (unsigned int i = 0; i < build->nr_nodes && result == 0; i++)
		result = save_node(journal, build->serial, &build->nodes[i]);
	return result;
}

int journal_build_save(struct journal *journal, const struct instant *now,
		       const struct build *build, enum journal_parts parts)
{
	int result = save_row(journal, now, build);

	if (result < 0 || parts == JOURNAL_ROW)
		return result;
	if (build->revision > 1)
		result = drop_parts(journal, build->serial);
	return result < 0 ? result : save_parts(journal, build);
}

int journal_build_forget(struct journal *journal, uint64_t serial)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_FORGET_BUILD);

	journal_sql_give(&use, serial);
	return journal_sql_run(&use);
}

int journal_build_id_used(struct journal *journal, const struct build *build, bool *ret_used)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_ID_USED);
	bool used;
	int result;

	journal_sql_give_text(&use, build->id);
	journal_sql_give(&use, build->serial);
	used = journal_sql_row(&use) && journal_sql_take(&use) != 0;
	result = journal_sql_end(&use);
	if (result == 0)
		*ret_used = used;
	return result;
}

int journal_build_last_serial(struct journal *journal, uint64_t *ret_serial)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_LAST_SERIAL);
	uint64_t serial = journal_sql_row(&use) ? journal_sql_take(&use) : 0;
	int result = journal_sql_end(&use);

	if (result == 0)
		*ret_serial = serial;
	return result;
}

int journal_build_count_lists(struct journal *journal, uint32_t *ret_nr)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_COUNT_LISTS);
	uint64_t nr = journal_sql_row(&use) ? journal_sql_take(&use) : 0;
	int result = journal_sql_end(&use);

	if (result == 0)
		*ret_nr = (uint32_t)nr;
	return result;
}

static int take_text(struct journal_use *use, char **ret_text)
{
	const char *text = journal_sql_take_text(use);

	if (!text)
		return 0;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

/* A name that is none of ours means that somebody else has written here. */
static int take_states(struct journal_use *use, struct build *build)
{
	const char *state = journal_sql_take_text(use), *reason = journal_sql_take_text(use);

	if (!state || model_session_state_parse(state, &build->state) < 0 ||
	    (reason && model_session_reason_parse(reason, &build->reason) < 0) ||
	    (build->state == SESSION_ENDED) != (reason != NULL))
		return -EBADMSG;
	return 0;
}

static void take_times(struct journal_use *use, struct build *build)
{
	build->keys_as_of_wall_ns = journal_sql_take(use);
	build->created_wall_ns = journal_sql_take(use);
	build->finished_wall_ns = journal_sql_take(use);
	build->connected_wall_ns = journal_sql_take(use);
	build->ended_wall_ns = journal_sql_take(use);
	build->deadline_ns = journal_sql_take(use);
	build->base_ns = journal_sql_take(use);
	build->cap_ns = journal_sql_take(use);
	build->lifetime_end_ns = journal_sql_take(use);
	build->hard_end_ns = journal_sql_take(use);
	build->connect_by_ns = journal_sql_take(use);
	build->gone_ns = journal_sql_take(use);
	build->linger_ns = journal_sql_take(use);
	build->max_lifetime_ns = journal_sql_take(use);
	build->max_extension_ns = journal_sql_take(use);
	build->connect_within_ns = journal_sql_take(use);
	build->nr_warned = (uint32_t)journal_sql_take(use);
}

static int take_row(struct journal_use *use, struct build *build)
{
	const char *id;
	int result;

	build->serial = journal_sql_take(use);
	id = journal_sql_take_text(use);
	if (!id || !model_build_id_valid(id))
		return -EBADMSG;
	snprintf(build->id, sizeof(build->id), "%s", id);
	build->revision = journal_sql_take(use);
	result = take_states(use, build);
	if (result == 0)
		result = take_text(use, &build->title);
	if (result == 0)
		result = take_text(use, &build->user);
	if (result == 0)
		result = take_text(use, &build->organisation);
	if (result == 0)
		take_times(use, build);
	return result;
}

static int load_node(struct journal_use *use, struct build *build)
{
	uint64_t index = journal_sql_take(use);
	const char *state, *address;
	struct node *node;

	if (index > BUILD_NODE_INDEX_MAX)
		return -EBADMSG;
	node = model_build_add_node(build, (uint32_t)index);
	if (!node)
		return -ENOMEM;
	state = journal_sql_take_text(use);
	address = journal_sql_take_text(use);
	if (!state || model_session_node_state_parse(state, &node->state) < 0)
		return -EBADMSG;
	if (address && addr_parse(address, &node->address) < 0)
		return -EBADMSG;
	node->has_address = address != NULL;
	return node->has_address == (node->state != NODE_RESERVED) ? 0 : -EBADMSG;
}

static int take_protocol(struct journal_use *use, uint8_t *ret_mask)
{
	const char *protocol = journal_sql_take_text(use);

	if (protocol && strcmp(protocol, "udp") == 0)
		*ret_mask = SP_PROTOCOL_UDP;
	else if (protocol && strcmp(protocol, "tcp") == 0)
		*ret_mask = SP_PROTOCOL_TCP;
	else
		return -EBADMSG;
	return 0;
}

static int take_port(struct journal_use *use, uint16_t *ret_port)
{
	uint64_t port = journal_sql_take(use);

	if (port == 0 || port > UINT16_MAX)
		return -EBADMSG;
	*ret_port = (uint16_t)port;
	return 0;
}

static int load_forward(struct journal_use *use, struct build *build)
{
	struct node *node = model_build_node(build, (uint32_t)journal_sql_take(use));
	const char *name = journal_sql_take_text(use), *address;
	struct forward *forward;

	if (!node || !name || node->nr_forwards == BUILD_FORWARDS_MAX)
		return -EBADMSG;
	forward = model_build_node_add_forward(node, name);
	if (!forward)
		return -ENOMEM;
	if (take_port(use, &forward->port) < 0 || take_protocol(use, &forward->protocol_mask) < 0)
		return -EBADMSG;
	address = journal_sql_take_text(use);
	if (!address || addr_parse(address, &forward->public_addr) < 0)
		return -EBADMSG;
	return take_port(use, &forward->public_port);
}

static int load_allow(struct build *build, const char *text)
{
	struct sp_prefix allow[SP_ALLOW_PREFIXES];

	if (build->nr_allow == SP_ALLOW_PREFIXES ||
	    addr_prefix_parse(text, &allow[build->nr_allow]) < 0)
		return -EBADMSG;
	if (build->nr_allow)
		memcpy(allow, build->allow, build->nr_allow * sizeof(allow[0]));
	return model_build_set_allow(&build->allow, &build->nr_allow, allow, build->nr_allow + 1);
}

static int load_text(struct journal_use *use, struct build *build)
{
	const char *kind = journal_sql_take_text(use), *text;
	uint64_t index = journal_sql_take(use);
	struct node *node;

	text = journal_sql_take_text(use);
	if (!kind || !text)
		return -EBADMSG;
	if (strcmp(kind, "allow") == 0)
		return load_allow(build, text);
	if (strcmp(kind, "actor") == 0)
		return model_build_strings_add(&build->actors, text);
	if (strcmp(kind, "key_fingerprint") == 0)
		return model_build_strings_add(&build->key_fingerprints, text);
	node = model_build_node(build, (uint32_t)index);
	return node ? model_build_strings_add(&node->host_keys, text) : -EBADMSG;
}

typedef int row_loader(struct journal_use *use, struct build *build);

static int load_rows(struct journal *journal, enum journal_statement statement, struct build *build,
		     row_loader *load)
{
	struct journal_use use = journal_sql_use(journal, statement);
	int result = 0, ended;

	journal_sql_give(&use, build->serial);
	while (result == 0 && journal_sql_row(&use))
		result = load(&use, build);
	ended = journal_sql_end(&use);
	return result < 0 ? result : ended;
}

static int check_whole(const struct build *build)
{
	for (unsigned int i = 0; i < build->nr_nodes; i++)
		if (build->nodes[i].nr_forwards == 0)
			return -EBADMSG;
	if (build->nr_nodes == 0 || !build->title || build->serial - 1 >= INT64_MAX)
		return -EBADMSG;
	return model_deadline_is_sane(build) ? 0 : -EBADMSG;
}

static int load_parts(struct journal *journal, struct build *build)
{
	int result = load_rows(journal, JOURNAL_GET_NODES, build, load_node);

	if (result == 0)
		result = load_rows(journal, JOURNAL_GET_FORWARDS, build, load_forward);
	if (result == 0)
		result = load_rows(journal, JOURNAL_GET_TEXTS, build, load_text);
	return result < 0 ? result : check_whole(build);
}

static int load_build(struct journal_use *use, struct build **ret_build)
{
	struct build *build = calloc(1, sizeof(*build));
	int result;

	if (!build)
		return -ENOMEM;
	result = take_row(use, build);
	if (result == 0)
		result = load_parts(use->journal, build);
	if (result < 0) {
		model_build_free(build);
		return result;
	}
	*ret_build = build;
	return 0;
}

int journal_build_load(struct journal *journal, journal_build_visitor *visit, void *context)
{
	struct journal_use use = journal_sql_use(journal, JOURNAL_GET_BUILDS);
	struct build *build;
	int result = 0, ended;

	while (result == 0 && journal_sql_row(&use)) {
		result = load_build(&use, &build);
		if (result == 0)
			result = visit(build, context);
	}
	ended = journal_sql_end(&use);
	return result != 0 ? result : ended;
}
