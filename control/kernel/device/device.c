// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/device/device.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FEATURES_MOST 1024

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

bool device_driver(const char *interface, char ret[DEVICE_DRIVER_SIZE])
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	if (!ethtool(interface, &info))
		return false;
	snprintf(ret, DEVICE_DRIVER_SIZE, "%s", info.driver);
	return true;
}

bool device_channels(const char *interface, struct device_channels *ret)
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

unsigned int device_mtu(const char *interface)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {0};
	unsigned int mtu = 0;

	if (fd < 0)
		return 0;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(fd, SIOCGIFMTU, &request) == 0)
		mtu = (unsigned int)request.ifr_mtu;
	close(fd);
	return mtu;
}

static uint32_t count_features(const char *interface)
{
	struct ethtool_sset_info *ask = calloc(1, sizeof(*ask) + sizeof(ask->data[0]));
	uint32_t nr = 0;

	if (!ask)
		return 0;
	ask->cmd = ETHTOOL_GSSET_INFO;
	ask->sset_mask = 1ull << ETH_SS_FEATURES;
	if (ethtool(interface, ask) && ask->sset_mask && ask->data[0] <= FEATURES_MOST)
		nr = ask->data[0];
	free(ask);
	return nr;
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

enum device_state device_feature(const char *interface, const char *feature)
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

int device_set_feature(const char *interface, const char *feature, bool on)
{
	uint32_t nr = count_features(interface), blocks = (nr + 31) / 32;
	int bit = nr ? find_feature(interface, feature, nr) : -1, error = 0;
	struct ethtool_sfeatures *features;

	if (bit < 0)
		return -EOPNOTSUPP;
	features = calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));
	if (!features)
		return -ENOMEM;
	features->cmd = ETHTOOL_SFEATURES;
	features->size = blocks;
	features->features[bit / 32].valid = 1u << bit % 32;
	features->features[bit / 32].requested = on ? 1u << bit % 32 : 0;
	if (!ethtool(interface, features))
		error = -errno;
	free(features);
	return error;
}
