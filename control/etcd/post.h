/* SPDX-License-Identifier: BSD-3-Clause */
/* One request to one member, and what its answer means. For this room alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "etcd/gateway/header.h"

struct etcd;
struct transfer;
struct transfer_end;

#define ETCD_POST_REASON_BYTES 256

struct etcd_post {
	const char *path; /* such as "/v3/kv/range" */
	const char *body; /* JSON */
	unsigned int limit_ms;
	bool needs_leader; /* a stream, to end once the member has no leader */
	void (*line)(void *context, const char *line, size_t bytes);
	void (*end)(void *context, const struct transfer_end *end);
	void *context;
};

enum etcd_post_verdict {
	ETCD_POST_DONE,
	ETCD_POST_REFUSED, /* by the store: every member would say so */
	ETCD_POST_TOKEN,   /* who asked must log in, perhaps again */
	ETCD_POST_AWAY,	   /* not done: another member may do it */
	ETCD_POST_UNKNOWN, /* perhaps done, nobody knows */
};

struct etcd_answer {
	enum etcd_post_verdict verdict;
	int error; /* of REFUSED: -EACCES, -ENOENT, -ERANGE (compacted), -EINVAL, or -EREMOTEIO */
	char reason[ETCD_POST_REASON_BYTES]; /* unless DONE */
	json_t *body;			     /* of DONE: to be released */
	struct etcd_header header;	     /* of DONE */
};

/* Result: as transfer_start(). */
int etcd_post_start(struct etcd *etcd, unsigned int member, const struct etcd_post *post,
		    struct transfer **ret_transfer);

/* Reads the answer of a member; a member that is not to be believed is left. */
void etcd_post_read(struct etcd *etcd, unsigned int member, const struct transfer_end *end,
		    struct etcd_answer *ret_answer);

/* Judges an error of the gateway, of this HTTP status. *ret_answer is given error and verdict. */
void etcd_post_judge(unsigned int status, const char *message, struct etcd_answer *ret_answer);

/* Judges a header by members. Result: 0, or -ESTALE or -EXDEV and the member is left. */
int etcd_post_believe(struct etcd *etcd, unsigned int member, const struct etcd_header *header);

/* Leaves a member for a while, and tells those who listen; nothing if it rests already. */
void etcd_post_failed(struct etcd *etcd, unsigned int member, const char *reason);
