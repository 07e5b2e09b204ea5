// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/netlink/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <sallyport/addr.h>

#include "kernel/netlink/parse.h"

#define RECEIVE_BUFFER_BYTES (4 * 1024 * 1024)
#define REQUEST_BYTES	     512
#define REPLY_BYTES	     32768
#define ANSWER_TIMEOUT_S     5

struct netlink {
	struct mnl_socket *changes;  /* NULL: it failed and could not be opened anew */
	struct mnl_socket *requests; /* blocking, one question at a time */
	bool spoilt;		     /* an answer may be left half read: to be opened anew */
	uint32_t sequence;
};

/* Those for which a bit mask has no place. */
static int join_groups(struct mnl_socket *sock)
{
	static const unsigned int groups[] = {RTNLGRP_NEXTHOP, RTNLGRP_IPV4_RULE,
					      RTNLGRP_IPV6_RULE};

	for (unsigned int i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		unsigned int group = groups[i];

		if (mnl_socket_setsockopt(sock, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
			return -errno;
	}
	return 0;
}

static int open_changes(struct mnl_socket **ret_socket)
{
	static const unsigned int groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK |
					   RTMGRP_NEIGH | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE |
					   1u << (RTNLGRP_IPV4_NETCONF - 1) |
					   1u << (RTNLGRP_IPV6_NETCONF - 1);
	struct mnl_socket *sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int bytes = RECEIVE_BUFFER_BYTES, error;

	if (!sock)
		return -errno;
	/* A small buffer only means more resyncs, so its size is not insisted on. */
	setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	error = mnl_socket_bind(sock, groups, MNL_SOCKET_AUTOPID) < 0 ? -errno : join_groups(sock);
	if (error) {
		mnl_socket_close(sock);
		return error;
	}
	*ret_socket = sock;
	return 0;
}

static int open_requests(struct mnl_socket **ret_socket)
{
	struct mnl_socket *sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	const struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
	int yes = 1;

	if (!sock)
		return -errno;
	setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	mnl_socket_setsockopt(sock, NETLINK_GET_STRICT_CHK, &yes, sizeof(yes));
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		int error = -errno;

		mnl_socket_close(sock);
		return error;
	}
	*ret_socket = sock;
	return 0;
}

int netlink_open(struct netlink **ret_netlink)
{
	struct netlink *netlink = calloc(1, sizeof(*netlink));
	int error;

	if (!netlink)
		return -ENOMEM;
	error = open_changes(&netlink->changes);
	if (error)
		goto close;
	error = open_requests(&netlink->requests);
	if (error)
		goto close;
	*ret_netlink = netlink;
	return 0;
close:
	netlink_close(netlink);
	return error;
}

void netlink_close(struct netlink *netlink)
{
	if (!netlink)
		return;
	if (netlink->changes)
		mnl_socket_close(netlink->changes);
	if (netlink->requests)
		mnl_socket_close(netlink->requests);
	free(netlink);
}

int netlink_fd(const struct netlink *netlink)
{
	return netlink->changes ? mnl_socket_get_fd(netlink->changes) : -1;
}

int netlink_reopen(struct netlink *netlink)
{
	struct mnl_socket *old = netlink->changes;
	int error;

	netlink->changes = NULL;
	netlink->spoilt = true;
	/* The new one first: its descriptor is to be another. */
	error = open_changes(&netlink->changes);
	if (old)
		mnl_socket_close(old);
	return error;
}

static int tell(const struct nlmsghdr *message, void *data)
{
	netlink_parse(message, false, data);
	return MNL_CB_OK;
}

/*
 * After a loss the kernel goes on dropping, and says nothing, until all that it kept has been read.
 * So that is read to its end first, and only what is dumped after that can be relied on.
 */
int netlink_receive(struct netlink *netlink, const struct netlink_listener *listener)
{
	char buffer[REPLY_BYTES];
	int lost = 0;

	if (!netlink->changes)
		return -ENOTCONN;
	for (;;) {
		ssize_t bytes = mnl_socket_recvfrom(netlink->changes, buffer, sizeof(buffer));

		if (bytes < 0 && errno == ENOBUFS)
			lost = -ENOBUFS;
		else if (bytes < 0)
			return errno == EAGAIN || errno == EINTR ? lost : -errno;
		else if (bytes == 0)
			return -ECONNRESET;
		else
			mnl_cb_run(buffer, bytes, 0, 0, tell, (void *)listener);
	}
}

/* A dump that was given up half read makes each one after it fail: a new socket knows of none. */
static int renew_requests(struct netlink *netlink)
{
	struct mnl_socket *fresh;
	int error = open_requests(&fresh);

	if (error)
		return error;
	mnl_socket_close(netlink->requests);
	netlink->requests = fresh;
	netlink->spoilt = false;
	return 0;
}

/* Puts the sequence number on a request and sends it. */
static int ask(struct netlink *netlink, struct nlmsghdr *request)
{
	int error = netlink->spoilt ? renew_requests(netlink) : 0;

	if (error)
		return error;
	request->nlmsg_seq = ++netlink->sequence;
	if (mnl_socket_sendto(netlink->requests, request, request->nlmsg_len) >= 0)
		return 0;
	netlink->spoilt = true;
	return -errno;
}

static const struct netlink_listener deaf;

/* What an answer has brought so far. */
struct reading {
	const struct netlink_listener *listener;
	int error; /* the kernel's, or -EINTR for a dump that changed under way */
	bool over;
};

static void read_message(struct reading *reading, const struct nlmsghdr *message)
{
	const struct nlmsgerr *verdict = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		reading->error = -EINTR;
	if (message->nlmsg_type == NLMSG_ERROR) {
		reading->over = true;
		reading->error = mnl_nlmsg_get_payload_len(message) >= sizeof(verdict->error)
					 ? verdict->error
					 : -EBADMSG;
	} else if (message->nlmsg_type == NLMSG_DONE) {
		reading->over = true;
	} else if (message->nlmsg_type >= NLMSG_MIN_TYPE) {
		netlink_parse(message, true, reading->listener);
		reading->over = !(message->nlmsg_flags & NLM_F_MULTI);
	}
}

/*
 * Reads the answer to the last request to its end: a dump left half read would make the next one
 * fail. What an earlier, abandoned request still brings is passed over.
 */
static int await(struct netlink *netlink, const struct netlink_listener *listener)
{
	struct reading reading = {.listener = listener};
	char buffer[REPLY_BYTES] __attribute__((aligned(MNL_ALIGNTO)));

	while (!reading.over) {
		const struct nlmsghdr *message = (const void *)buffer;
		ssize_t got = mnl_socket_recvfrom(netlink->requests, buffer, sizeof(buffer));
		int left = (int)got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			netlink->spoilt = true;
			return got == 0 ? -ECONNRESET : errno == EAGAIN ? -ETIMEDOUT : -errno;
		}
		for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left))
			if (message->nlmsg_seq == netlink->sequence)
				read_message(&reading, message);
	}
	return reading.error;
}

static size_t dump_header_bytes(enum netlink_table table)
{
	switch (table) {
	case NETLINK_ADDRS:
		return sizeof(struct ifaddrmsg);
	case NETLINK_ROUTES:
		return sizeof(struct rtmsg);
	case NETLINK_NEIGHS:
		return sizeof(struct ndmsg);
	case NETLINK_OBJECTS:
		return sizeof(struct nhmsg);
	case NETLINK_RULES:
		return sizeof(struct fib_rule_hdr);
	}
	return 0;
}

int netlink_dump(struct netlink *netlink, enum netlink_table table,
		 const struct netlink_listener *listener)
{
	static const uint16_t types[] = {
		[NETLINK_ADDRS] = RTM_GETADDR,	 [NETLINK_ROUTES] = RTM_GETROUTE,
		[NETLINK_NEIGHS] = RTM_GETNEIGH, [NETLINK_OBJECTS] = RTM_GETNEXTHOP,
		[NETLINK_RULES] = RTM_GETRULE,
	};
	char buffer[REQUEST_BYTES] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	int error;

	request->nlmsg_type = types[table];
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(request, dump_header_bytes(table));
	error = ask(netlink, request);
	return error ? error : await(netlink, listener);
}

static int family_of(const struct sp_addr *addr)
{
	return netlink_parse_is_v4(addr) ? AF_INET : AF_INET6;
}

static void put_addr(struct nlmsghdr *request, uint16_t type, const struct sp_addr *addr)
{
	if (netlink_parse_is_v4(addr))
		mnl_attr_put(request, type, sizeof(addr->word_be[3]), &addr->word_be[3]);
	else
		mnl_attr_put(request, type, sizeof(*addr), addr);
}

struct answer {
	struct netlink_route route;
	bool found;
};

static void take_route(const struct netlink_route *route, void *context)
{
	struct answer *answer = context;

	if (!answer->found)
		answer->route = *route;
	answer->found = true;
}

/* Asks for the route to an address. */
static int ask_way(struct netlink *netlink, const struct sp_addr *to,
		   const struct netlink_listener *listener)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
	int error;

	request->nlmsg_type = RTM_GETROUTE;
	request->nlmsg_flags = NLM_F_REQUEST;
	route->rtm_family = family_of(to);
	route->rtm_dst_len = netlink_parse_is_v4(to) ? 32 : 128;
	put_addr(request, RTA_DST, to);
	error = ask(netlink, request);
	return error ? error : await(netlink, listener);
}

int netlink_ask_route(struct netlink *netlink, const struct sp_addr *to,
		      struct netlink_route *ret_route)
{
	struct answer answer = {0};
	const struct netlink_listener listener = {.route = take_route, .context = &answer};
	int error = ask_way(netlink, to, &listener);

	if (error)
		return error;
	if (!answer.found)
		return -ENETUNREACH;
	*ret_route = answer.route;
	return 0;
}

static void note_local(void *context)
{
	bool *local = context;

	*local = true;
}

bool netlink_has_addr(struct netlink *netlink, const struct sp_addr *addr)
{
	bool local = false;
	const struct netlink_listener listener = {.local = note_local, .context = &local};

	return ask_way(netlink, addr, &listener) == 0 && local;
}

static struct nlmsghdr *neigh_request(char *buffer, uint16_t type, uint32_t ifindex,
				      const struct sp_addr *addr)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ndmsg *neigh = mnl_nlmsg_put_extra_header(request, sizeof(*neigh));

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	neigh->ndm_family = family_of(addr);
	neigh->ndm_ifindex = ifindex;
	put_addr(request, NDA_DST, addr);
	return request;
}

static int manage(struct netlink *netlink, uint32_t ifindex, const struct sp_addr *addr,
		  uint16_t flags)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = neigh_request(buffer, RTM_NEWNEIGH, ifindex, addr);
	struct ndmsg *neigh = mnl_nlmsg_get_payload(request);
	int error;

	request->nlmsg_flags |= NLM_F_CREATE | flags;
	neigh->ndm_state = NUD_NONE;
	/* What a control plane has learned is neither counted nor collected as the host's own. */
	neigh->ndm_flags = NTF_EXT_LEARNED;
	mnl_attr_put_u32(request, NDA_FLAGS_EXT, NTF_EXT_MANAGED);
	mnl_attr_put_u8(request, NDA_PROTOCOL, NETLINK_NEIGH_OURS);
	error = ask(netlink, request);
	return error ? error : await(netlink, &deaf);
}

int netlink_neigh_create(struct netlink *netlink, uint32_t ifindex, const struct sp_addr *addr)
{
	return manage(netlink, ifindex, addr, NLM_F_EXCL);
}

int netlink_neigh_manage(struct netlink *netlink, uint32_t ifindex, const struct sp_addr *addr)
{
	return manage(netlink, ifindex, addr, NLM_F_REPLACE);
}

int netlink_neigh_look_for(struct netlink *netlink, uint32_t ifindex, const struct sp_addr *addr)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = neigh_request(buffer, RTM_NEWNEIGH, ifindex, addr);
	struct ndmsg *neigh = mnl_nlmsg_get_payload(request);
	int error;

	request->nlmsg_flags |= NLM_F_CREATE;
	neigh->ndm_state = NUD_NONE;
	neigh->ndm_flags = NTF_USE;
	error = ask(netlink, request);
	return error ? error : await(netlink, &deaf);
}

static void take_neigh(const struct netlink_neigh *neigh, void *context)
{
	*(struct netlink_neigh *)context = *neigh;
}

int netlink_neigh_get(struct netlink *netlink, uint32_t ifindex, const struct sp_addr *addr,
		      struct netlink_neigh *ret_neigh)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(MNL_ALIGNTO)));
	struct netlink_neigh found = {0};
	const struct netlink_listener listener = {.neigh = take_neigh, .context = &found};
	struct nlmsghdr *request = neigh_request(buffer, RTM_GETNEIGH, ifindex, addr);
	int error;

	/* With an acknowledgement there would be two ends of the answer. */
	request->nlmsg_flags = NLM_F_REQUEST;
	error = ask(netlink, request);
	if (!error)
		error = await(netlink, &listener);
	if (error)
		return error;
	if (!found.ifindex)
		return -ENOENT;
	*ret_neigh = found;
	return 0;
}

int netlink_neigh_remove(struct netlink *netlink, uint32_t ifindex, const struct sp_addr *addr)
{
	char buffer[REQUEST_BYTES] __attribute__((aligned(MNL_ALIGNTO)));
	struct nlmsghdr *request = neigh_request(buffer, RTM_DELNEIGH, ifindex, addr);
	int error;

	error = ask(netlink, request);
	if (!error)
		error = await(netlink, &deaf);
	return error == -ENOENT || error == -ENODEV ? 0 : error;
}
