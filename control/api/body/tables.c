/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/body/tables.h"

#include "api/body/body.h"
#include "edge/state/call.h"
#include "host/addr.h"

#define SECONDS_MAX (10ULL * 366 * 24 * 3600)
#define NODES_MAX   65536

#define FIELDS(rows) .fields = rows, .nr_fields = sizeof(rows) / sizeof((rows)[0])

static const struct json_field forward_fields[] = {
	{
		.name = "name",
		.kind = JSON_KIND_PARSED,
		.required = true,
		JSON_MEMBER(struct forward_body, name),
		.min = 1,
		.max = FORWARD_NAME_MAX,
		.parse = body_parse_forward_name,
		.format = "^[a-z0-9_-]+$",
		.help = "what it is called, unique in its node",
	},
	{
		.name = "port",
		.kind = JSON_KIND_INTEGER,
		.required = true,
		JSON_MEMBER(struct forward_body, port),
		.min = 1,
		.max = UINT16_MAX,
		.help = "port of the VM",
	},
	{
		.name = "protocol",
		.kind = JSON_KIND_PARSED,
		JSON_MEMBER(struct forward_body, protocol_mask),
		.max = 3,
		.parse = body_parse_protocol,
		.format = "^(tcp|udp)$",
		.help = "tcp (default) or udp",
	},
	{
		.name = "pool",
		.kind = JSON_KIND_STRING,
		JSON_MEMBER(struct forward_body, pool),
		.min = 1,
		.max = BUILD_POOL_MAX,
		.help = "the pool that its public port comes from, that of the node if not given",
	},
	{
		.name = "public_port",
		.kind = JSON_KIND_INTEGER,
		JSON_MEMBER(struct forward_body, public_port),
		.min = 1,
		.max = UINT16_MAX,
		.help = "this very public port; any free one of the pool if not given",
	},
};

static const struct json_table forward_table = {
	.name = "ForwardRequest",
	.struct_bytes = sizeof(struct forward_body),
	FIELDS(forward_fields),
};

static const struct json_field text_item = {
	.kind = JSON_KIND_STRING,
	.member_bytes = sizeof(const char *),
	.min = 1,
	.max = BUILD_TEXT_MAX,
};

static const struct json_field host_key_item = {
	.kind = JSON_KIND_PARSED,
	.member_bytes = sizeof(const char *),
	.min = 1,
	.max = BUILD_KEY_MAX,
	.parse = body_parse_host_key,
};

static const struct json_field prefix_item = {
	.kind = JSON_KIND_PARSED,
	.member_bytes = sizeof(struct sp_prefix),
	.min = 1,
	.max = ADDR_PREFIX_BYTES,
	.parse = body_parse_prefix,
};

static const struct json_field forward_item = {
	.kind = JSON_KIND_OBJECT,
	.member_bytes = sizeof(struct forward_body),
	.table = &forward_table,
};

static const struct json_field node_fields[] = {
	{
		.name = "index",
		.kind = JSON_KIND_INTEGER,
		.required = true,
		JSON_MEMBER(struct node_body, index),
		.max = BUILD_NODE_INDEX_MAX,
		.help = "the node's number, unique in the build",
	},
	{
		.name = "address",
		.kind = JSON_KIND_PARSED,
		JSON_MEMBER(struct node_body, address),
		.min = 1,
		.max = ADDR_PREFIX_BYTES,
		.parse = body_parse_address,
		.help = "the VM's address; without it only the public ports are promised",
	},
	{
		.name = "port",
		.kind = JSON_KIND_INTEGER,
		JSON_MEMBER(struct node_body, port),
		.min = 1,
		.max = UINT16_MAX,
		.help = "the VM's SSH port, 22 if not given",
	},
	{
		.name = "pool",
		.kind = JSON_KIND_STRING,
		JSON_MEMBER(struct node_body, pool),
		.min = 1,
		.max = BUILD_POOL_MAX,
		.help = "the pool that its public ports come from, default if not given",
	},
	{
		.name = "public_port",
		.kind = JSON_KIND_INTEGER,
		JSON_MEMBER(struct node_body, public_port),
		.min = 1,
		.max = UINT16_MAX,
		.help = "this very public port; any free one of the pool if not given",
	},
	{
		.name = "public_address",
		.kind = JSON_KIND_PARSED,
		JSON_MEMBER(struct node_body, public_address),
		.min = 1,
		.max = ADDR_PREFIX_BYTES,
		.parse = body_parse_address,
		.help = "of the public ports that are given: the bind of this address of the edge; "
			"the first of the pool that has them if not given",
	},
	{
		.name = "host_keys",
		.kind = JSON_KIND_LIST,
		JSON_MEMBER(struct node_body, host_keys),
		.max = BUILD_STRINGS_MAX,
		.item = &host_key_item,
		.help = "the VM's public host keys, for known_hosts",
	},
	{
		.name = "forwards",
		.kind = JSON_KIND_LIST,
		JSON_MEMBER(struct node_body, forwards),
		.max = BUILD_FORWARDS_MAX - 1,
		.item = &forward_item,
		.help = "further ports of the VM",
	},
};

static const struct json_table node_table = {
	.name = "NodeRequest",
	.struct_bytes = sizeof(struct node_body),
	FIELDS(node_fields),
};

static const struct json_field node_item = {
	.kind = JSON_KIND_OBJECT,
	.member_bytes = sizeof(struct node_body),
	.table = &node_table,
};

/* Versions 14 and 19 lay these braces differently. */
/* clang-format off */
#define BODY_FIELD(as, kind_of, field, ...)                                                        \
	{.name = as, .kind = kind_of, JSON_MEMBER(struct build_body, field), __VA_ARGS__}
/* clang-format on */

/* A string of at most BUILD_TEXT_MAX bytes. */
#define TEXT_FIELD(field, text)                                                                    \
	BODY_FIELD(#field, JSON_KIND_STRING, field, .min = 1, .max = BUILD_TEXT_MAX, .help = text)

#define LIST_FIELD(field, most, of, text)                                                          \
	BODY_FIELD(#field, JSON_KIND_LIST, field, .max = most, .item = of, .help = text)

#define SECONDS_FIELD(field, least, text)                                                          \
	BODY_FIELD(#field, JSON_KIND_INTEGER, field, .min = least, .max = SECONDS_MAX,             \
		   .preset = BUILD_DEFAULT, .help = text)

#define TIME_FIELD(as, field, text)                                                                \
	BODY_FIELD(as, JSON_KIND_PARSED, field, .min = 1, .max = 64, .parse = body_parse_time,     \
		   .format = "date-time", .help = text)

#define BUILD_FIELDS                                                                               \
	TEXT_FIELD(title, "name shown to people"),                                                 \
		{                                                                                  \
			.name = "user",                                                            \
			.kind = JSON_KIND_PARSED,                                                  \
			JSON_MEMBER(struct build_body, user),                                      \
			.min = 1,                                                                  \
			.max = 64,                                                                 \
			.parse = body_parse_user,                                                  \
			.format = "^[A-Za-z0-9._+@][A-Za-z0-9._+@-]*$",                            \
			.help = "user name for the ssh command",                                   \
		},                                                                                 \
		TEXT_FIELD(organisation, "label for limits"),                                      \
		LIST_FIELD(actors, BUILD_STRINGS_MAX, &text_item, "labels for limits"),            \
		LIST_FIELD(key_fingerprints, BUILD_STRINGS_MAX, &text_item,                        \
			   "of the keys that the VM accepts"),                                     \
		TIME_FIELD("keys_as_of", keys_as_of_wall_ns, "when those keys were fetched"),      \
		{                                                                                  \
			.name = "nodes",                                                           \
			.kind = JSON_KIND_LIST,                                                    \
			.required = true,                                                          \
			JSON_MEMBER(struct build_body, nodes),                                     \
			.min = 1,                                                                  \
			.max = NODES_MAX,                                                          \
			.item = &node_item,                                                        \
			.help = "the build's VMs, all of them",                                    \
		},                                                                                 \
		LIST_FIELD(allow, SP_ALLOW_PREFIXES, &prefix_item,                                 \
			   "who may connect, somebody of each node's family; empty: everybody"),   \
		{                                                                                  \
			.name = "supersede",                                                       \
			.kind = JSON_KIND_BOOLEAN,                                                 \
			JSON_MEMBER(struct build_body, supersede),                                 \
			.help = "end other builds that hold one of these endpoints",               \
		},                                                                                 \
		SECONDS_FIELD(linger_s, 0, "how long the way in stays open after the end"),        \
		SECONDS_FIELD(max_lifetime_s, 1, "the latest end, counted from creation"),         \
		SECONDS_FIELD(connect_within_s, 0, "end if unused for so long; 0: never")

static const struct json_field build_fields[] = {BUILD_FIELDS};

static const struct json_field sync_build_fields[] = {
	{
		.name = "id",
		.kind = JSON_KIND_PARSED,
		.required = true,
		JSON_MEMBER(struct build_body, id),
		.min = 1,
		.max = BUILD_ID_MAX,
		.parse = body_parse_id,
		.format = "^[A-Za-z0-9_][A-Za-z0-9._-]*$",
		.help = "the build's id",
	},
	BUILD_FIELDS,
	TIME_FIELD("finished_at", finished_wall_ns,
		   "when the build ended, if it has; counts as with finish"),
};

const struct json_table body_tables_build = {
	.name = "BuildRequest",
	.struct_bytes = sizeof(struct build_body),
	FIELDS(build_fields),
};

const struct json_table body_tables_sync_build = {
	.name = "SyncBuildRequest",
	.struct_bytes = sizeof(struct build_body),
	FIELDS(sync_build_fields),
};

static const struct json_field finish_fields[] = {
	{
		.name = "finished_at",
		.kind = JSON_KIND_PARSED,
		JSON_MEMBER(struct finish_body, finished_wall_ns),
		.min = 1,
		.max = 64,
		.parse = body_parse_time,
		.format = "date-time",
		.help = "when the build ended, now if not given; what is before created_at counts "
			"as that, what is in the future as now: finished_at of the answer says "
			"from when the linger counts",
	},
};

const struct json_table body_tables_finish = {
	.name = "FinishRequest",
	.struct_bytes = sizeof(struct finish_body),
	FIELDS(finish_fields),
};

static const struct json_field extend_fields[] = {
	{
		.name = "by_s",
		.kind = JSON_KIND_INTEGER,
		JSON_MEMBER(struct extend_body, by_s),
		.min = 1,
		.max = SECONDS_MAX,
		.help = "move the deadline by so many seconds",
	},
	{
		.name = "until",
		.kind = JSON_KIND_PARSED,
		JSON_MEMBER(struct extend_body, until_wall_ns),
		.min = 1,
		.max = 64,
		.parse = body_parse_time,
		.format = "date-time",
		.help = "move the deadline to this time",
	},
};

const struct json_table body_tables_extend = {
	.name = "ExtendRequest",
	.struct_bytes = sizeof(struct extend_body),
	FIELDS(extend_fields),
};

static const struct json_field dead_letter_fields[] = {
	{
		.name = "seq",
		.kind = JSON_KIND_INTEGER,
		.required = true,
		JSON_MEMBER(struct dead_letter_body, seq),
		.min = 1,
		.max = INT64_MAX,
		.help = "the number of the event that was given up",
	},
	{
		.name = "hook",
		.kind = JSON_KIND_PARSED,
		.required = true,
		JSON_MEMBER(struct dead_letter_body, hook),
		.min = 1,
		.max = EDGE_HOOK_MAX,
		.parse = body_parse_hook,
		.format = "^[A-Za-z0-9._%-]+$",
		.help = "the hook that did not take it, or webhook",
	},
	{
		.name = "reason",
		.kind = JSON_KIND_STRING,
		JSON_MEMBER(struct dead_letter_body, reason),
		.min = 1,
		.max = BUILD_TEXT_MAX,
		.help = "why not",
	},
	{
		.name = "tries",
		.kind = JSON_KIND_INTEGER,
		JSON_MEMBER(struct dead_letter_body, tries),
		.min = 1,
		.max = UINT32_MAX,
		.preset = 1,
		.help = "how often it was tried, 1 if not given",
	},
};

const struct json_table body_tables_dead_letter = {
	.name = "DeadLetterRequest",
	.struct_bytes = sizeof(struct dead_letter_body),
	FIELDS(dead_letter_fields),
};

static const struct json_field drain_fields[] = {
	{
		.name = "wait_s",
		.kind = JSON_KIND_INTEGER,
		JSON_MEMBER(struct drain_body, wait_s),
		.max = 3600,
		.preset = BUILD_DEFAULT,
		.help = "so long routers have to move, before the routes are withdrawn; "
			"announce.drain_wait if not given",
	},
};

const struct json_table body_tables_drain = {
	.name = "DrainRequest",
	.struct_bytes = sizeof(struct drain_body),
	FIELDS(drain_fields),
};

static const struct json_field store_fields[] = {
	{
		.name = "current",
		.kind = JSON_KIND_BOOLEAN,
		.required = true,
		JSON_MEMBER(struct store_body, current),
		.help = "this edge has what the fleet's store has",
	},
	{
		.name = "for_s",
		.kind = JSON_KIND_INTEGER,
		JSON_MEMBER(struct store_body, for_s),
		.min = 1,
		.max = 60,
		.preset = 5,
		.help = "until then it counts, unless it is said again; 5 if not given",
	},
	{
		.name = "reason",
		.kind = JSON_KIND_STRING,
		JSON_MEMBER(struct store_body, reason),
		.min = 1,
		.max = BUILD_TEXT_MAX,
		.help = "why it has not",
	},
};

const struct json_table body_tables_store = {
	.name = "StoreRequest",
	.struct_bytes = sizeof(struct store_body),
	FIELDS(store_fields),
};

static const struct json_field sync_build_item = {
	.kind = JSON_KIND_OBJECT,
	.member_bytes = sizeof(struct build_body),
	.table = &body_tables_sync_build,
};

static const struct json_field cancel_item = {
	.kind = JSON_KIND_PARSED,
	.member_bytes = sizeof(const char *),
	.min = 1,
	.max = BUILD_ID_MAX,
	.parse = body_parse_id,
	.format = "^[A-Za-z0-9_][A-Za-z0-9._-]*$",
};

static const struct json_field sync_fields[] = {
	{
		.name = "builds",
		.kind = JSON_KIND_LIST,
		.required = true,
		JSON_MEMBER(struct sync_body, builds),
		.max = SYNC_BUILDS_MAX,
		.item = &sync_build_item,
		.help = "all builds that shall be open; others are cancelled",
	},
	{
		.name = "dry_run",
		.kind = JSON_KIND_BOOLEAN,
		JSON_MEMBER(struct sync_body, dry_run),
		.help = "only say what would change",
	},
	{
		.name = "allow_empty",
		.kind = JSON_KIND_BOOLEAN,
		JSON_MEMBER(struct sync_body, allow_empty),
		.help = "let an empty set cancel everything",
	},
	{
		.name = "generation",
		.kind = JSON_KIND_INTEGER,
		JSON_MEMBER(struct sync_body, generation),
		.max = INT64_MAX,
		.preset = BUILD_DEFAULT,
		.help = "counts up; a set with a lower one than the last is refused",
	},
	{
		.name = "partial",
		.kind = JSON_KIND_BOOLEAN,
		JSON_MEMBER(struct sync_body, partial),
		.help = "builds that are not named stay, but for those of cancel, and what is "
			"there keeps its max_lifetime_s",
	},
	{
		.name = "cancel",
		.kind = JSON_KIND_LIST,
		JSON_MEMBER(struct sync_body, cancel),
		.max = SYNC_BUILDS_MAX,
		.item = &cancel_item,
		.help = "of a partial set: ids of builds to cancel, before those above are made",
	},
};

const struct json_table body_tables_sync = {
	.name = "SyncRequest",
	.struct_bytes = sizeof(struct sync_body),
	FIELDS(sync_fields),
};
