/* SPDX-License-Identifier: BSD-3-Clause */
/* A build: its session, its nodes, and the ports forwarded to each. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sallyport/table.h>

#include "model/session.h"

#define BUILD_ID_MAX	     128
#define BUILD_TEXT_MAX	     512  /* title, user, organisation, an actor, a fingerprint */
#define BUILD_KEY_MAX	     4096 /* one host key */
#define BUILD_STRINGS_MAX    64	  /* items of one list */
#define BUILD_FORWARDS_MAX   16	  /* of one node, its own port included */
#define BUILD_NODE_INDEX_MAX 65535
#define FORWARD_NAME_MAX     32
#define BUILD_POOL_MAX	     63
#define FORWARD_SSH_PORT     22

/* "Not given" in a spec: what the build has is kept, or the configured default applies. */
#define BUILD_DEFAULT UINT64_MAX

/* The longest body of a set of builds: so much, or as much for each build that there may be. */
#define BUILD_SYNC_BYTES      ((size_t)32 << 20)
#define BUILD_SYNC_EACH_BYTES 512

/* A list of owned strings. */
struct strings {
	char **item;
	unsigned int nr;
};

/* Appends a copy. Result: 0, -ENOMEM, or -E2BIG beyond BUILD_STRINGS_MAX. */
int model_build_strings_add(struct strings *strings, const char *text);
void model_build_strings_free(struct strings *strings);

/* Appends copies of all of from. Result: as model_build_strings_add(). */
int model_build_strings_copy(struct strings *to, const struct strings *from);
bool model_build_strings_equal(const struct strings *a, const struct strings *b);

/*
 * What a PUT declares. Parsed by the API into this, checked by the model. Pointers are owned;
 * model_build_spec_init() then model_build_spec_free() on every path. Texts are UTF-8 without
 * control characters; NULL and empty lists mean "not given".
 */
struct forward_spec {
	char pool[BUILD_POOL_MAX + 1]; /* "": not given */
	char name[FORWARD_NAME_MAX + 1];
	uint16_t port;
	uint16_t public_port;  /* 0: any */
	uint8_t protocol_mask; /* one bit of enum sp_protocol_mask */
};

struct node_spec {
	uint32_t index;
	char pool[BUILD_POOL_MAX + 1]; /* "": not given */
	bool has_address;
	struct sp_addr address;
	uint16_t port;	      /* 0: not given, 22 for a new node */
	uint16_t public_port; /* 0: any */
	bool has_public_address;
	struct sp_addr public_address; /* of the public ports that are given */
	struct strings host_keys;
	struct forward_spec *forwards; /* beside port */
	unsigned int nr_forwards;
};

struct build_spec {
	char id[BUILD_ID_MAX + 1];
	char *title;
	char *user;
	char *organisation;
	struct strings actors;
	struct strings key_fingerprints;
	uint64_t keys_as_of_wall_ns; /* BUILD_DEFAULT: not given */
	struct node_spec *nodes;
	unsigned int nr_nodes;
	struct sp_prefix *allow; /* masked; none: everybody */
	unsigned int nr_allow;	 /* at most SP_ALLOW_PREFIXES */
	bool everybody;		 /* no prefix, and that was said */
	bool supersede;
	uint64_t linger_ns; /* BUILD_DEFAULT: not given, for these three */
	uint64_t max_lifetime_ns;
	uint64_t connect_within_ns; /* 0: for ever */
	uint64_t finished_wall_ns;  /* sync only: finished already; BUILD_DEFAULT: not */
};

void model_build_spec_init(struct build_spec *spec);
void model_build_spec_free(struct build_spec *spec);

/*
 * Make a list of prefixes, which is to be freed, a copy of that one. Result: 0 or -ENOMEM, and the
 * list is as it was.
 */
int model_build_set_allow(struct sp_prefix **allow, unsigned int *nr_allow,
			  const struct sp_prefix *from, unsigned int nr_from);

/* Append a zeroed record to the spec. Result: the record (owned by the spec), or NULL. */
struct node_spec *model_build_spec_add_node(struct build_spec *spec);
const struct forward_spec *model_build_spec_node_spec_forward(const struct node_spec *node,
							      const char *name);
struct forward_spec *model_build_spec_node_spec_add_forward(struct node_spec *node);

/* One public port and where it leads. */
struct forward {
	char name[FORWARD_NAME_MAX + 1]; /* "ssh" for the node's own port */
	uint16_t port;			 /* of the VM */
	uint8_t protocol_mask;		 /* one bit of enum sp_protocol_mask */
	uint16_t public_port;
	struct sp_addr public_addr;
	uint32_t public_index; /* into the settings' publics */
	uint32_t ordinal;      /* of the pool (ports.h); PORTS_NONE: no longer in it */
	uint32_t slot_index;   /* of leases */
};

struct node {
	uint32_t index; /* chosen by the orchestrator, unique in the build */
	enum node_state state;
	bool has_address;
	struct sp_addr address;
	struct strings host_keys;
	struct forward *forwards; /* [0] is the node's own port, "ssh" */
	unsigned int nr_forwards; /* at least 1 */
};

/*
 * Written by the model alone; others read. A pointer to a build is good until the next call that
 * changes the edge: keep the id instead. Times named wall_ns are as read when they happened, 0 if
 * they have not; the others are CLOCK_BOOTTIME.
 */
struct build {
	char id[BUILD_ID_MAX + 1];
	uint64_t serial;     /* order of creation, never reused */
	uint64_t revision;   /* counts up at each change: the ETag */
	bool id_used_before; /* by an earlier build: its host keys' alias must be another */
	enum session_state state;
	enum session_reason reason;

	char *title; /* never NULL: the id if none was given */
	char *user;  /* NULL: not given */
	char *organisation;
	struct strings actors;
	struct strings key_fingerprints;
	uint64_t keys_as_of_wall_ns; /* 0: not given */
	struct sp_prefix *allow;
	unsigned int nr_allow; /* at most SP_ALLOW_PREFIXES */

	uint64_t created_wall_ns;
	uint64_t finished_wall_ns;
	uint64_t connected_wall_ns; /* of the first connection */
	uint64_t ended_wall_ns;

	uint64_t deadline_ns;	  /* what the slots hold; once ended: when it did */
	uint64_t base_ns;	  /* the deadline without extensions */
	uint64_t cap_ns;	  /* no extension goes past this */
	uint64_t lifetime_end_ns; /* creation + max_lifetime */
	uint64_t hard_end_ns;	  /* creation + the configured max_lifetime */
	uint64_t connect_by_ns;	  /* 0: no such limit, or somebody connected */
	uint64_t gone_ns;	  /* once ended: when its ports may be reused and it is forgotten */
	uint64_t linger_ns;	  /* durations, as granted */
	uint64_t max_lifetime_ns;
	uint64_t max_extension_ns;
	uint64_t connect_within_ns;
	uint32_t nr_warned; /* warnings already given for this deadline */

	struct node *nodes; /* sorted by index */
	unsigned int nr_nodes;

	/* the registry's own */
	struct build *pending;	/* its successor in the transaction under way */
	uint64_t end_number;	/* edge/state/drain.h; not in the journal */
	uint64_t due_ns;	/* when the clock next has something to do with it */
	uint32_t heap_position; /* by due_ns, from 1; 0: not there */
	uint16_t allow_index;
	bool cut_ahead;	  /* its slots are ended already, the build is about to be */
	uint64_t used_ns; /* packets were last seen; 0: not since the start */
};

/* Result: a deep copy outside the registry, to be changed and swapped in; NULL without memory. */
struct build *model_build_clone(const struct build *build);
void model_build_free(struct build *build);

/* Result: the node or NULL. */
struct node *model_build_node(const struct build *build, uint32_t index);
struct forward *model_build_node_forward(const struct node *node, const char *name);

/* Insert a zeroed record in its place. Result: the record, or NULL without memory. */
struct node *model_build_add_node(struct build *build, uint32_t index);
struct forward *model_build_node_add_forward(struct node *node, const char *name);

/* Result: whether the id can be one: 1 to 128 of A-Z a-z 0-9 . _ -, not beginning with . or - */
bool model_build_id_valid(const char *id);

/* Result: whether a segment of a path, as it came, is an id, decoded into ret_id, which has room
 * for BUILD_ID_MAX + 1. */
bool model_build_id_decode(const char *segment, size_t bytes, char *ret_id);

/* Result: reserved, running or finished: it holds ports that may carry. */
static inline bool build_is_open(const struct build *build)
{
	return build->state != SESSION_ENDED;
}
