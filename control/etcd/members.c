/* SPDX-License-Identifier: BSD-3-Clause */
#include "etcd/members.h"

#include <assert.h>
#include <errno.h>

#include "etcd/gateway/header.h"
#include "host/boottime.h"

#define REST_NS		 NS_PER_S
#define STRANGER_REST_NS (60 * NS_PER_S) /* another cluster's does not become ours soon */

void etcd_members_init(struct etcd_members *members, const char *const *urls, unsigned int nr)
{
	assert(nr >= 1 && nr <= ETCD_MEMBERS_MAX);
	*members = (struct etcd_members){.nr = nr};
	for (unsigned int i = 0; i < nr; i++)
		members->member[i].url = urls[i];
}

int etcd_members_pick(struct etcd_members *members, uint64_t now_ns, uint64_t *ret_until_ns)
{
	uint64_t until_ns = UINT64_MAX;

	for (unsigned int i = 0; i < members->nr; i++) {
		unsigned int index = (members->current + i) % members->nr;
		const struct etcd_member *member = &members->member[index];

		if (member->rests_until_ns <= now_ns) {
			members->current = index;
			return (int)index;
		}
		if (member->rests_until_ns < until_ns)
			until_ns = member->rests_until_ns;
	}
	*ret_until_ns = until_ns;
	return -EAGAIN;
}

static void rest(struct etcd_members *members, unsigned int index, uint64_t until_ns)
{
	members->member[index].rests_until_ns = until_ns;
	if (members->current == index)
		members->current = (index + 1) % members->nr;
}

void etcd_members_failed(struct etcd_members *members, unsigned int index, uint64_t now_ns)
{
	rest(members, index, now_ns + REST_NS);
}

int etcd_members_judge(struct etcd_members *members, unsigned int index,
		       const struct etcd_header *header, uint64_t now_ns)
{
	if (!members->cluster_id)
		members->cluster_id = header->cluster_id;
	if (header->cluster_id != members->cluster_id) {
		rest(members, index, now_ns + STRANGER_REST_NS);
		return -EXDEV;
	}
	if (header->raft_term < members->raft_term) {
		rest(members, index, now_ns + REST_NS);
		return -ESTALE;
	}
	members->raft_term = header->raft_term;
	return 0;
}
