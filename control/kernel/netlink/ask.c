/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel/netlink/ask.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_BYTES	 65536
#define ANSWER_TIMEOUT_S 5
#define SEQUENCE	 1 /* the only one of its socket */

static int exchange(struct mnl_socket *sock, struct nlmsghdr *request, mnl_cb_t take, void *context)
{
	const struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
	_Alignas(struct nlmsghdr) char answer[ANSWER_BYTES];
	int more = MNL_CB_OK;

	setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	request->nlmsg_seq = SEQUENCE;
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(sock, request, request->nlmsg_len) < 0)
		return -errno;
	while (more == MNL_CB_OK) {
		ssize_t bytes = mnl_socket_recvfrom(sock, answer, sizeof(answer));

		if (bytes < 0)
			return -errno;
		more = mnl_cb_run(answer, (size_t)bytes, SEQUENCE, mnl_socket_get_portid(sock),
				  take, context);
	}
	return more == MNL_CB_STOP ? 0 : -errno;
}

int netlink_ask(struct nlmsghdr *request, mnl_cb_t take, void *context)
{
	struct mnl_socket *sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int error;

	if (!sock)
		return -errno;
	error = exchange(sock, request, take, context);
	mnl_socket_close(sock);
	return error;
}
