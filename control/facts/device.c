// SPDX-License-Identifier: BSD-3-Clause
#include "facts/device.h"

#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* linux/netdev.h, which Debian 12's headers do not have yet. */
#define NETDEV_FAMILY		  "netdev"
#define NETDEV_CMD_DEV_GET	  1
#define NETDEV_A_DEV_IFINDEX	  1
#define NETDEV_A_DEV_XDP_FEATURES 3
#define NETDEV_XDP_ACT_BASIC	  1u
#define NETDEV_XDP_ACT_REDIRECT	  2u
#define NETDEV_XDP_ACT_NDO_XMIT	  4u

#define ANSWER_BYTES	 8192
#define ANSWER_TIMEOUT_S 5
#define FEATURES_MOST	 1024

static bool ethtool(const char *interface, void *command)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_data = command};
	bool answered;

	if (fd < 0)
		return false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	answered = ioctl(fd, SIOCETHTOOL, &request) == 0;
	close(fd);
	return answered;
}

bool facts_device_driver(const char *interface, char ret[DEVICE_DRIVER_SIZE])
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	if (!ethtool(interface, &info))
		return false;
	snprintf(ret, DEVICE_DRIVER_SIZE, "%s", info.driver);
	return true;
}

bool facts_device_channels(const char *interface, struct device_channels *ret)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};

	if (!ethtool(interface, &channels))
		return false;
	*ret = (struct device_channels){
		.rx = channels.combined_count + channels.rx_count,
		.tx = channels.combined_count + channels.tx_count,
		.combined = channels.combined_count,
		.combined_max = channels.max_combined,
	};
	return true;
}

static uint32_t count_features(const char *interface)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t number;
	} ask = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ull << ETH_SS_FEATURES}};

	if (!ethtool(interface, &ask) || !ask.info.sset_mask || ask.number > FEATURES_MOST)
		return 0;
	return ask.number;
}

/* Result: the bit of a feature, -1 if there is none of that name. */
static int find_feature(const char *interface, const char *feature, uint32_t nr)
{
	struct ethtool_gstrings *names = calloc(1, sizeof(*names) + nr * ETH_GSTRING_LEN);
	int bit = -1;

	if (!names)
		return -1;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = nr;
	if (ethtool(interface, names))
		for (uint32_t i = 0; i < nr && bit < 0; i++)
			if (strncmp((const char *)names->data + i * ETH_GSTRING_LEN, feature,
				    ETH_GSTRING_LEN) == 0)
				bit = (int)i;
	free(names);
	return bit;
}

static enum device_state state_of(const struct ethtool_get_features_block *block, uint32_t bit)
{
	if (!(block->active & bit))
		return DEVICE_OFF;
	return block->available & bit && !(block->never_changed & bit) ? DEVICE_ON
								       : DEVICE_ON_FIXED;
}

enum device_state facts_device_feature(const char *interface, const char *feature)
{
	uint32_t nr = count_features(interface), blocks = (nr + 31) / 32;
	int bit = nr ? find_feature(interface, feature, nr) : -1;
	enum device_state state = DEVICE_UNKNOWN;
	struct ethtool_gfeatures *features;

	if (bit < 0)
		return DEVICE_UNKNOWN;
	features = calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));
	if (!features)
		return DEVICE_UNKNOWN;
	features->cmd = ETHTOOL_GFEATURES;
	features->size = blocks;
	if (ethtool(interface, features))
		state = state_of(&features->features[bit / 32], 1u << bit % 32);
	free(features);
	return state;
}

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

bool facts_device_xdp(uint32_t ifindex, struct device_xdp *ret)
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
			.receives = answer.xdp_features & NETDEV_XDP_ACT_NDO_XMIT,
		};
	return told;
}
