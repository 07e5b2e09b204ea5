/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The members of a cluster, by their URLs: which one is asked, which ones rest, and which one must
 * not be believed. The gateway asks one member alone, so one that was left behind, or belongs to
 * another cluster, would answer as if all were well. Pure: time is passed in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ETCD_MEMBERS_MAX 16

struct etcd_header;

struct etcd_member {
	const char *url;	 /* without a slash at its end */
	uint64_t rests_until_ns; /* nobody asks it until then */
};

struct etcd_members {
	struct etcd_member member[ETCD_MEMBERS_MAX];
	unsigned int nr;
	unsigned int current; /* the one that is asked while it answers */
	uint64_t cluster_id;  /* of the first answer; 0: none yet */
	uint64_t raft_term;   /* the highest that was seen */
};

/* urls live as long as the members. nr is 1 to ETCD_MEMBERS_MAX. */
void etcd_members_init(struct etcd_members *members, const char *const *urls, unsigned int nr);

/*
 * Result: the member to ask, which is the current one from then on; or -EAGAIN: all rest, the first
 * until *ret_until_ns.
 */
int etcd_members_pick(struct etcd_members *members, uint64_t now_ns, uint64_t *ret_until_ns);

/* It did not answer, or had to say that it cannot: another one is asked for a while. */
void etcd_members_failed(struct etcd_members *members, unsigned int index, uint64_t now_ns);

/*
 * Judges an answer, before anybody believes it. Result: 0; -EXDEV: of another cluster; -ESTALE: of
 * an earlier term than one that was seen, so the member was left behind. It rests then.
 */
int etcd_members_judge(struct etcd_members *members, unsigned int index,
		       const struct etcd_header *header, uint64_t now_ns);
