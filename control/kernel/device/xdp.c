// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/device/xdp.h"

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

/* linux/netdev.h, which Debian 12's headers do not have yet. */
#define NETDEV_FAMILY		  "netdev"
#define NETDEV_CMD_DEV_GET	  1
#define NETDEV_A_DEV_IFINDEX	  1
#define NETDEV_A_DEV_XDP_FEATURES 3
#define NETDEV_XDP_ACT_BASIC	  1u
#define NETDEV_XDP_ACT_REDIRECT	  2u
#define NETDEV_XDP_ACT_NDO_XMIT	  4u
#define NETDEV_XDP_ACT_RX_SG	  32u
#define NETDEV_XDP_ACT_XMIT_SG	  64u

#define ANSWER_BYTES	 8192
#define ANSWER_TIMEOUT_S 5

struct genl_answer {
	uint16_t family_id;
	uint64_t xdp_features;
	bool told;
};

static int take_family(const struct nlattr *attr, void *context)
{
	struct genl_answer *answer = context;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
	    mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
		answer->family_id = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int take_device(const struct nlattr *attr, void *context)
{
	struct genl_answer *answer = context;

	if (mnl_attr_get_type(attr) != NETDEV_A_DEV_XDP_FEATURES ||
	    mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
		return MNL_CB_OK;
	answer->xdp_features = mnl_attr_get_u64(attr);
	answer->told = true;
	return MNL_CB_OK;
}

static int take(const struct nlmsghdr *header, void *context)
{
	struct genl_answer *answer = context;

	return mnl_attr_parse(header, sizeof(struct genlmsghdr),
			      answer->family_id ? take_device : take_family, context);
}

/* Begins a request of generic netlink in a buffer of ANSWER_BYTES. */
static struct nlmsghdr *begin(void *buffer, uint16_t family_id, uint8_t command)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *header;

	request->nlmsg_type = family_id;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	request->nlmsg_seq = 1;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->cmd = command;
	header->version = 1;
	return request;
}

/* Sends the request in a buffer of ANSWER_BYTES, and takes what comes. Result: no error. */
static bool talk(struct mnl_socket *sock, struct nlmsghdr *request, void *buffer,
		 struct genl_answer *answer)
{
	ssize_t bytes;
	int more = MNL_CB_OK;

	if (mnl_socket_sendto(sock, request, request->nlmsg_len) < 0)
		return false;
	while (more == MNL_CB_OK) {
		bytes = mnl_socket_recvfrom(sock, buffer, ANSWER_BYTES);
		if (bytes < 0)
			return false;
		more = mnl_cb_run(buffer, (size_t)bytes, 1, mnl_socket_get_portid(sock), take,
				  answer);
	}
	return more == MNL_CB_STOP;
}

static bool ask_xdp(struct mnl_socket *sock, uint32_t ifindex, struct genl_answer *answer)
{
	const struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
	_Alignas(struct nlmsghdr) char buffer[ANSWER_BYTES];
	struct nlmsghdr *request = begin(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);

	setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, NETDEV_FAMILY);
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    !talk(sock, request, buffer, answer) || !answer->family_id)
		return false;
	request = begin(buffer, answer->family_id, NETDEV_CMD_DEV_GET);
	mnl_attr_put_u32(request, NETDEV_A_DEV_IFINDEX, ifindex);
	return talk(sock, request, buffer, answer) && answer->told;
}

bool device_xdp(uint32_t ifindex, struct device_xdp *ret)
{
	const uint64_t runs = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT;
	struct mnl_socket *sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	struct genl_answer answer = {0};
	bool told;

	if (!sock)
		return false;
	told = ask_xdp(sock, ifindex, &answer);
	mnl_socket_close(sock);
	if (told)
		*ret = (struct device_xdp){
			.native = (answer.xdp_features & runs) == runs,
			.pieces = answer.xdp_features & NETDEV_XDP_ACT_RX_SG,
			.receives_pieces = answer.xdp_features & NETDEV_XDP_ACT_XMIT_SG,
			.receives = answer.xdp_features & NETDEV_XDP_ACT_NDO_XMIT,
		};
	return told;
}
